"""An event as it travels: alone, as one JSON body small enough for every server, or as one of many in a batch."""

from __future__ import annotations

import json

from aiops_sdk.event import Later

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Dict, List, Optional, Sequence, Tuple

    from aiops_sdk.event import Event, Frame, Origin, Wire


#: Bytes of one event: a quarter of what a server takes at least (1 MiB).
MAX_BODY = 256 * 1024

# How many frames and stacks are remembered as JSON.
FRAMES = 1024
STACKS = 64

# Of a traceback's text, what is kept when it must get shorter.
_LAST_OF_TRACE = 16_384

# In JSON a character is six bytes at most.
_SMALL = MAX_BODY // 6


class EncodedFrames(str):
    """The frames of one exception as JSON text, of the same stack mostly the same object."""

    __slots__ = ()


class Parcel:
    """One event, ready to be sent. ``repeat_count`` says for how many occurrences it stands."""

    __slots__ = ("_body", "_head", "_own", "_taken_away", "event_id", "repeat_count", "signal_type")

    def __init__(self, own: Wire, head: Wire, *, body: Optional[bytes] = None, taken_away: int = 0) -> None:
        self._own = own
        self._head = head
        self._body = body
        #: How many of the steps of ``_LIGHTER`` it has been through.
        self._taken_away = taken_away
        self.event_id = str(own.get("event_id", ""))
        self.signal_type = str(own.get("signal_type", ""))
        count = own.get("repeat_count", 1)
        self.repeat_count: int = count if type(count) is int and count > 0 else 1

    @staticmethod
    def from_body(body: bytes) -> Parcel:
        """The parcel that had this body. Raises ``ValueError`` if it is none."""
        try:
            read: object = json.loads(body)
        except RecursionError:
            raise ValueError("An event is not nested as deep as this body.") from None
        own = _object(read)
        if own is not read:
            raise ValueError("An event is a JSON object, not {}.".format(type(read).__name__))
        for info in _exceptions(own):
            if "frames" in info:
                info["frames"] = EncodedFrames(_json(info["frames"]))
        return Parcel(own, {}, body=body)

    @property
    def body(self) -> bytes:
        """The whole event by itself. Made when it is first asked for."""
        if self._body is None:
            self._body = _encoded(self._head, self._own)
        return self._body

    @property
    def fields(self) -> Wire:
        """What it says itself in a batch, as JSON values.

        Where an exception has frames, they are ``EncodedFrames``. The text of a traceback is missing where frames show their
        lines, and the time in seconds where there is a better one: the server makes them.
        """
        own = dict(self._own)
        if "occurred_at" in own:
            own.pop("timestamp", None)
        if any('"source":' in _frames_of(info) for info in _exceptions(own)):
            own.pop("stack_trace", None)
        elif "stack_trace" in own:
            own["stack_trace"] = str(own["stack_trace"])
        return own

    def line(self, head: Wire, number_of: Callable[[EncodedFrames], int]) -> str:
        """Its line in a batch that begins with ``head``: it says only what differs from that, and stacks by their numbers."""
        own = {name: value for name, value in self.fields.items() if name not in head or head[name] != value}
        contexts, shared = own.get("contexts"), head.get("contexts")
        if isinstance(contexts, dict) and isinstance(shared, dict):
            own["contexts"] = {name: value for name, value in contexts.items() if shared.get(name) != value}
        told = own.get("exceptions")
        if isinstance(told, list):
            own["exceptions"] = [_with_number(info, number_of) for info in told]
        return _json(own)

    def lighter(self) -> Optional[Parcel]:
        """The same with the least telling details taken away; None when nothing is left that could be.

        In this order: variables, breadcrumbs, the source around the frames, the body of the request, contexts and tags,
        related exceptions, frames and notes, the request, the text of the traceback but for its end, all of it.
        """
        for step in range(self._taken_away, len(_LIGHTER)):
            own = _LIGHTER[step](self._own)
            if own != self._own:
                return Parcel(own, self._head, taken_away=step + 1)
        return None

    def fitting(self) -> Parcel:
        """The heaviest form of it whose body is no larger than ``MAX_BODY``."""
        parcel: Optional[Parcel] = self
        while parcel is not None and not parcel._is_small() and len(parcel.body) > MAX_BODY:
            lighter = parcel.lighter()
            if lighter is None:
                return parcel
            parcel = lighter
        return parcel or self

    def _is_small(self) -> bool:
        """Whether it fits for certain, told without encoding all of it."""
        told = dict(self._own)
        trace = told.pop("stack_trace", "")
        size = trace.size if isinstance(trace, Later) else len(str(trace))
        infos = _exceptions(told)
        size += sum([len(_frames_of(info)) for info in infos])
        # Of what is left a repr is no shorter than its characters, and quickly made.
        told["exceptions"] = [{**info, "frames": None} for info in infos]
        return size + len(repr(told)) + _encoder.size_of(self._head) < _SMALL


def pack(event: Event, origin: Origin) -> Parcel:
    """The parcel of an event. One that is too large loses details, the least telling first."""
    return packed(event.fields(lambda frames: frames), origin.head())


def packed(own: Wire, head: Wire) -> Parcel:
    """The same of what it says. The frames of its exceptions are ``Frame`` objects, or a list as JSON has it."""
    if "exceptions" in own:
        own = {**own, "exceptions": [_with_encoded_frames(info) for info in _exceptions(own)]}
    return Parcel(own, head).fitting()


def _with_encoded_frames(info: Wire) -> Wire:
    frames = info.get("frames")
    if isinstance(frames, tuple):
        return {**info, "frames": _encoder.frames(frames)}
    return {**info, "frames": EncodedFrames(_json(frames))} if "frames" in info else info


