"""Encrypted connections: with a CA of one's own, with certificates that are wrong, through proxies, and over IPv6."""

from __future__ import annotations

import datetime
import socket
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Iterator, List, Optional

import pytest
from children import free_port
from loopback import EVENTS, Platform
from proxies import Proxy

from aiops_sdk.delivery.transport import Accepted, Barred, HttpTransport, Retry, Trust

if TYPE_CHECKING:
    from aiops_sdk.delivery.transport import Outcome

trustme = pytest.importorskip("trustme")

BODY = b'{"message": "it broke"}'


class Authority:
    """A CA of the test's own, and platforms with certificates from it."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        self.file = str(folder / "ca.pem")
        self._ca.cert_pem.write_to_path(self.file)
        self._running: List[Platform] = []

    def platform(self, name: str = "127.0.0.1", host: str = "127.0.0.1", until: Optional[int] = None) -> Platform:
        """A platform on ``host`` whose certificate is for ``name``, and valid for so many days."""
        now = datetime.datetime.now(datetime.timezone.utc)
        ends = None if until is None else now + datetime.timedelta(days=until)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(name, not_after=ends).configure_cert(context)
        running = Platform(host, context)
        self._running.append(running)
        return running

    def stop(self) -> None:
        for each in self._running:
            each.end()


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[Authority]:
    made = Authority(tmp_path)
    yield made
    made.stop()


def sent(
    platform: Platform, ca_file: Optional[str], *, url: Optional[str] = None, proxy: Optional[str] = None
) -> Outcome:
    transport = HttpTransport(url or platform.url, "key-of-the-test", proxy, Trust(ca_file))
    try:
        return transport.send(EVENTS, BODY)
    finally:
        transport.close()


def test_a_platform_with_a_certificate_of_one_s_own_ca_is_reached(authority: Authority):
    platform = authority.platform()
    assert isinstance(sent(platform, authority.file), Accepted)
    assert platform.events == [{"message": "it broke"}]


def test_a_ca_may_be_named_as_a_folder(authority: Authority, tmp_path: Path):
    platform = authority.platform()
    folder = tmp_path / "certificates"
    folder.mkdir()
    # A folder is read as OpenSSL does: by the hash of the name, which this one does not have.
    assert isinstance(sent(platform, str(folder)), Retry)


def test_a_ca_that_the_usual_variable_names_is_believed(authority: Authority, monkeypatch: pytest.MonkeyPatch):
    platform = authority.platform()
    monkeypatch.setenv("SSL_CERT_FILE", authority.file)
    assert isinstance(sent(platform, None), Accepted)


def test_what_is_wrong_with_a_certificate_is_said(authority: Authority):
    unknown = sent(authority.platform(), None)
    assert isinstance(unknown, Retry)
    assert "is not accepted: unable to get local issuer certificate" in unknown.why
    assert "AIOPS_CA_FILE" in unknown.why
    expired = sent(authority.platform(until=-1), authority.file)
    assert isinstance(expired, Retry)
    assert expired.why.endswith("certificate has expired (by the clock of this machine)")
    named_wrong = authority.platform(name="another.example")
    wrong = sent(named_wrong, authority.file)
    assert isinstance(wrong, Retry)
    assert f"the certificate of 127.0.0.1:{named_wrong.port} is not accepted: " in wrong.why
    assert "127.0.0.1" in wrong.why.partition("accepted: ")[2]
    assert named_wrong.events == []


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_ca_file_that_is_no_use_is_named(authority: Authority, tmp_path: Path, content: Optional[str]):
    path = tmp_path / "missing.pem"
    if content is not None:
        path.write_text(content)
    outcome = sent(authority.platform(), str(path))
    assert isinstance(outcome, Retry)
    assert f"the CA file {path} cannot be used: " in outcome.why


def test_certificates_are_read_once_for_all_connections(authority: Authority):
    platform, trust = authority.platform(), Trust(authority.file)
    transports = [HttpTransport(platform.url, "key", None, trust) for _ in range(2)]
    context = trust.context()
    assert [isinstance(each.send(EVENTS, BODY), Accepted) for each in transports] == [True, True]
    assert trust.context() is context
    for each in transports:
        each.close()


def test_a_tunnel_through_a_proxy_leads_to_the_platform(authority: Authority):
    platform, proxy = authority.platform("platform.example"), Proxy()
    url = f"https://platform.example:{platform.port}"
    assert isinstance(sent(platform, authority.file, url=url, proxy=proxy.url), Accepted)
    assert proxy.asked[0].startswith(f"CONNECT platform.example:{platform.port} HTTP/1.")
    proxy.stop()


def test_a_tunnel_opens_with_the_proxy_s_password_and_not_without(authority: Authority):
    platform, proxy = authority.platform("platform.example"), Proxy("me", "p@ss")
    url = f"https://platform.example:{platform.port}"
    through = proxy.url.replace("//", "//me:p%40ss@")
    assert isinstance(sent(platform, authority.file, url=url, proxy=through), Accepted)
    refused = sent(platform, authority.file, url=url, proxy=proxy.url.replace("//", "//me:wrong@"))
    assert isinstance(refused, Barred)
    assert not refused.unauthorized
    assert "the proxy 127.0.0.1: " in refused.why
    assert "407" in refused.why
    assert "wrong" not in refused.why
    proxy.stop()


def test_what_is_wrong_with_a_certificate_is_said_through_a_tunnel_too(authority: Authority):
    platform, proxy = authority.platform("another.example"), Proxy()
    outcome = sent(platform, authority.file, url=f"https://platform.example:{platform.port}", proxy=proxy.url)
    assert isinstance(outcome, Retry)
    assert f"the certificate of platform.example:{platform.port} is not accepted: " in outcome.why
    proxy.stop()


def test_without_encryption_a_proxy_with_a_password_passes_on_whole_requests():
    platform, proxy = Platform(), Proxy("me", "secret")
    url = f"http://platform.example:{platform.port}"
    assert isinstance(sent(platform, None, url=url, proxy=proxy.url.replace("//", "//me:secret@")), Accepted)
    assert isinstance(sent(platform, None, url=url, proxy=proxy.url), Barred)
    assert platform.events == [{"message": "it broke"}]
    proxy.stop()
    platform.end()


def test_a_proxy_that_is_not_there_is_named():
    outcome = sent(Platform(), None, url="https://platform.example", proxy=f"http://me:secret@127.0.0.1:{free_port()}")
    assert isinstance(outcome, Retry)
    assert outcome.why.startswith("the proxy 127.0.0.1: ConnectionRefusedError")


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1080", "https://127.0.0.1:3128"])
def test_a_proxy_of_another_kind_is_refused_with_the_way_out(proxy: str):
    outcome = HttpTransport("https://platform.example", "key", proxy).send(EVENTS, BODY)
    assert isinstance(outcome, Retry)
    assert "is not supported" in outcome.why
    assert "transport" in outcome.why


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize("encrypted", [False, True])
def test_a_platform_may_have_an_ipv6_address(authority: Authority, encrypted: bool):
    platform = authority.platform("::1", host="::1") if encrypted else Platform("::1")
    assert isinstance(sent(platform, authority.file), Accepted)
    assert platform.events == [{"message": "it broke"}]
    platform.end()
