"""How a body gets to the platform: one kept-alive HTTP connection, used by one thread, and what each answer means.

``http.client`` and what it needs is imported in the functions that use it, after the ``Loader`` has loaded it.
"""

from __future__ import annotations

import _thread
import os
import time

from aiops_sdk._version import __version__
from aiops_sdk.frozen import Frozen
from aiops_sdk.loading import LOADER

TYPE_CHECKING = False
if TYPE_CHECKING:
    import http.client
    import ssl
    from typing import Any, Dict, FrozenSet, Mapping, Optional, Protocol, Tuple, Union
    from urllib.parse import SplitResult

    Outcome = Union["Accepted", "Retry", "Refused", "Barred"]

    class Transport(Protocol):
        """Brings one JSON body to one path of the platform. Called by one thread at a time.

        Whoever writes one of his own (``init(transport=…)``) needs no more than these three; ``outcome_of`` says what an
        answer over HTTP means.
        """

        def send(self, path: str, body: bytes, *, compress: bool = False) -> Outcome:
            """Try once, within some seconds, and say how it went; network errors are a ``Retry``, not an exception.

            ``compress`` says that the server takes gzip. A body for ``BATCH_PATH`` is ``application/x-ndjson``, every
            other one ``application/json``.
            """

        def close(self) -> None:
            """End an open connection; ``send`` opens another."""

        def abandon(self) -> None:
            """Drop an open connection without touching it: after a fork it is the parent's."""


CONNECT_SECONDS = 2.0
READ_SECONDS = 5.0
# Room for requests to run fixers, in the answer to a heartbeat.
ANSWER_BYTES = 262_144
PROXY_PORT = 3128
WHY_LENGTH = 200

EVENT_PATH = "/v1/sdk/exception"
BATCH_PATH = "/v1/sdk/batch"

NOT_UNDERSTOOD = "not_understood"
TOO_LARGE = "too_large"
REFUSED = "refused"

#: Requests to run a fixer that one answer may carry.
MOST_FIXES = 10
_CARRIED = ("webhook-id", "webhook-timestamp", "webhook-signature", "body")

# Not the event is wrong, but the way: the key, the address, a proxy that wants a password, a page that moved.
_WRONG_WAY = frozenset({401, 404, 405, 407})
#: What the body of a batch is.
NDJSON = "application/x-ndjson"
# Seconds; who asks for more is not believed.
_LONGEST_WAIT = 86_400
# OpenSSL's numbers.
_WRONG_TIME = frozenset({9, 10})
_UNKNOWN_ISSUER = frozenset({2, 18, 19, 20, 21})
#: A body below this many bytes fits into one packet as it is.
WORTH_COMPRESSING = 1_000


class Carried(Frozen):
    """A request to run a fixer, in the answer to a heartbeat: what its headers would be, and its body."""

    id: str
    timestamp: str
    signature: str
    body: str


class Accepted(Frozen):
    """It has arrived. ``rejected`` names the events of a batch that did not, by their index, with the reason.

    ``later`` names those that are to be sent again, with the seconds to wait. ``capabilities`` is what the server says
    it can, None if it says nothing about that. ``project`` is what it calls the key's project, and ``fixes`` what it asks
    fixers for.
    """

    rejected: Tuple[Tuple[int, str], ...] = ()
    later: Tuple[Tuple[int, float], ...] = ()
    capabilities: Optional[FrozenSet[str]] = None
    project: Optional[str] = None
    fixes: Tuple[Carried, ...] = ()


class Retry(Frozen):
    """It has not arrived, and may later. ``after`` is how many seconds the server asked to wait."""

    why: str
    after: Optional[float] = None


class Refused(Frozen):
    """It has not been taken, and never will be. ``reason`` is the word under which it is counted."""

    reason: str
    why: str


class Barred(Frozen):
    """It has not been taken, and nothing will be until somebody mends the key (``unauthorized``) or the address."""

    why: str
    unauthorized: bool = False


