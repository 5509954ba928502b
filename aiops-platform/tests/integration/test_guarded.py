"""Posts to receivers that do their worst: every exchange ends in time, goes where it was checked, and nowhere else."""

import datetime as dt
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from receiver import (
    Behaviour,
    answering,
    babbling,
    closing,
    dripping,
    flooding,
    hanging_body,
    receiving,
    silent,
)

from aiops_platform.core import letters
from aiops_platform.core.backoff import Retry
from aiops_platform.core.mail_server import mail_server_from
from aiops_platform.core.targets import Address, TargetError, policy_from
from aiops_platform.senders import mail
from aiops_platform.senders.guarded import Guarded, UnreachableError

LOOPBACK = policy_from("127.0.0.0/8")


def a_guard(seconds: float = 10.0, **more: object) -> Guarded:
    return Guarded(LOOPBACK, agent="aiops-test", seconds=seconds, **more)  # type: ignore[arg-type]  # by name


def test_a_post_arrives_as_it_was_said() -> None:
    with receiving(answering(body="thanks", Retry_After="5")) as receiver:
        answer = a_guard().post(f"{receiver.url}/hook?a=b", b"{}", {"Content-Type": "application/json"})
    assert (answer.status, answer.body, answer.headers["retry-after"]) == (200, b"thanks", "5")
    (request,) = receiver.requests
    assert request.line == "POST /hook?a=b HTTP/1.1"
    assert request.body == b"{}"
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert request.headers["user-agent"] == "aiops-test"


@pytest.mark.parametrize("behaviour", [silent, dripping])
def test_a_receiver_that_keeps_us_waiting_is_left_at_the_deadline(behaviour: Behaviour) -> None:
    with receiving(behaviour) as receiver, pytest.raises(UnreachableError, match=r"within 0\.5 seconds"):
        a_guard(0.5).post(receiver.url, b"{}", {})


def test_a_mail_server_that_never_ends_its_greeting_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "_ALL_SECONDS", 0.5)
    ended = threading.Event()

    def greet() -> None:
        connection, _ = server.accept()
        with connection, suppress(OSError):
            for _ in range(400):
                ended.wait(0.05)
                connection.sendall(b"220-wait\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=greet, daemon=True).start()
        slow = mail_server_from(f"smtp://127.0.0.1:{server.getsockname()[1]}?tls=off", "aiops@example.com")
        letter = letters.forgotten(name="Ana", url="https://aiops.example.com/forgot/x")
        assert isinstance(mail.write(slow, "ana@example.com", letter, dt.datetime.now(dt.UTC)), Retry)
    ended.set()


@pytest.mark.parametrize(
    ("behaviour", "said"), [(closing, "web server"), (babbling, "web server"), (flooding, "web server|broke")]
)
def test_a_receiver_that_makes_no_sense_is_told_from_one_that_answers(behaviour: Behaviour, said: str) -> None:
    with receiving(behaviour) as receiver, pytest.raises(UnreachableError, match=said):
        a_guard().post(receiver.url, b"{}", {})


def test_the_number_counts_whatever_becomes_of_the_rest() -> None:
    with receiving(hanging_body) as receiver:
        answer = a_guard().post(receiver.url, b"{}", {})
    assert (answer.status, answer.body) == (200, b"some of it")


def test_of_a_long_answer_only_the_beginning_is_read() -> None:
    with receiving(answering(body="x" * 30_000)) as receiver:
        assert a_guard().post(receiver.url, b"{}", {}).body == b"x" * 4096


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with receiving() as inside, receiving(answering("302 Found", Location=inside.url)) as receiver:
        assert a_guard().post(receiver.url, b"{}", {}).status == 302
    assert inside.requests == []


def test_a_name_that_leads_inside_is_not_connected_to() -> None:
    def rebound(_host: str, _port: int) -> Sequence[Address]:
        return [ip_address("93.184.215.14"), ip_address("10.0.0.1")]

    with pytest.raises(TargetError, match="private network"):
        a_guard(resolve=rebound).post("https://rebind.example.com/", b"{}", {})


def test_a_name_is_looked_up_once_and_what_was_checked_is_connected_to() -> None:
    asked = []

    def turning(host: str, _port: int) -> Sequence[Address]:
        asked.append(host)
        return [ip_address("127.0.0.1") if len(asked) == 1 else ip_address("169.254.169.254")]

    with receiving() as receiver:
        answer = a_guard(resolve=turning).post(f"http://rebind.example.com:{receiver.port}/", b"{}", {})
    assert (answer.status, asked) == (200, ["rebind.example.com"])


def test_a_resolver_that_never_answers_is_not_waited_for() -> None:
    def slow(_host: str, _port: int) -> Sequence[Address]:
        time.sleep(3)
        return []

    with pytest.raises(UnreachableError, match="in time"):
        a_guard(0.2, resolve=slow).post("https://example.com/", b"{}", {})


def test_a_name_that_does_not_exist_may_exist_later() -> None:
    def nobody(_host: str, _port: int) -> Sequence[Address]:
        raise OSError

    with pytest.raises(UnreachableError, match="no address"):
        a_guard(resolve=nobody).post("https://example.com/", b"{}", {})


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "é", "a\x00"])
def test_no_value_begins_another_header(value: str) -> None:
    with receiving() as receiver:
        with pytest.raises(TargetError, match="header"):
            a_guard().post(receiver.url, b"", {"X-Name": value})
        assert receiver.requests == []


def test_the_name_that_was_typed_is_the_one_that_the_certificate_must_have(tmp_path: Path) -> None:
    server, trusting = a_certificate("hooks.example.com", tmp_path)

    def here(_host: str, _port: int) -> Sequence[Address]:
        return [ip_address("127.0.0.1")]

    with receiving(tls=server) as receiver:
        guard = a_guard(resolve=here, context=trusting)
        assert guard.post(f"https://hooks.example.com:{receiver.port}/", b"{}", {}).status == 200
        with pytest.raises(UnreachableError, match="certificate"):
            guard.post(f"https://other.example.com:{receiver.port}/", b"{}", {})
        with pytest.raises(UnreachableError, match="certificate"):
            a_guard(resolve=here).post(f"https://hooks.example.com:{receiver.port}/", b"{}", {})


def a_certificate(host: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server of this name speaks with, and what trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(secret + pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "server.pem")
    return server, ssl.create_default_context(cadata=pem.decode())
