"""What people do with channels: make them, try them out, mend them. Sending what is due is the worker's."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import Final

from aiops_platform.core import notices
from aiops_platform.core.attempts import Attempts
from aiops_platform.core.backoff import Outcome
from aiops_platform.core.channels import Channel, ChannelError, ChannelKind, Delivery, checked
from aiops_platform.core.targets import Policy
from aiops_platform.ports import Channels, Sender

_TRIALS: Final = 10
_TRIAL_SECONDS: Final = 60.0
# The rest of its settings belong to an address: who gives another one gives them anew, or could have them sent there.
_ADDRESS: Final = "url"


class ChannelDesk:
    """A station for people. May be called from any thread; what it raises says what to do.

    `address` is that of the pages; `sends_mail`: whether there is a server that takes mail.
    """

    def __init__(
        self, channels: Channels, sender: Sender, *, policy: Policy, address: str, sends_mail: bool = True
    ) -> None:
        self._channels = channels
        self._sender = sender
        self._policy = policy
        self._address = address
        self.sends_mail = sends_mail
        self._trials = Attempts(most=_TRIALS, seconds=_TRIAL_SECONDS)
        self._lock = Lock()

    def all(self, project_id: int) -> Sequence[Channel]:
        """Every channel of the project, by name."""
        return self._channels.all(project_id)

    def one(self, project_id: int, channel_id: int) -> Channel | None:
        """One of them."""
        return self._channels.one(project_id, channel_id)

    def disabled(self, project_id: int) -> int:
        """How many the platform has disabled by itself."""
        return self._channels.disabled(project_id)

    def addressees(self, project_id: int, channel_id: int) -> str:
        """To whom a mail channel sends; empty for another kind. Raises SecretMismatchError."""
        ready = self._channels.ready(project_id, channel_id)
        return ready.settings.get("to", "") if ready is not None else ""

    def add(
        self, project_id: int, name: str, kind: ChannelKind, given: Mapping[str, str], *, by: str, now: datetime
    ) -> tuple[Channel, str | None]:
        """A new channel, and the secret of one that signs, shown this once. Raises ChannelError."""
        return self._channels.add(project_id, name, kind, checked(kind, given, self._policy), by=by, now=now)

    def change(self, project_id: int, channel_id: int, name: str, given: Mapping[str, str]) -> Channel | None:
        """Another name, and those settings that are given; what is left empty stays. Raises ChannelError."""
        said = {key: value for key, value in given.items() if value.strip()}
        ready = self._channels.ready(project_id, channel_id) if said else None
        if ready is None:
            return self._channels.change(project_id, channel_id, name=name, checked=None)
        kept = {} if _ADDRESS in said else _typed(ready.settings)
        fit = checked(ready.channel.kind, kept | said, self._policy)
        return self._channels.change(project_id, channel_id, name=name, checked=fit)

    def switch(self, project_id: int, channel_id: int, *, on: bool, by: str, now: datetime) -> Channel | None:
        """Enables or disables a channel."""
        return self._channels.switch(project_id, channel_id, on=on, by=by, now=now)

    def remove(self, project_id: int, channel_id: int) -> Channel | None:
        """Takes a channel away, with what was sent to it."""
        return self._channels.remove(project_id, channel_id)

    def new_secret(self, project_id: int, channel_id: int, now: datetime) -> str | None:
        """Another secret; the last one signs beside it for a day."""
        return self._channels.new_secret(project_id, channel_id, now)

    def deliveries(
        self, project_id: int, channel_id: int, *, limit: int, before: int | None = None
    ) -> Sequence[Delivery]:
        """The last deliveries of a channel, the newest first."""
        return self._channels.deliveries(project_id, channel_id, limit=limit, before=before)

    def send_again(self, project_id: int, channel_id: int, delivery_id: int | None, now: datetime) -> int:
        """Has a failed delivery sent again, or all of them; how many those were. Raises ChannelError."""
        return self._channels.send_again(project_id, channel_id, delivery_id, now)

    def try_out(self, project_id: int, channel_id: int, *, project: str, by: str, now: datetime) -> Outcome | None:
        """Sends a message now, and says what came of it; None where there is no such channel. Takes up to a minute.

        Also a channel that is disabled is tried. Raises ChannelError for who tries too often.
        """
        ready = self._channels.ready(project_id, channel_id)
        if ready is None:
            return None
        with self._lock:
            seconds = self._trials.ask(str(project_id), now.timestamp())
        if seconds is not None:
            raise ChannelError(f"That were many tests: try again in {seconds} seconds")
        message = notices.trial(ready.channel, project=project, by=by, address=self._address, now=now)
        outcome = self._sender.send(ready, message, now)
        self._channels.note_test(ready.channel, message, outcome, now)
        return outcome


def _typed(settings: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in settings.items() if name not in ("secret", "old_secret", "old_until")}
