"""What became of what was seen, one decision at a time: for whoever asks why something was reported, or was not."""

from __future__ import annotations

import sys

from aiops_sdk.frozen import Frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Optional

    Listener = Callable[["Decision"], object]


CAPTURED = "captured"
MERGED = "merged"
COUNTED = "counted"
IGNORED = "ignored"
DROPPED = "dropped"

#: Characters of what was seen that a line shows.
SHOWN = 200


class Decision(Frozen):
    """``what`` was seen, in one line, and its ``outcome``.

    ``captured``: it is the event ``event_id``. ``merged``: another sight of the failure that ``event_id`` tells of.
    ``counted``: ``event_id`` stands for it, too, or, without one, the heartbeats tell how often. ``ignored``: by ``rule``.
    ``dropped``: lost. ``why`` is the rule's reason, or why it was lost.
    """

    outcome: str
    what: str
    event_id: Optional[str] = None
    rule: Optional[str] = None
    why: Optional[str] = None

    def __str__(self) -> str:
        line = "{} {}".format(self.outcome, self.what)
        if self.event_id is not None:
            line += (" as {}" if self.outcome == CAPTURED else " into {}").format(self.event_id)
        if self.rule is not None:
            line += ", rule " + self.rule
        return line if self.why is None else "{}: {}".format(line, self.why)


def shown(text: str) -> str:
    """The beginning of the first line of a text."""
    line = text.strip().partition("\n")[0]
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"


def say(decision: Decision) -> None:
    """Write it to standard error, as one line; never through logging, where it would be heard again."""
    stream = sys.stderr
    if stream is not None:
        stream.write("aiops_sdk: {}\n".format(decision))