class HttpTransport:
    """HTTP and HTTPS, through a proxy if one is configured. Redirects are not followed: the key goes to one place only."""

    def __init__(
        self, platform_url: str, api_key: str, proxy: Optional[str] = None, trust: Optional[Trust] = None
    ) -> None:
        self._platform_url = platform_url
        self._proxy = proxy
        self._trust = trust or Trust()
        self._headers = {
            "Authorization": "Bearer " + api_key,
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": "aiops-sdk/" + __version__,
        }
        self._connection: Optional[http.client.HTTPConnection] = None

    def send(self, path: str, body: bytes, *, compress: bool = False) -> Outcome:
        """Try once. A kept-alive connection that turns out to be dead is replaced at once, within the same try."""
        LOADER.load_all()
        import http.client

        headers = {"Content-Type": NDJSON} if path == BATCH_PATH else {}
        if compress and len(body) > WORTH_COMPRESSING:
            body = compressed(body)
            headers["Content-Encoding"] = "gzip"
        try:
            return self._exchange(path, body, headers)
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            self.close()
            return self.outcome_of_error(error)

    def close(self) -> None:
        """End the connection if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def abandon(self) -> None:
        """Give back this process's copy of the socket; the parent's stays as it is.

        Not ``close()``: it waits for a lock that a thread of the parent, which does not exist here, may hold.
        """
        connection, self._connection = self._connection, None
        sock = getattr(connection, "sock", None)
        if sock is not None:
            os.close(sock.detach())

    def _exchange(self, path: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        import http.client
        import socket

        if self._connection is not None:
            try:
                return self._ask(self._connection, path, body, headers)
            except socket.timeout:
                raise
            except (OSError, http.client.HTTPException):
                # The other side, or a firewall in between, ended it while it was idle.
                self.close()
        self._connection = self.open()
        return self._ask(self._connection, path, body, headers)

    def _ask(
        self, connection: http.client.HTTPConnection, path: str, body: bytes, headers: Mapping[str, str]
    ) -> Outcome:
        answer, text = self.exchange(connection, path, body, headers)
        if not answer.isclosed() or answer.will_close:
            self.close()
        return outcome_of(answer.status, answer.getheader("Retry-After"), text, time.time())

    def exchange(
        self, connection: http.client.HTTPConnection, path: str, body: bytes, headers: Mapping[str, str]
    ) -> Tuple[http.client.HTTPResponse, bytes]:
        """Ask on this connection, with the key: the answer, and the beginning of its body. Raises what the network does."""
        connection.request("POST", self._target(path), body, {**self._request_headers(), **headers})
        answer = connection.getresponse()
        return answer, answer.read(ANSWER_BYTES)

    def open(self) -> http.client.HTTPConnection:
        """A connection as ``send`` makes one, for who wants to look closer and closes it. Raises what the network does."""
        from urllib.parse import urlsplit

        LOADER.ready_for_network()
        url = urlsplit(self._platform_url)
        connection = self._through_proxy(url) if self._proxy else self._direct(url)
        connection.connect()
        connection.sock.settimeout(READ_SECONDS)
        return connection

    def _direct(self, url: SplitResult) -> http.client.HTTPConnection:
        import http.client

        host = url.hostname or ""
        if url.scheme == "https":
            return http.client.HTTPSConnection(host, url.port, timeout=CONNECT_SECONDS, context=self._trust.context())
        return http.client.HTTPConnection(host, url.port, timeout=CONNECT_SECONDS)

    def _through_proxy(self, url: SplitResult) -> http.client.HTTPConnection:
        """To the proxy: HTTPS in a tunnel through it, HTTP by asking it for the whole address."""
        import http.client

        proxy = proxy_parts(self._proxy or "")
        fault = proxy_fault(proxy)
        if fault is not None:
            raise OSError(fault)
        port = proxy.port or PROXY_PORT
        if url.scheme != "https":
            return http.client.HTTPConnection(proxy.hostname or "", port, timeout=CONNECT_SECONDS)
        connection = http.client.HTTPSConnection(
            proxy.hostname or "", port, timeout=CONNECT_SECONDS, context=self._trust.context()
        )
        connection.set_tunnel(url.hostname or "", url.port or 443, headers=_proxy_headers(proxy))
        return connection

    def _target(self, path: str) -> str:
        from urllib.parse import urlsplit

        url = urlsplit(self._platform_url)
        if self._proxy and url.scheme != "https":
            return self._platform_url + path
        return url.path + path

    def _request_headers(self) -> Mapping[str, str]:
        if self._proxy and not self._platform_url.startswith("https"):
            return {**self._headers, **_proxy_headers(proxy_parts(self._proxy))}
        return self._headers

    def outcome_of_error(self, error: Exception) -> Outcome:
        """What an error on the way means: not delivered; and where somebody has to mend something, what that is."""
        from urllib.parse import urlsplit

        fault = certificate_fault(error)
        if fault is not None:
            return Retry("the certificate of {} is not accepted: {}".format(urlsplit(self._platform_url).netloc, fault))
        said = "{}: {}".format(type(error).__name__, error) if str(error) else type(error).__name__
        if not self._proxy:
            return Retry(said)
        # Never the whole address: there may be a password in it.
        why = "the proxy {}: {}".format(proxy_parts(self._proxy).hostname, said)
        return Barred(why) if "Tunnel connection failed: 407" in said else Retry(why)


class Turns:
    """A transport of somebody else's, which the threads that send use one at a time."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._lock = _thread.allocate_lock()

    def send(self, path: str, body: bytes, *, compress: bool = False) -> Outcome:
        """As it does, once it is our turn."""
        with self._lock:
            outcome: object = self._transport.send(path, body, compress=compress)
        if isinstance(outcome, (Accepted, Retry, Refused, Barred)):
            return outcome
        return Retry("the transport gave no outcome, but {}".format(type(outcome).__name__))

    def close(self) -> None:
        """End an open connection."""
        with self._lock:
            self._transport.close()

    def abandon(self) -> None:
        """After a fork nobody waits for who had the turn."""
        self._lock = _thread.allocate_lock()
        self._transport.abandon()


