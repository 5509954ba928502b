"""Ways to tell people, and what is on its way to them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from aiops_platform.core.backoff import Outcome, Verdict
from aiops_platform.core.channels import Channel, ChannelKind, Checked, Delivery
from aiops_platform.core.letters import Letter
from aiops_platform.core.messages import Message


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A channel as it is sent to: with its settings, secrets among them."""

    channel: Channel
    settings: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """A delivery that is ours until the lease ends; `attempts` counts the one that is about to be made."""

    id: int
    to: Ready
    message: Message
    wanted_at: datetime
    attempts: int


class Outbox(Protocol):
    """What is to be sent, as a part of a transaction: it is sent if, and only if, the rest of it becomes true."""

    def channels(self, project_id: int) -> Sequence[Channel]:
        """The project's channels that are enabled, by id."""
        ...

    def post(self, channel_id: int, message: Message, due_at: datetime) -> bool:
        """Has the channel sent the message at that time. False where nothing is new: its key was posted there before.

        For a channel that is disabled it is kept as failed; one that is no more is no error, and False.
        """
        ...

    def forget(self, before: datetime, limit: int) -> int:
        """Drops deliveries that ended before this time, at most `limit`; returns how many."""
        ...


class Deliveries(Protocol):
    """What is on its way. Every method may be called from any thread, and raises StoreUnavailableError."""

    def claim(
        self, now: datetime, until: datetime, *, busy: Collection[int], limit: int, in_trouble: int
    ) -> Sequence[Claimed]:
        """Leases what is due, of each channel that is not `busy` the one delivery that comes first; at most `limit`.

        Channels that failed last come after the others, and are at most `in_trouble`. What is said of one alert keeps
        its order. Settings that cannot be opened are empty.
        """
        ...

    def conclude(self, claimed: Claimed, outcome: Outcome, verdict: Verdict, now: datetime) -> None:
        """Writes what became of it. A channel that is disabled by it leaves a fact, and the others are told."""
        ...

    def hurry(self, beyond: datetime, now: datetime) -> None:
        """What is due later than that is due now, and no channel rests for longer: a clock ahead has said so."""
        ...

    def release(self) -> None:
        """Gives up every lease: those of a worker that was killed."""
        ...


class Channels(Protocol):
    """The channels of projects. Every method may be called from any thread, and raises StoreUnavailableError.

    Those that change something raise ChannelError for what cannot be. No method finds anything of another project.
    """

    def all(self, project_id: int) -> Sequence[Channel]:
        """Every channel, by name."""
        ...

    def one(self, project_id: int, channel_id: int) -> Channel | None:
        """One channel."""
        ...

    def ready(self, project_id: int, channel_id: int) -> Ready | None:
        """One channel with its settings. Raises SecretMismatchError."""
        ...

    def add(
        self, project_id: int, name: str, kind: ChannelKind, checked: Checked, *, by: str, now: datetime
    ) -> tuple[Channel, str | None]:
        """A new channel; for one that signs also its secret, which is not shown again."""
        ...

    def change(self, project_id: int, channel_id: int, *, name: str, checked: Checked | None) -> Channel | None:
        """Another name, and other settings where there are any. The secret stays."""
        ...

    def switch(self, project_id: int, channel_id: int, *, on: bool, by: str, now: datetime) -> Channel | None:
        """Enables or disables a channel. What failed while it was disabled stays failed until it is sent again."""
        ...

    def remove(self, project_id: int, channel_id: int) -> Channel | None:
        """Takes a channel away, with what was sent to it."""
        ...

    def new_secret(self, project_id: int, channel_id: int, now: datetime) -> str | None:
        """Another secret; the last one signs beside it for a day. None for a channel that does not sign."""
        ...

    def deliveries(
        self, project_id: int, channel_id: int, *, limit: int, before: int | None = None
    ) -> Sequence[Delivery]:
        """The last deliveries of a channel, the newest first; those with a lower number than `before`."""
        ...

    def send_again(self, project_id: int, channel_id: int, delivery_id: int | None, now: datetime) -> int:
        """Has a failed delivery sent again, or all of them; how many those were."""
        ...

    def note_test(self, channel: Channel, message: Message, outcome: Outcome, now: datetime) -> None:
        """Keeps a message that was sent to try the channel out, and what came of it."""
        ...

    def disabled(self, project_id: int) -> int:
        """How many channels the platform has disabled by itself. Cheap."""
        ...


class Mailer(Protocol):
    """Sends mail to one person. May be called from any thread; it ends by itself, within a minute."""

    def write(self, to: str, letter: Letter, now: datetime) -> Outcome:
        """Hands a letter to the mail server. Raises nothing that a server can cause."""
        ...


class Sender(Protocol):
    """Sends to channels of every kind, at once. May be called from any thread; it ends by itself, within a minute."""

    def send(self, to: Ready, message: Message, now: datetime) -> Outcome:
        """Hands a message to the channel's receiver. Raises nothing that a receiver or a setting can cause."""
        ...
