"""Channels: ways to tell people. What each kind needs to be told, and what of it is fit to be kept. Sending is senders'."""

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from aiops_platform.core.errors import PlatformError
from aiops_platform.core.others import OtherError, checked_other
from aiops_platform.core.people import PeopleError, checked_email
from aiops_platform.core.targets import Policy, TargetError, parsed

LONGEST_NAME: Final = 80
MOST_CHANNELS: Final = 100
MOST_ADDRESSES: Final = 20
SECRET_BYTES: Final = 32
_LONGEST_SETTING: Final = 2_000
_TOPIC: Final = re.compile(r"/[-_A-Za-z0-9]{1,64}")
_ROUTING_KEY: Final = re.compile(r"[A-Za-z0-9]{32}")
_TOKEN: Final = re.compile(r"[!-~]{1,200}")
# What the head of a mail can hold as it is (RFC 5322, dot-atom): one that cannot be written stops the mail for all.
_ATOM: Final = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_MAIL: Final = re.compile(rf"{_ATOM}(\.{_ATOM})*@[a-z0-9_-]+(\.[a-z0-9_-]+)+")
PAGERDUTY: Final = "https://events.pagerduty.com/v2/enqueue"


class ChannelError(PlatformError):
    """A channel cannot be like this; `about` is the setting that is meant, the message says what would do."""

    def __init__(self, message: str, about: str = "name") -> None:
        super().__init__(message)
        self.about = about


class ChannelKind(StrEnum):
    """Every kind of channel there is."""

    MAIL = "mail"
    WEBHOOK = "webhook"
    SLACK = "slack"
    DISCORD = "discord"
    TEAMS = "teams"
    NTFY = "ntfy"
    PAGERDUTY = "pagerduty"
    APPRISE = "apprise"


#: Kinds whose receiver keeps an alert until it hears that this very one is over, and pages people meanwhile.
KEEPING: Final = frozenset({ChannelKind.PAGERDUTY})


@dataclass(frozen=True, kw_only=True)
class SettingOf:
    """One thing that a kind needs to be told: what the provider calls it, and where it is found."""

    name: str
    label: str
    hint: str = ""
    example: str = ""
    optional: bool = False
    many: bool = False


@dataclass(frozen=True, kw_only=True)
class KindOf:
    """A kind as people choose it."""

    called: str
    settings: tuple[SettingOf, ...]
    where: str = ""


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A way to tell the people of a project. `hint` is enough of its settings to know it by, too little to use it.

    `failures` in a row began at `failing_since`. Who `disabled` it left `disabled_why`; a channel that is disabled is sent
    nothing.
    """

    id: int
    project_id: int
    name: str
    kind: ChannelKind
    hint: str
    created_at: datetime
    created_by: str
    failures: int = 0
    failing_since: datetime | None = None
    last_sent_at: datetime | None = None
    disabled_at: datetime | None = None
    disabled_why: str = ""

    @property
    def is_enabled(self) -> bool:
        """Whether it is sent anything."""
        return self.disabled_at is None


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One message on its way to one channel, as people see it.

    It is sent (`sent_at`), has failed for good (`failed_at`), or is tried again at `due_at`. `status` and `answer` are what
    the receiver said last.
    """

    id: int
    channel_id: int
    title: str
    state: str
    created_at: datetime
    due_at: datetime | None
    attempts: int
    sent_at: datetime | None = None
    failed_at: datetime | None = None
    status: int | None = None
    answer: str = ""


@dataclass(frozen=True)
class Checked:
    """Settings that are fit to be kept, and what may be shown of them."""

    settings: Mapping[str, str] = field(repr=False)
    hint: str


_WEBHOOK_URL: Final = SettingOf(name="url", label="Webhook URL", example="https://")

KINDS: Final[Mapping[ChannelKind, KindOf]] = {
    ChannelKind.MAIL: KindOf(
        called="E-mail",
        settings=(
            SettingOf(
                name="to",
                label="To",
                hint=f"One address, or up to {MOST_ADDRESSES} with commas between.",
                example="team@example.com",
                many=True,
            ),
        ),
        where="Mail leaves by the server of AIOPS_SERVER_SMTP_URL.",
    ),
    ChannelKind.WEBHOOK: KindOf(
        called="Webhook",
        settings=(SettingOf(name="url", label="URL", example="https://example.com/alerts"),),
        where="Any program that takes a POST. It is signed after Standard Webhooks; the secret is shown once, when it is made.",
    ),
    ChannelKind.SLACK: KindOf(
        called="Slack, Mattermost, Rocket.Chat",
        settings=(
            SettingOf(name="url", label="Webhook URL", example="https://hooks.slack.com/services/T000/B000/XXXX"),
        ),
        where="Slack: your app, Incoming Webhooks, Add New Webhook. Mattermost and Rocket.Chat: Integrations, Incoming Webhook.",
    ),
    ChannelKind.DISCORD: KindOf(
        called="Discord",
        settings=(SettingOf(name="url", label="Webhook URL", example="https://discord.com/api/webhooks/1234/abcd"),),
        where="In Discord: Server settings, Integrations, Webhooks, New webhook, Copy webhook URL.",
    ),
    ChannelKind.TEAMS: KindOf(
        called="Microsoft Teams",
        settings=(SettingOf(name="url", label="Workflow URL", example="https://…logic.azure.com/workflows/…"),),
        where="In Teams: the channel's Workflows, “Send webhook alerts to a channel”; copy the URL that it ends with.",
    ),
    ChannelKind.NTFY: KindOf(
        called="ntfy",
        settings=(
            SettingOf(
                name="url",
                label="Topic URL",
                hint="Who knows the topic can read it: choose one that nobody guesses.",
                example="https://ntfy.sh/our-alerts-7Hs2k",
            ),
            SettingOf(name="token", label="Access token", hint="Only for a topic that asks for one.", optional=True),
        ),
        where="Subscribe to the same topic in the app.",
    ),
    ChannelKind.PAGERDUTY: KindOf(
        called="PagerDuty",
        settings=(
            SettingOf(name="routing_key", label="Integration key", example="32 letters and digits"),
            SettingOf(
                name="url",
                label="Events API",
                hint="Another one for the EU: https://events.eu.pagerduty.com/v2/enqueue",
                example=PAGERDUTY,
                optional=True,
            ),
        ),
        where="In PagerDuty: the service, Integrations, Add integration, Events API V2.",
    ),
    ChannelKind.APPRISE: KindOf(
        called="Others, by Apprise",
        settings=(
            SettingOf(
                name="url",
                label="Apprise address",
                hint="Of services at one public address, without options.",
                example="tgram://bot_token/chat_id",
            ),
        ),
        where="Telegram, Pushover, Twilio and others, as the documentation of Apprise writes their addresses. It has to be installed beside the platform, and says only whether it succeeded.",
    ),
}


