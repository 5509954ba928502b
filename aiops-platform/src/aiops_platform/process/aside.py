"""A process beside this one for short work with large imports: they go with it, and this one stays small for years."""

import json
import signal
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from aiops_platform.core.errors import PlatformError
from aiops_platform.process.forked import Fork, Forked

_REAP_SECONDS: Final = 5.0


class AsideError(PlatformError):
    """The work could not be done; the message is that of whatever kept it from it."""


class Aside:
    """Forked here and now, so make it while there is one thread. It does its pieces of work as they are asked for.

    Close it, or leave its `with` block: an exception there ends it at once. When this process dies, it ends too.
    """

    def __init__(self, pieces: Mapping[str, Callable[[], str]], *, fork: Fork = Forked) -> None:
        """Where `fork` does so later, nothing may be asked for before."""
        self._asked, self._theirs = mine, theirs = socket.socketpair()
        # At once, and not by an exception: in the middle of an import that could be swallowed, or taken for a failure.
        self._child = fork(lambda: _work(theirs, pieces), name="aiops-aside", keep=[theirs.fileno()])
        self._answers = mine.makefile(encoding="utf-8")

    def do(self, piece: str) -> str:
        """What this piece of work returned. Raises AsideError with the message of a PlatformError of its own."""
        self._theirs.close()
        try:
            self._asked.sendall(json.dumps(piece).encode() + b"\n")
            answer = json.loads(self._answers.readline() or "{}")
        except OSError:
            answer = {}
        if "done" not in answer:
            raise AsideError(answer.get("why", self._how_it_ended(piece)))
        return str(answer["done"])

    def _how_it_ended(self, piece: str) -> str:
        code = self._child.wait(_REAP_SECONDS)
        if code is not None and code < 0:
            return f"The process that was to {piece} was ended by {signal.Signals(-code).name}: try again"
        return f"What was to {piece} ended by itself; the lines above say why"

    def close(self) -> None:
        """Lets it go, and waits until it is gone."""
        if not self._answers.closed:
            self._theirs.close()
            self._answers.close()
            self._asked.close()
            self._child.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and not self._answers.closed:
            self._child.terminate()
        self.close()


def _work(asked: socket.socket, pieces: Mapping[str, Callable[[], str]]) -> int:
    with (
        suppress(OSError),
        asked.makefile("rw", encoding="utf-8") as line,
    ):  # Else nobody waits for the answer any more.
        while piece := line.readline():
            print(json.dumps(_answer(pieces[json.loads(piece)])), file=line, flush=True)
    return 0


def _answer(piece: Callable[[], str]) -> dict[str, str]:
    try:
        return {"done": piece()}
    except PlatformError as error:
        return {"why": str(error)}
