"""The mail server that takes our mail, as a setting names it."""

from dataclasses import dataclass, field
from email.utils import parseaddr
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from aiops_platform.core.errors import PlatformError
from aiops_platform.core.people import PeopleError, checked_email

_PORTS: Final = {"smtp": 587, "smtps": 465}


class MailServerError(PlatformError):
    """The setting names no mail server; the message says what would."""


class Security(StrEnum):
    """How the way to the server is kept secret."""

    TLS = "tls"
    STARTTLS = "starttls"
    OFF = "off"


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """Where mail is handed in, and who says to be its sender."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = field(default="", repr=False)
    sender: str

    @property
    def domain(self) -> str:
        """What the sender's address ends in."""
        return parseaddr(self.sender)[1].rpartition("@")[2]


def mail_server_from(url: str, sender: str) -> MailServer:
    """What `smtp://user:word@host:587` means: STARTTLS; `smtps://` is TLS, `?tls=off` neither. Raises MailServerError."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise _wrong() from None
    options = parse_qs(parts.query)
    if parts.scheme not in _PORTS or not parts.hostname or parts.path not in ("", "/") or set(options) - {"tls"}:
        raise _wrong()
    security = Security.TLS if parts.scheme == "smtps" else Security.STARTTLS
    match options.get("tls"):
        case None:
            pass
        case ["off"] if parts.scheme == "smtp":
            security = Security.OFF
        case _:
            raise _wrong()
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if password and security is Security.OFF:
        raise MailServerError("A password is not sent without encryption: leave out ?tls=off, or the password")
    return MailServer(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        security=security,
        user=user,
        password=password,
        sender=_sender(sender),
    )


def _wrong() -> MailServerError:
    # Never the text itself: there may be a password in it.
    return MailServerError(
        "Give an address such as smtp://user:password@mail.example.com:587 (STARTTLS), smtps://… (TLS) or "
        "smtp://localhost:25?tls=off"
    )


def _sender(text: str) -> str:
    name, address = parseaddr(text)
    if not text.isprintable() or not _is_address(address):
        raise MailServerError(f"'{text}' is no sender: give an address such as AIOps <aiops@example.com>")
    return f"{name} <{address}>" if name else address


def _is_address(text: str) -> bool:
    # `aiops@localhost` will do for a server of one's own.
    try:
        checked_email(text if "." in text.rpartition("@")[2] else f"{text}.local")
    except PeopleError:
        return False
    return True
