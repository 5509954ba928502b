"""Sends to channels of every kind: the kind's own file says what, one guarded way carries it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, assert_never
from urllib.parse import unquote

from aiops_platform.core.backoff import Outcome, Refused, Retry, Sent
from aiops_platform.core.channels import ChannelKind
from aiops_platform.core.letters import Letter
from aiops_platform.core.mail_server import MailServer
from aiops_platform.core.messages import Message, MessageState
from aiops_platform.core.scrubbing import Scrubber
from aiops_platform.core.targets import Policy, TargetError
from aiops_platform.core.text import one_line
from aiops_platform.ports import Ready
from aiops_platform.senders import apprise, discord, mail, ntfy, pagerduty, slack, teams, webhook
from aiops_platform.senders.guarded import Guarded, UnreachableError
from aiops_platform.senders.posting import Post, outcome_of

# Shorter ones stand everywhere, and hide nothing.
_SHORTEST_SECRET: Final = 8
_BETWEEN: Final = re.compile("[/?&=]")
_LONGEST_ANSWER: Final = 300
_NO_SERVER: Final = "No mail server is set: AIOPS_SERVER_SMTP_URL names one"
_Asks = Callable[[Mapping[str, str], Message, datetime], Post]


class PostOffice:
    """See `ports.Sender` and `ports.Mailer`. Without a mail server no mail is sent."""

    def __init__(self, policy: Policy, *, agent: str, mail_server: MailServer | None) -> None:
        self._guarded = Guarded(policy, agent=agent)
        self._mail_server = mail_server

    def send(self, to: Ready, message: Message, now: datetime) -> Outcome:
        """See `ports.Sender`."""
        return _without_secrets(self._send(to, message, now), to.settings)

    def write(self, to: str, letter: Letter, now: datetime) -> Outcome:
        """See `ports.Mailer`."""
        if self._mail_server is None:
            return Retry(_NO_SERVER)
        return mail.write(self._mail_server, to, letter, now)

    def _send(self, to: Ready, message: Message, now: datetime) -> Outcome:
        kind = to.channel.kind
        if not to.settings:
            return Retry(
                "Its settings cannot be opened with this server secret: restore secret.key, or edit the channel"
            )
        if kind is ChannelKind.MAIL:
            if self._mail_server is None:
                return Retry(_NO_SERVER)
            return mail.send(self._mail_server, to.settings, message)
        if kind is ChannelKind.APPRISE:
            return apprise.send(to.settings, message)
        outcome = self._posted(_asking(kind)(to.settings, message, now), now)
        if kind is ChannelKind.PAGERDUTY and message.state is MessageState.TEST and isinstance(outcome, Sent):
            self._posted(pagerduty.resolving(to.settings, message), now)
        return outcome

    def _posted(self, post: Post, now: datetime) -> Outcome:
        try:
            answer = self._guarded.post(post.url, post.body, post.headers)
            return outcome_of(replace(answer, body=_scrubbed(answer.body)), now)
        except TargetError as error:
            return Refused(str(error))
        except UnreachableError as error:
            return Retry(str(error))


def _scrubbed(body: bytes) -> bytes:
    """What a receiver said without secrets, its own or ours: proxies and debug pages print what they were asked with.

    A scrubber for each: many threads send, and it remembers.
    """
    return Scrubber().text(body.decode("utf-8", "replace")).encode()


def _asking(kind: ChannelKind) -> _Asks:
    match kind:
        case ChannelKind.WEBHOOK:
            return webhook.request
        case ChannelKind.SLACK:
            return slack.request
        case ChannelKind.DISCORD:
            return discord.request
        case ChannelKind.TEAMS:
            return teams.request
        case ChannelKind.NTFY:
            return ntfy.request
        case ChannelKind.PAGERDUTY:
            return pagerduty.request
        case ChannelKind.MAIL | ChannelKind.APPRISE:
            raise ValueError(f"{kind} is not posted")
        case _:
            assert_never(kind)


def _without_secrets(outcome: Outcome, settings: Mapping[str, str]) -> Outcome:
    """What was said without what is secret in it: a receiver may well repeat where it was asked, in whole or in part."""
    said = outcome.answer
    for secret in sorted(_secrets(settings), key=len, reverse=True):
        said = said.replace(secret, "…")
    # Only now: of a secret that was cut in two the first half would stay.
    said = one_line(said, _LONGEST_ANSWER)
    match outcome:
        case Sent():
            return Sent(outcome.status, said)
        case Retry():
            return Retry(said, outcome.status, outcome.after, outcome.most_failures)
        case Refused():
            return Refused(said, outcome.status, for_good=outcome.for_good)
        case _:
            assert_never(outcome)


def _secrets(settings: Mapping[str, str]) -> set[str]:
    found = {value for name, value in settings.items() if name not in ("to", "old_until")}
    # "Cannot POST /services/T0/B0/…" is what many say of an address that is gone.
    below = settings.get("url", "").partition("://")[2].partition("/")[2]
    found |= {below, *_BETWEEN.split(below)}
    found |= {unquote(each) for each in found}
    return {each for each in found if len(each) >= _SHORTEST_SECRET}