def checked_name(text: str) -> str:
    """A channel's name, without blanks around it. Raises ChannelError."""
    name = " ".join(text.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise ChannelError(f"Give the channel a name of 1 to {LONGEST_NAME} printable characters, such as 'ops chat'")
    return name


def checked(kind: ChannelKind, given: Mapping[str, str], policy: Policy) -> Checked:
    """What was typed, if a channel of this kind can be made of it. Raises ChannelError that names the setting."""
    known = KINDS[kind].settings
    if strangers := sorted(set(given) - {each.name for each in known}):
        raise ChannelError(f"{KINDS[kind].called} has no setting '{strangers[0]}'", strangers[0])
    settings = {}
    for each in known:
        value = given.get(each.name, "").strip()
        if not value and not each.optional:
            raise ChannelError(
                f"Give the {each.label}" + (f", such as {each.example}" if each.example else ""), each.name
            )
        if len(value) > _LONGEST_SETTING:
            raise ChannelError(f"The {each.label} is longer than {_LONGEST_SETTING:,} characters", each.name)
        if value:
            settings[each.name] = _checked_setting(kind, each, value, policy)
    if kind is ChannelKind.PAGERDUTY:
        settings.setdefault("url", PAGERDUTY)
    return Checked(settings, _hint(kind, settings))


def addresses(text: str) -> list[str]:
    """The e-mail addresses in a setting."""
    return [each for each in re.split(r"[\s,;]+", text) if each]


def webhook_secret(entropy: bytes) -> str:
    """A secret as Standard Webhooks writes it, from 32 random bytes."""
    if len(entropy) != SECRET_BYTES:
        raise ValueError(f"{SECRET_BYTES} random bytes are needed, not {len(entropy)}")
    return "whsec_" + b64encode(entropy).decode()


def _checked_setting(kind: ChannelKind, setting: SettingOf, value: str, policy: Policy) -> str:
    match setting.name:
        case "url":
            return _checked_url(kind, value, policy)
        case "to":
            return _checked_addresses(value)
        case "routing_key" if not _ROUTING_KEY.fullmatch(value):
            raise ChannelError("A PagerDuty integration key is 32 letters and digits", "routing_key")
        case "token" if not _TOKEN.fullmatch(value):
            raise ChannelError("An access token has no blanks and only ASCII characters", "token")
        case _:
            return value


def _checked_url(kind: ChannelKind, value: str, policy: Policy) -> str:
    if kind is ChannelKind.APPRISE:
        return _checked_other(value)
    try:
        target = parsed(value, policy)
    except TargetError as error:
        raise ChannelError(str(error), "url") from error
    path = target.path.partition("?")[0]
    if kind is ChannelKind.NTFY and not _TOPIC.fullmatch(path):
        raise ChannelError("Give the address of a topic, such as https://ntfy.sh/our-alerts-7Hs2k", "url")
    if kind is ChannelKind.DISCORD and not path.startswith("/api/webhooks/"):
        raise ChannelError("A Discord webhook URL begins with https://discord.com/api/webhooks/", "url")
    return target.url


def _checked_other(value: str) -> str:
    try:
        return checked_other(value)
    except OtherError as error:
        raise ChannelError(str(error), "url") from error


def _checked_addresses(value: str) -> str:
    every = addresses(value)
    if len(every) > MOST_ADDRESSES:
        raise ChannelError(f"Give at most {MOST_ADDRESSES} addresses; a mailing list takes more", "to")
    try:
        found = dict.fromkeys(checked_email(each) for each in every)
    except PeopleError as error:
        raise ChannelError(str(error), "to") from error
    if strange := [each for each in found if not _MAIL.fullmatch(each)]:
        raise ChannelError(
            f"No mail can be sent to '{strange[0][:80]}': give an address as it is written in ASCII, such as team@example.com",
            "to",
        )
    return ", ".join(found)


def _hint(kind: ChannelKind, settings: Mapping[str, str]) -> str:
    # The path of most addresses is as good as a password.
    if kind is ChannelKind.MAIL:
        first, *others = addresses(settings["to"])
        return first + (f" and {len(others)} more" if others else "")
    if kind is ChannelKind.APPRISE:
        return settings["url"].partition("://")[0] + "://…" + settings["url"][-2:]
    host = settings["url"].split("/")[2]
    ending = settings["url"][-2:] if kind is not ChannelKind.PAGERDUTY else settings["routing_key"][-2:]
    return f"{host}/…{ending}"
