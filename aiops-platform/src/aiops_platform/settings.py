"""Settings: from arguments, then `AIOPS_SERVER_*`, then defaults. The only reader of the environment.

The prefix keeps them apart from the variables of `aiops_sdk`, which a server may well set for itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from platformdirs import user_data_path

from aiops_platform.core.errors import PlatformError
from aiops_platform.core.mail_server import MailServer, MailServerError, mail_server_from
from aiops_platform.core.targets import Policy, TargetError, policy_from

PREFIX = "AIOPS_SERVER_"
_LEAST_SECRET = 32
_LOG_FORMATS = ("plain", "json")
_YES_OR_NO = ("yes", "no")
_DIGITS = 20
# So much of a name must be that of a setting.
_ALIKE = 0.93
_WILDCARDS = ("0.0.0.0", "::", "")  # noqa: S104 - recognised, not bound to


class SettingsError(PlatformError):
    """A setting makes no sense; the message names it and says what would."""


@dataclass(frozen=True)
class SettingDoc:
    """One setting as people read of it; a test compares these with the table in the documentation."""

    variable: str
    default: str
    meaning: str
    # From and to, where it is a number.
    least: int | None = None
    most: int | None = None


def _says(meaning: str, *, default: str) -> dict[str, Any]:
    return {"meaning": meaning, "default": default}


def _counts(meaning: str, *, default: int, least: int, most: int) -> dict[str, Any]:
    return {"meaning": meaning, "default": str(default), "least": least, "most": most}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that can be set. Each field is also the variable `AIOPS_SERVER_` and its name in capitals."""

    data: Path = field(
        metadata=_says(
            "The folder that holds everything: databases, server secret, lock.", default="the user's data folder"
        )
    )
    host: str = field(
        metadata=_says("The address to listen on; `0.0.0.0` for every one of this machine.", default="127.0.0.1")
    )
    port: int = field(
        metadata=_counts("The port to listen on; 0 takes a free one.", default=8400, least=0, most=65_535)
    )
    public_url: str | None = field(
        metadata=_says(
            "The address under which people and services reach the platform, behind a proxy for example: links are made with it.",
            default="made of host and port",
        )
    )
    max_body: int = field(
        metadata=_counts(
            "The largest report that is taken, in bytes, unpacked.", default=1024**2, least=1024, most=256 * 1024**2
        )
    )
    max_batch: int = field(
        metadata=_counts(
            "The largest batch of reports that is taken, in bytes, unpacked.",
            default=4 * 1024**2,
            least=1024,
            most=256 * 1024**2,
        )
    )
    key_rate: int = field(
        metadata=_counts(
            "Reports a second that are taken of one API key, each kind by itself: new problems, repeated ones, heartbeats, jobs. What was not used in the last minute may come at once; more is answered 429. 0 is no limit.",
            default=5_000,
            least=0,
            most=1_000_000,
        )
    )
    service_rate: int = field(
        metadata=_counts(
            "The same of one service. One problem may use half of it. 0 is no limit.",
            default=2_500,
            least=0,
            most=1_000_000,
        )
    )
    api_rate: int = field(
        metadata=_counts(
            "Requests a second that the API answers one token. What was not used in the last minute may come at once; more is answered 429. 0 is no limit.",
            default=50,
            least=0,
            most=1_000_000,
        )
    )
    max_intake: int = field(
        metadata=_counts(
            "Bytes of reports that may wait to be digested; above it the answer is 503.",
            default=2 * 1024**3,
            least=1024**2,
            most=1024**4,
        )
    )
    incident_events: int = field(
        metadata=_counts(
            "Events of one incident that are kept: the first ones, the newest, and some spread over the time between. All are counted.",
            default=10_000,
            least=10,
            most=100_000,
        )
    )
    retention_days: int = field(
        metadata=_counts(
            "Days for which events are kept. Incidents and what was counted stay.", default=90, least=1, most=36_500
        )
    )
    max_store: int = field(
        metadata=_counts(
            "Bytes that the store may take; above it, the events that tell least are dropped. Half of them are for events, whatever must be kept beside.",
            default=10 * 1024**3,
            least=10 * 1024**2,
            most=1024**5,
        )
    )
    log_format: str = field(
        metadata=_says(
            "How log lines are written: `plain` for people, `json` for programs, an object in each line.",
            default="plain",
        )
    )
    project: str = field(
        metadata=_says(
            "The project that commands are about, by its short name; `aiops project list` shows those there are.",
            default="default",
        )
    )
    smtp_url: str | None = field(
        repr=False,
        metadata=_says(
            "The server that takes mail: `smtp://user:password@mail.example.com:587` (with STARTTLS), `smtps://…:465` (with TLS), or `smtp://localhost:25?tls=off`.",
            default="no mail is sent",
        ),
    )
    mail_from: str | None = field(
        metadata=_says("Who sends mail, such as `AIOps <aiops@example.com>`.", default="aiops@ and the public host")
    )
    allow_private_targets: str = field(
        metadata=_says(
            "Whether channels may send into private networks, and without TLS there, and fixes be pushed to services there: `yes`, `no`, or which of them, such as `10.0.0.0/8, 192.168.1.0/24`.",
            default="no",
        )
    )
    fixes: str = field(
        metadata=_says(
            "Whether services may be asked to mend something: `yes`, or `no`, which stops all fixes of all projects.",
            default="yes",
        )
    )
    secret: str | None = field(
        repr=False,
        metadata=_says(
            "The server secret: at least 32 characters, the same at each start. It encrypts what the database must not tell.",
            default="made at the first start, in the file secret.key",
        ),
    )

    @classmethod
    def load(cls, arguments: Mapping[str, object], environ: Mapping[str, str]) -> "Settings":
        """The settings of this process. Raises SettingsError. What is empty or only blanks counts as not given."""
        given = _Given(arguments, environ)
        return cls(
            data=_folder(given.text("data"), given.name("data")),
            host=given.text("host") or "127.0.0.1",
            port=given.number("port"),
            public_url=_public_url(given.text("public_url"), given.name("public_url")),
            max_body=given.number("max_body"),
            max_batch=given.number("max_batch"),
            key_rate=given.number("key_rate"),
            service_rate=given.number("service_rate"),
            api_rate=given.number("api_rate"),
            max_intake=given.number("max_intake"),
            incident_events=given.number("incident_events"),
            retention_days=given.number("retention_days"),
            max_store=given.number("max_store"),
            log_format=given.one_of("log_format", _LOG_FORMATS),
            project=given.text("project") or "default",
            smtp_url=_smtp_url(given.text("smtp_url"), given.text("mail_from")),
            mail_from=given.text("mail_from"),
            allow_private_targets=_private_targets(given.text("allow_private_targets")),
            fixes=given.one_of("fixes", _YES_OR_NO),
            secret=_secret(given.text("secret")),
        )

    @classmethod
    def slips(cls, environ: Mapping[str, str]) -> Mapping[str, str]:
        """Variables that look like settings and are none, with what was probably meant.

        What looks like nothing of ours is left alone: Kubernetes sets such variables for a service named aiops-server.
        """
        known = {each.variable for each in cls.documentation()}
        near = {name: get_close_matches(name, known, 1, _ALIKE) for name in environ if name.startswith(PREFIX)}
        return {name: meant[0] for name, meant in near.items() if meant and name not in known}

    @classmethod
    def documentation(cls) -> tuple[SettingDoc, ...]:
        """Every setting, in order."""
        return tuple(SettingDoc(PREFIX + each.name.upper(), **each.metadata) for each in fields(cls))

    @property
    def store_url(self) -> str:
        """Where the store lies, as SQLAlchemy says it."""
        return f"sqlite:///{self.data / 'store.db'}"

    @property
    def mail_server(self) -> MailServer | None:
        """The server that takes mail; None where none is set."""
        if self.smtp_url is None:
            return None
        host = urlsplit(self.public_url or "").hostname or "localhost"
        return mail_server_from(self.smtp_url, self.mail_from or f"aiops@{host}")

    @property
    def target_policy(self) -> Policy:
        """Which networks channels may send to."""
        return policy_from(self.allow_private_targets)

    @property
    def stops_fixes(self) -> bool:
        """Whether no service is asked to mend anything."""
        return self.fixes == "no"

    def address(self, port: int | None = None) -> str:
        """The platform's address in links, without a slash at the end. `port` is the one bound, when 0 was asked for."""
        if self.public_url is not None:
            return self.public_url
        # Nobody can visit "every address"; on this machine, its own name for itself is one of them.
        host = "localhost" if self.host in _WILDCARDS else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port if port is None else port}"


