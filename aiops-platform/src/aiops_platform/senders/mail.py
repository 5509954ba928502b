"""Mail: plain text and HTML in one, all of one alert in one thread, no answer from robots.

See RFC 5322 (Message-ID, References), RFC 3834 (Auto-Submitted), RFC 3207 (STARTTLS).
"""

import smtplib
import ssl
from collections.abc import Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as MAIL_POLICY
from email.utils import format_datetime, make_msgid, parseaddr
from hashlib import sha256
from socket import SHUT_RDWR
from threading import Timer
from typing import TYPE_CHECKING, Any, Final

from aiops_platform.core.backoff import Outcome, Refused, Retry, Sent
from aiops_platform.core.channels import addresses
from aiops_platform.core.letters import Letter
from aiops_platform.core.mail_server import MailServer, Security
from aiops_platform.core.messages import Item, Message
from aiops_platform.core.scrubbing import Scrubber
from aiops_platform.core.text import one_line
from aiops_platform.senders.mail_page import letter_page, page

if TYPE_CHECKING:
    from collections.abc import Iterator

_STEP_SECONDS: Final = 10.0
_ALL_SECONDS: Final = 30.0
_LONGEST_ANSWER: Final = 300
_NO_STARTTLS: Final = (
    "The mail server offers no STARTTLS: AIOPS_SERVER_SMTP_URL takes smtps:// for TLS from the start, or ?tls=off behind "
    "the address for none"
)


def send(server: MailServer, settings: Mapping[str, str], message: Message) -> Outcome:
    """Hands the message to the mail server, for all addresses of the channel."""
    to = addresses(settings["to"])
    try:
        mail = written(message, server, to)
    except (ValueError, MessageError):
        # Of channels that were made when such addresses were taken.
        return Refused("One of its addresses cannot stand in the head of a mail: edit the channel", for_good=True)
    return hand_in(server, mail, to)


def write(server: MailServer, to: str, letter: Letter, now: datetime) -> Outcome:
    """Hands a letter to the mail server."""
    mail = EmailMessage(policy=MAIL_POLICY)
    mail["Subject"] = letter.subject
    mail["Message-ID"] = make_msgid(domain=server.domain)
    try:
        address(mail, server, [to], now)
    except (ValueError, MessageError):
        return Refused("This address cannot stand in the head of a mail", for_good=True)
    mail.set_content("\n\n".join([*letter.lines, f"{letter.link.label}: {letter.link.url}"]) + "\n")
    mail.add_alternative(letter_page(letter), subtype="html")
    return hand_in(server, mail, [to])


def written(message: Message, server: MailServer, to: Sequence[str]) -> EmailMessage:
    """The message as mail. `References` names what all mails of one alert have in common, whether it was ever sent."""
    mail = EmailMessage(policy=MAIL_POLICY)
    mail["Subject"] = message.subject
    mail["Message-ID"] = _id(message.key, server.domain)
    mail["References"] = mail["In-Reply-To"] = _id(f"thread {message.group}", server.domain)
    address(mail, server, to, message.at)
    mail.set_content("\n".join(_plain(message)))
    mail.add_alternative(page(message), subtype="html")
    return mail


def address(mail: EmailMessage, server: MailServer, to: Sequence[str], at: datetime) -> None:
    """From whom and to whom, and that no person wrote it."""
    name, sender = parseaddr(server.sender)
    mail["From"] = Address(name or "AIOps", addr_spec=sender)
    mail["To"] = [Address(addr_spec=each) for each in to]
    mail["Date"] = format_datetime(at.astimezone(UTC))
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"


def hand_in(server: MailServer, mail: EmailMessage, to: Sequence[str]) -> Outcome:
    """Gives a mail to the server. Raises nothing that a server can cause."""
    try:
        with _connected(server) as connection:
            refused = connection.send_message(mail, to_addrs=list(to))
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        return _failed(error)
    if refused:
        some = ", ".join(f"{who}: {code} {_said(text)}" for who, (code, text) in refused.items())
        return Sent(250, one_line(f"Taken, but not for {some}", _LONGEST_ANSWER))
    return Sent(250, "Taken by the mail server")