class Encoder:
    """Frames as JSON text. Remembers what it made, by identity, and forgets everything when it is full."""

    def __init__(self) -> None:
        self._frames: Dict[int, Tuple[Frame, str]] = {}
        self._stacks: Dict[int, Tuple[Tuple[Frame, ...], EncodedFrames]] = {}
        self._head: Tuple[Wire, int] = ({}, 2)

    def frames(self, frames: Tuple[Frame, ...]) -> EncodedFrames:
        """All frames of one exception. What tells of variables is never the same again."""
        known = self._stacks.get(id(frames))
        if known is None:
            if any(frame.locals is not None for frame in frames):
                return EncodedFrames(_json([frame.to_wire() for frame in frames]))
            if len(self._stacks) >= STACKS:
                self._stacks.clear()
            known = (frames, EncodedFrames("[" + ",".join(map(self._frame, frames)) + "]"))
            self._stacks[id(frames)] = known
        return known[1]

    def size_of(self, head: Wire) -> int:
        """How long a head is as JSON; mostly it is the same one."""
        known, size = self._head
        if known is not head:
            size = len(_json(head))
            self._head = (head, size)
        return size

    def _frame(self, frame: Frame) -> str:
        known = self._frames.get(id(frame))
        if known is None:
            if len(self._frames) >= FRAMES:
                self._frames.clear()
            known = self._frames[id(frame)] = (frame, _json(frame.to_wire()))
        return known[1]


_encoder = Encoder()


def _encoded(head: Wire, own: Wire) -> bytes:
    whole = {**head, **own}
    if "contexts" in head and "contexts" in own:
        whole["contexts"] = {**_object(head["contexts"]), **_object(own["contexts"])}
    whole.pop("exceptions", None)
    text = _json(whole)
    told = [_encoded_exception(info) for info in _exceptions(own)]
    if told:
        text = text[:-1] + ',"exceptions":[' + ",".join(told) + "]}"
    return text.encode("utf-8", "replace")


def _encoded_exception(info: Wire) -> str:
    """Its frames are JSON already."""
    text = _json({name: value for name, value in info.items() if name != "frames"})
    if "frames" not in info:
        return text
    return text[:-1] + ("," if len(text) > 2 else "") + '"frames":' + str(info["frames"]) + "}"


def _with_number(info: object, number_of: Callable[[EncodedFrames], int]) -> object:
    if not isinstance(info, dict):
        return info
    frames = info.get("frames")
    return {**info, "frames": number_of(frames)} if isinstance(frames, EncodedFrames) else info


def _json(value: object) -> str:
    return _JSON.encode(value)


def _made(value: object) -> str:
    if isinstance(value, Later):
        return str(value)
    raise TypeError("{} is nothing that JSON has.".format(type(value).__name__))


_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_made)


def _exceptions(own: Wire) -> List[Wire]:
    found = own.get("exceptions")
    return [info for info in found if isinstance(info, dict)] if isinstance(found, list) else []


def _frames_of(info: Wire) -> str:
    """The frames of an exception as JSON."""
    frames = info.get("frames")
    return frames if isinstance(frames, str) else ""


def _object(value: object) -> Wire:
    return value if isinstance(value, dict) else {}


# What is taken away, step by step.


def _without_variables(own: Wire) -> Wire:
    return _each_exception(own, lambda info: _with_frames_less(info, "locals"))


def _without_breadcrumbs(own: Wire) -> Wire:
    return _less(own, "breadcrumbs")


def _without_sources(own: Wire) -> Wire:
    return _each_exception(own, lambda info: _with_frames_less(info, "source"))


def _without_the_body(own: Wire) -> Wire:
    return {**own, "request": _less(_object(own["request"]), "body")} if "request" in own else own


def _without_contexts(own: Wire) -> Wire:
    return _less(_less(own, "contexts"), "tags")


def _with_frames_less(info: Wire, field: str) -> Wire:
    frames = _frames_of(info)
    if '"{}":'.format(field) not in frames:
        return info
    listed: object = json.loads(frames)
    if not isinstance(listed, list):
        return {**info, "frames": EncodedFrames("[]")}
    return {**info, "frames": EncodedFrames(_json([_less(_object(each), field) for each in listed]))}


def _less(told: Wire, field: str) -> Wire:
    return {name: value for name, value in told.items() if name != field}


def _without_relatives(own: Wire) -> Wire:
    return {**own, "exceptions": _exceptions(own)[:1]} if "exceptions" in own else own


def _without_frames(own: Wire) -> Wire:
    return _each_exception(own, lambda info: {**info, "frames": EncodedFrames("[]"), "notes": []})


def _without_request(own: Wire) -> Wire:
    return _less(own, "request")


def _with_the_end_of_the_trace(own: Wire) -> Wire:
    return {**own, "stack_trace": str(own["stack_trace"])[-_LAST_OF_TRACE:]} if "stack_trace" in own else own


def _without_trace(own: Wire) -> Wire:
    return {**own, "stack_trace": ""} if "stack_trace" in own else own


def _each_exception(own: Wire, change: Callable[[Wire], Wire]) -> Wire:
    return {**own, "exceptions": [change(info) for info in _exceptions(own)]} if "exceptions" in own else own


_LIGHTER: Sequence[Callable[[Wire], Wire]] = (
    _without_variables,
    _without_breadcrumbs,
    _without_sources,
    _without_the_body,
    _without_contexts,
    _without_relatives,
    _without_frames,
    _without_request,
    _with_the_end_of_the_trace,
    _without_trace,
)