def default_data() -> Path:
    """The folder when none is given."""
    return user_data_path("aiops", appauthor=False)


@dataclass(frozen=True)
class _Given:
    arguments: Mapping[str, object]
    environ: Mapping[str, str]

    def text(self, name: str) -> str | None:
        argument = self.arguments.get(name)
        value = self.environ.get(PREFIX + name.upper(), "") if argument is None else str(argument)
        return value.strip() or None

    def name(self, setting: str) -> str:
        if self.arguments.get(setting) is None:
            return PREFIX + setting.upper()
        return "--" + setting.replace("_", "-")

    def number(self, setting: str) -> int:
        about = Settings.__dataclass_fields__[setting].metadata
        text = self.text(setting) or about["default"]
        least, most = about["least"], about["most"]
        # A number of thousands of digits is none to `int`.
        if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS and least <= int(text) <= most):
            raise SettingsError(
                f"{self.name(setting)} is '{text}': give a whole number from {least} to {most}" + _kubernetes_hint(text)
            )
        return int(text)

    def one_of(self, setting: str, choices: Sequence[str]) -> str:
        text = self.text(setting) or choices[0]
        if text not in choices:
            raise SettingsError(f"{self.name(setting)} is '{text}': give {' or '.join(choices)}")
        return text


def _kubernetes_hint(text: str) -> str:
    # A Kubernetes service called aiops-server puts AIOPS_SERVER_PORT=tcp://10.0.0.1:8400 into every pod beside it.
    if not text.startswith("tcp://"):
        return ""
    return " (Kubernetes sets this for a service named aiops-server: set enableServiceLinks: false in the pod)"


