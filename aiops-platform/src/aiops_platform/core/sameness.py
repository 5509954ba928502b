"""Whether an incident is still the same as when it began: its newest event beside its first one. Pure."""

from aiops_platform.core.event import Event, Frame
from aiops_platform.core.grouping import innermost_frame


def compared(first: Event, newest: Event) -> tuple[str, ...]:
    """What has stayed and what has changed since the first event, each in a few words; nothing where neither tells."""
    then, now = _where(first), _where(newest)
    told = []
    if then is not None and now is not None:
        told.append(_of_places(then, now))
    if first.exceptions and newest.exceptions and _chain(first) != _chain(newest):
        told.append(f"raised because of {_chain(newest) or 'nothing else'}, not of {_chain(first) or 'anything'}")
    if first.release and newest.release and first.release != newest.release:
        told.append(f"release {newest.release}, not {first.release}")
    return tuple(told)


def host_of(event: Event) -> str | None:
    """The machine on which it happened, as far as the event tells."""
    return (event.instance.host if event.instance else None) or event.host


def _of_places(then: Frame, now: Frame) -> str:
    file = now.file.replace("\\", "/").rpartition("/")[2]
    here = f"{file}:{now.line}" if now.line is not None else file
    if (then.function, _line_of(then)) == (now.function, _line_of(now)) and _line_of(now):
        return "same line of code" if then.line == now.line else f"same line of code, moved to {here}"
    if then.function == now.function and then.line == now.line:
        return "same place"
    if then.function == now.function:
        return f"same function, another line: {here}"
    return f"another function: {now.function} in {here}"


def _where(event: Event) -> Frame | None:
    return innermost_frame(event.exceptions[0]) if event.exceptions else None


def _line_of(frame: Frame) -> str:
    return frame.source.line.strip() if frame.source else ""


def _chain(event: Event) -> str:
    return ", ".join(each.type for each in event.exceptions[1:4])