class Trust:
    """Whose certificates are believed: those that the system trusts, or those in ``ca_file`` (a file, or a folder) alone.

    Shared by the connections of a process, because reading them takes time and memory.
    """

    def __init__(self, ca_file: Optional[str] = None) -> None:
        self._ca_file = ca_file
        self._context: Optional[ssl.SSLContext] = None

    def context(self) -> ssl.SSLContext:
        """Read once. OpenSSL crashes if the process ends while a thread is in the midst of that.

        ``OSError`` where the file cannot be read, or the process ends.
        """
        if self._context is None:
            LOADER.alone(self._read)
        if self._context is None:
            raise OSError("no certificates were read")
        return self._context

    def _read(self) -> None:
        """As ``http.client`` has it when it is not told, which heeds SSL_CERT_FILE and SSL_CERT_DIR."""
        import ssl

        if self._context is not None:
            return  # Another thread was first.
        path = self._ca_file
        folder = path is not None and os.path.isdir(path)
        try:
            context = ssl.create_default_context(
                cafile=None if folder else path,
                capath=path if folder else None,
            )
        except OSError as error:
            if path is None:
                raise
            raise OSError("the CA file {} cannot be used: {}".format(path, error.strerror or error)) from error
        context.set_alpn_protocols(["http/1.1"])
        self._context = context


def certificate_fault(error: BaseException) -> Optional[str]:
    """What is wrong with the other side's certificate, and what to do; None if that is not the matter."""
    import ssl

    if not isinstance(error, ssl.SSLCertVerificationError):
        return None
    fault = error.verify_message.rstrip(".")
    # X509_V_ERR_*: the issuer is unknown, or nobody but itself signed it.
    if error.verify_code in _UNKNOWN_ISSUER:
        return "{}. If it is from a CA of your own, let AIOPS_CA_FILE name the CA's certificate".format(fault)
    if error.verify_code in _WRONG_TIME:
        return "{} (by the clock of this machine)".format(fault)
    return fault


def outcome_of(status: int, retry_after: Optional[str], text: bytes, now: float) -> Outcome:
    """What an answer means. Anything but 2xx is not a delivery."""
    if 200 <= status < 300:
        return _accepted(text)
    why = "HTTP {}{}".format(status, _said_by_server(text))
    if status in (408, 425, 429) or status >= 500:
        return Retry(why, after=seconds_to_wait(retry_after, now))
    if status in _WRONG_WAY or status < 400:
        return Barred(why, unauthorized=status == 401)
    reasons = {400: NOT_UNDERSTOOD, 413: TOO_LARGE}
    return Refused(reasons.get(status, REFUSED), why)


