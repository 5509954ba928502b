"""What happens to an event before it is sent: made short, then shown to ``before_send``, then scrubbed. In this order."""

from __future__ import annotations

from aiops_sdk.steps.asking import Asking
from aiops_sdk.steps.plain import plain
from aiops_sdk.steps.scrubbing import Scrubber
from aiops_sdk.steps.truncating import truncate

__all__ = ["Scrubber", "Steps"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Optional, Tuple

    from aiops_sdk.event import Event, Frame, Origin, Wire
    from aiops_sdk.steps.asking import BeforeSend


# What the program itself says, in values of its own.
_HANDED_IN = ("user", "tags", "breadcrumbs")
# What we say ourselves beside it, in texts and numbers.
_OUR_CONTEXTS = frozenset({"capture", "log", "process"})


class Steps:
    """The steps of one client. ``complain`` hears, once, what is wrong with ``before_send``."""

    def __init__(
        self,
        scrubber: Scrubber,
        before_send: Optional[BeforeSend] = None,
        complain: Optional[Callable[[str], None]] = None,
    ) -> None:
        self._scrubber = scrubber
        self._asking = Asking(before_send, complain) if before_send is not None else None

    @property
    def failed(self) -> int:
        """How often ``before_send`` raised, or gave what is no event."""
        return 0 if self._asking is None else self._asking.failed

    def run(self, event: Event, origin: Origin) -> Optional[Wire]:
        """What the event says as it may leave the process, or None if it must not.

        Without ``before_send`` it is what ``Event.fields`` says, with the frames of exceptions as they are. With it, it is
        the whole body: what of ``Origin.head`` it no longer says was taken away.
        """
        short = truncate(event)
        if self._asking is None:
            own = _plain(short.fields(_as_they_are))
            return self._scrubber.body(own)
        return self.again({**_plain(short.to_wire(origin))}, origin)

    def again(self, body: Wire, origin: Optional[Origin] = None) -> Optional[Wire]:
        """A whole body, also one that a process left that died before it could ask."""
        if self._asking is not None:
            asked = self._asking(body)
            if asked is None:
                return None
            body = _with_gaps(asked, body if origin is None else origin.head())
        return self._scrubber.body(body)


def _plain(own: Wire) -> Wire:
    for name in _HANDED_IN:
        if name in own:
            own[name] = plain(own[name])
    contexts = own.get("contexts")
    if isinstance(contexts, dict) and not _OUR_CONTEXTS.issuperset(contexts):
        own["contexts"] = {name: each if name in _OUR_CONTEXTS else plain(each) for name, each in contexts.items()}
    request = own.get("request")
    if isinstance(request, dict) and "body" in request:
        own["request"] = {**request, "body": plain(request["body"])}
    return own


def _as_they_are(frames: Tuple[Frame, ...]) -> object:
    return frames


def _with_gaps(own: Wire, head: Wire) -> Wire:
    """In a batch, an event has what the head says unless it says it itself: what was taken away is said to be empty."""
    gaps = {name: _nothing(value) for name, value in head.items() if name not in own}
    contexts, shared = own.get("contexts"), head.get("contexts")
    if isinstance(contexts, dict) and isinstance(shared, dict):
        own = {**own, "contexts": {**{name: {} for name in shared}, **contexts}}
    elif isinstance(shared, dict):
        gaps["contexts"] = {name: {} for name in shared}
    return {**gaps, **own} if gaps else own


def _nothing(value: object) -> object:
    return {} if isinstance(value, dict) else ""