def _folder(text: str | None, name: str) -> Path:
    if text is None:
        return default_data()
    if "?" in text:  # It would begin the options in the database's address.
        raise SettingsError(f"{name} is '{text}': give a folder without a question mark in its name")
    return Path(text).expanduser().absolute()


def _public_url(text: str | None, name: str) -> str | None:
    if text is None:
        return None
    text = text.rstrip("/")
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(f"{name} is '{text}': give an address such as https://aiops.example.com")
    if parts.path or parts.query or parts.fragment or parts.username is not None:
        raise SettingsError(f"{name} is '{text}': give scheme, host and port only, such as https://aiops.example.com")
    return text


def _smtp_url(text: str | None, sender: str | None) -> str | None:
    if text is not None:
        try:
            mail_server_from(text, sender or "aiops@example.com")
        except MailServerError as error:
            raise SettingsError(f"{PREFIX}SMTP_URL or {PREFIX}MAIL_FROM: {error}") from error
    return text


def _private_targets(text: str | None) -> str:
    try:
        policy_from(text or "no")
    except TargetError as error:
        raise SettingsError(f"{PREFIX}ALLOW_PRIVATE_TARGETS: {error}") from error
    return text or "no"


def _secret(text: str | None) -> str | None:
    if text is not None and len(text) < _LEAST_SECRET:
        raise SettingsError(
            f"{PREFIX}SECRET is too short: give at least {_LEAST_SECRET} random characters, or none for one made by us"
        )
    return text