def _accepted(text: bytes) -> Accepted:
    """What a server of ours says beside "accepted"; older ones say anything or nothing."""
    import json

    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return Accepted()
    if not isinstance(said, dict):
        return Accepted()
    named, listed = said.get("capabilities"), said.get("rejected")
    rejected = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return Accepted(
        rejected=tuple(_rejection(one) for one in rejected if not _is_to_come_again(one)),
        later=tuple((_rejection(one)[0], float(one["retry_after"])) for one in rejected if _is_to_come_again(one)),
        capabilities=frozenset(name for name in named if isinstance(name, str)) if isinstance(named, list) else None,
        project=_project_in(said),
        fixes=_fixes_in(said),
    )


def _project_in(said: Dict[str, Any]) -> Optional[str]:
    project = said.get("project")
    return project if isinstance(project, str) and 0 < len(project) <= WHY_LENGTH else None


def _fixes_in(said: Dict[str, Any]) -> Tuple[Carried, ...]:
    """What is none costs itself alone."""
    listed = said.get("fixes")
    found = []
    for one in listed[:MOST_FIXES] if isinstance(listed, list) else ():
        parts = [one.get(name) for name in _CARRIED] if isinstance(one, dict) else [None]
        if all(isinstance(part, str) for part in parts):
            found.append(Carried(*parts))
    return tuple(found)


def _rejection(said: Dict[str, Any]) -> Tuple[int, str]:
    index = said.get("index")
    return (index if type(index) is int else -1, " ".join(str(said.get("why")).split())[:WHY_LENGTH])


def _is_to_come_again(said: Dict[str, Any]) -> bool:
    return type(said.get("retry_after")) is int and 0 < said["retry_after"] < _LONGEST_WAIT


def compressed(body: bytes) -> bytes:
    """The body as gzip. Level 6: what it spares is paid for on the wire, and most of a body repeats."""
    import zlib

    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()


def seconds_to_wait(retry_after: Optional[str], now: float) -> Optional[float]:
    """The seconds that a ``Retry-After`` header asks for, in either of its forms; ``now`` is Unix time."""
    text = (retry_after or "").strip()
    if not text:
        return None
    if text.isdigit():
        return float(text)
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (TypeError, ValueError, OverflowError):
        return None


def _said_by_server(text: bytes) -> str:
    """The reason that an answer of ours carries, else the beginning of whatever it says, for the log."""
    import json

    try:
        said = json.loads(text)["rejected"][0]["why"]
    except (ValueError, TypeError, LookupError, RecursionError):
        said = text.decode("utf-8", "replace")
    line = " ".join(str(said).split())[:WHY_LENGTH]
    return " ({})".format(line) if line else ""


def shown(address: str) -> str:
    """An address as it may be printed: without a user's name and password."""
    scheme, mark, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    return scheme + mark + host.rpartition("@")[2] + slash + path if mark else address


def proxy_parts(proxy: str) -> SplitResult:
    """The parts of a proxy's address, for which the scheme may be missing."""
    from urllib.parse import urlsplit

    return urlsplit(proxy if "://" in proxy else "http://" + proxy)


def proxy_fault(proxy: SplitResult) -> Optional[str]:
    """Why this proxy cannot be used, and what to do; None if it can."""
    if proxy.scheme == "http":
        return None
    return (
        "a proxy of the kind {}:// is not supported: write http:// if it takes that, "
        "or pass a transport to aiops_sdk.init()".format(proxy.scheme)
    )


def _proxy_headers(proxy: SplitResult) -> Dict[str, str]:
    if not proxy.username:
        return {}
    from base64 import b64encode
    from urllib.parse import unquote

    pair = "{}:{}".format(unquote(proxy.username), unquote(proxy.password or ""))
    return {"Proxy-Authorization": "Basic " + b64encode(pair.encode("utf-8")).decode("ascii")}
