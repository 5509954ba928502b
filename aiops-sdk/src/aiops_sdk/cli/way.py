"""The way to the platform, step by step: proxy, name, connection, encryption, its answer, its clock.

The platform is asked with a batch of no events, which nothing comes of; an older one does not know that address.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from aiops_sdk.cli.findings import fails, ok, warning
from aiops_sdk.client import http_transport
from aiops_sdk.delivery import transport as transports
from aiops_sdk.delivery.transport import Accepted, Barred

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, List, Optional, Tuple
    from urllib.parse import SplitResult

    from aiops_sdk.cli.findings import Finding
    from aiops_sdk.config import Config
    from aiops_sdk.delivery.transport import HttpTransport


DAYS_TO_RENEW = 14
#: The platform itself corrects less than that, and the header says whole seconds.
SKEW_SECONDS = 5.0


def look(config: Config) -> Iterator[Finding]:
    """Each step, up to the first that fails."""
    url = urlsplit(config.platform_url)
    if config.proxy:
        proxy = transports.proxy_parts(config.proxy)
        fault = transports.proxy_fault(proxy)
        if fault is not None:
            yield fails("proxy", "{}", fault)
            return
        yield ok("proxy", "{}:{}", proxy.hostname, proxy.port or transports.PROXY_PORT)
        first = proxy.hostname or "", proxy.port or transports.PROXY_PORT
    else:
        yield ok("proxy", "none for this address")
        first = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
    for finding in _reach(first):
        yield finding
        if finding.verdict == "fails":
            return
    transport = http_transport(config)
    try:
        yield from _ask(transport, url)
    finally:
        transport.close()


def _reach(address: Tuple[str, int]) -> Iterator[Finding]:
    """The first machine on the way."""
    host, port = address
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        yield fails(
            "name", "{} leads nowhere ({}): is it spelled right, and does this machine ask a DNS server?", host, error
        )
        return
    numbers = sorted({str(each[4][0]) for each in found})
    yield ok("name", "{} is {}", host, ", ".join(numbers))
    begun = time.monotonic()
    try:
        socket.create_connection(address, transports.CONNECT_SECONDS).close()
    except socket.timeout:
        yield fails(
            "connection", "{}:{} does not answer within {:.0f} s: is there a firewall in between, or a proxy to use (HTTPS_PROXY)?",
            host, port, transports.CONNECT_SECONDS,
        )  # fmt: skip
    except OSError as error:
        yield fails("connection", "{}:{}: {}. Does it run, and listen there?", host, port, error.strerror or error)
    else:
        yield ok("connection", "{}:{} in {:.0f} ms", host, port, (time.monotonic() - begun) * 1000)


def _ask(transport: HttpTransport, url: SplitResult) -> Iterator[Finding]:
    """Everything beyond the first machine."""
    about = "encryption" if url.scheme == "https" else "answer"
    head = json.dumps({"sent_at": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")}).encode("ascii")
    try:
        connection = transport.open()
        try:
            if isinstance(connection.sock, ssl.SSLSocket):
                yield _encryption(connection.sock)
            about = "answer"
            begun = time.time()
            answer, text = transport.exchange(
                connection, transports.BATCH_PATH, head, {"Content-Type": transports.NDJSON}
            )
            ended = time.time()
        finally:
            connection.close()
    except (OSError, http.client.HTTPException) as error:
        outcome = transport.outcome_of_error(error)
        yield fails(about, "{}", outcome.why if not isinstance(outcome, Accepted) else error)
        return
    yield _answer(answer, text, url)
    difference = clock(answer.getheader("Date"), begun, ended)
    if difference is not None:
        yield difference


def _encryption(sock: ssl.SSLSocket) -> Finding:
    certificate = sock.getpeercert() or {}
    until = str(certificate.get("notAfter", ""))
    try:
        days = (ssl.cert_time_to_seconds(until) - time.time()) / 86_400
    except ValueError:
        return ok("encryption", "{}", sock.version())
    if days < DAYS_TO_RENEW:
        return warning("encryption", "{}, but the certificate ends in {:.0f} day(s): renew it", sock.version(), days)
    return ok("encryption", "{}, certificate good for {:.0f} days", sock.version(), days)


def _answer(answer: http.client.HTTPResponse, text: bytes, url: SplitResult) -> Finding:
    outcome = transports.outcome_of(answer.status, answer.getheader("Retry-After"), text, time.time())
    if isinstance(outcome, Accepted):
        if outcome.capabilities is None:
            return warning("answer", "HTTP {}, but not in a platform's words: is {} one?", answer.status, url.netloc)
        abilities: List[str] = sorted(outcome.capabilities)
        return ok("answer", "the platform takes the key, and can: {}", ", ".join(abilities) or "nothing besides")
    if isinstance(outcome, Barred) and outcome.unauthorized:
        return fails(
            "answer", "the platform does not take the key (401): was it revoked, or is it another platform's? "
            "Its page Set-up makes one",
        )  # fmt: skip
    if answer.status in (404, 405):
        return warning(
            "answer", "HTTP {}: this is a platform older than batches, or the address is wrong. 'aiops-sdk send-test' shows which",
            answer.status,
        )  # fmt: skip
    if answer.status < 400:
        return fails("answer", "HTTP {}: the address has moved to {}", answer.status, answer.getheader("Location"))
    return fails("answer", "{}", outcome.why)


def clock(date: Optional[str], begun: float, ended: float) -> Optional[Finding]:
    """How this machine's clock differs from the platform's, which said ``date`` between two moments of ours (Unix time)."""
    try:
        theirs = parsedate_to_datetime(date or "").timestamp()
    except (TypeError, ValueError, IndexError):
        return None
    # Theirs lies within the second that begins there.
    ahead = max(begun - theirs - 1.0, 0.0) or min(ended - theirs, 0.0)
    if abs(ahead) <= SKEW_SECONDS:
        return ok("clock", "as the platform's")
    return warning(
        "clock", "{:.0f} s {} the platform's: let NTP set it. Times in incidents are corrected, those in your logs are not",
        abs(ahead), "ahead of" if ahead > 0 else "behind",
    )  # fmt: skip