def _failed(error: Exception) -> Outcome:
    outcome: Outcome
    match error:
        case smtplib.SMTPRecipientsRefused():
            outcome = _none_taken(error.recipients)
        case smtplib.SMTPNotSupportedError() if "STARTTLS" in str(error):
            outcome = Retry(_NO_STARTTLS)
        case smtplib.SMTPNotSupportedError():
            outcome = Retry(f"The mail server cannot do what is needed: {_said(str(error))}")
        case smtplib.SMTPAuthenticationError():
            said = _said(error.smtp_error)
            outcome = Retry(f"The mail server does not know our user or password: {said}", error.smtp_code)
        case smtplib.SMTPResponseException(smtp_code=code) if code >= 500:
            outcome = Refused(_said(error.smtp_error), code)
        case smtplib.SMTPResponseException():
            outcome = Retry(_said(error.smtp_error), error.smtp_code)
        case ssl.SSLError():
            outcome = Retry(f"The mail server's encryption cannot be trusted: {_said(str(error.reason or error))}")
        case _:
            outcome = Retry(f"The mail server could not be reached: {_said(str(error))}")
    return outcome


@contextmanager
def _connected(server: MailServer) -> "Iterator[smtplib.SMTP]":
    here = server.domain if server.domain.isascii() else "localhost"
    trusted = ssl.create_default_context() if server.security is not Security.OFF else None
    connection: _Plain | _Tls
    if server.security is Security.TLS:
        connection = _Tls(server.host, server.port, here, timeout=_STEP_SECONDS, context=trusted)
    else:
        connection = _Plain(server.host, server.port, here, timeout=_STEP_SECONDS)
    try:
        if server.security is Security.STARTTLS:
            connection.starttls(context=trusted)
        if server.user:
            connection.login(server.user, server.password)
        yield connection
        with suppress(smtplib.SMTPException, OSError):
            connection.quit()
    finally:
        connection.end.cancel()
        connection.close()


class _Ending:
    """Each step has its time; a server that does one bit after the other must not have all the time there is.

    Nor one that is slow to greet: it counts from the first try to reach it.
    """

    end: Timer

    def connect(self, host: str = "localhost", port: int = 0, source_address: Any = None) -> tuple[int, bytes]:
        self.end = Timer(_ALL_SECONDS, _hang_up, [self])
        self.end.daemon = True
        self.end.start()
        try:
            answer: tuple[int, bytes] = super().connect(host, port, source_address)  # type: ignore[misc]  # of what it is mixed with
        except BaseException:
            self.end.cancel()
            raise
        return answer


class _Plain(_Ending, smtplib.SMTP):
    pass


class _Tls(_Ending, smtplib.SMTP_SSL):
    pass


def _hang_up(connection: smtplib.SMTP) -> None:
    with suppress(OSError, AttributeError):
        if connection.sock is not None:
            connection.sock.shutdown(SHUT_RDWR)


def _none_taken(refused: Mapping[str, tuple[int, bytes]]) -> Outcome:
    said = "; ".join(f"{who}: {code} {_said(text)}" for who, (code, text) in refused.items())
    said, codes = one_line(said, _LONGEST_ANSWER), [code for code, _ in refused.values()]
    if all(code >= 500 for code in codes):
        return Refused(said, codes[0], for_good=True)
    return Retry(said, codes[0])


def _plain(message: Message) -> list[str]:
    lines = [message.heading, ""]
    lines += [*message.text, ""] if message.text else []
    for item in message.items:
        lines += [f"- {item.title}" + (f": {item.text}" if item.text else "")]
        lines += [f"  {item.url}"] if item.url else []
    lines += [*message.rest(_with_address), ""] if message.items or message.passed else []
    lines += [f"{label}: {value}" for label, value in message.labels.items()]
    lines += ["", f"Open it: {message.url}"] if message.url else []
    lines += [f"{each.label}: {each.url}" for each in message.actions]
    return lines


def _with_address(item: Item) -> str:
    return f"{item.title} ({item.url})" if item.url else item.title


def _id(name: str, domain: str) -> str:
    return f"<{sha256(name.encode()).hexdigest()[:40]}@{domain}>"


def _said(text: bytes | str) -> str:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return one_line(Scrubber().text(said), _LONGEST_ANSWER)
