"""A process beside this one for short work with large imports: they go with it, and this one stays small for years."""

import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Self

from aiops_platform.core.errors import PlatformError

_ENDINGS = (signal.SIGINT, signal.SIGTERM)


class AsideError(PlatformError):
    """The work could not be done; the message is that of whatever kept it from it."""


class Aside:
    """Forked here and now, so make it while there is one thread. It does its pieces of work as they are asked for.

    Close it, or leave its `with` block: an exception there ends it at once. When this process dies, it ends too.
    """

    def __init__(self, pieces: Mapping[str, Callable[[], str]]) -> None:
        self._asked, theirs = socket.socketpair()
        # A signal that arrives now is for each of the two by itself: the child must not do what its parent would.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)
        self._child = os.fork()
        if self._child == 0:
            self._asked.close()
            _leave_the_end_to_the_parent(before)
            _work(theirs, pieces)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        self._answers = self._asked.makefile(encoding="utf-8")

    def do(self, piece: str) -> str:
        """What this piece of work returned. Raises AsideError with the message of a PlatformError of its own."""
        try:
            self._asked.sendall(json.dumps(piece).encode() + b"\n")
            answer = json.loads(self._answers.readline() or "{}")
        except OSError:
            answer = {}
        if "done" not in answer:
            raise AsideError(answer.get("why", f"What was to {piece} ended by itself; the lines above say why"))
        return str(answer["done"])

    def close(self) -> None:
        """Lets it go, and waits until it is gone."""
        if not self._answers.closed:
            self._answers.close()
            self._asked.close()
            os.waitpid(self._child, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and not self._answers.closed:
            os.kill(self._child, signal.SIGTERM)
        self.close()


def _leave_the_end_to_the_parent(mask: Iterable[int]) -> None:
    # A Ctrl-C goes to both; the parent then ends this process. At once, for an exception out of nowhere, in the middle of
    # an import, could be swallowed, or taken for a failure.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _work(asked: socket.socket, pieces: Mapping[str, Callable[[], str]]) -> None:
    """The life of the child. Never returns: what the parent would do next is not its affair."""
    code = 1
    try:
        with asked.makefile("rw", encoding="utf-8") as line:
            while piece := line.readline():
                print(json.dumps(_answer(pieces[json.loads(piece)])), file=line, flush=True)
        code = 0
    except OSError:
        pass  # nobody waits for the answer any more
    except BaseException:  # noqa: BLE001 (it is said here, and the parent learns that there is no answer)
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _answer(piece: Callable[[], str]) -> dict[str, str]:
    try:
        return {"done": piece()}
    except PlatformError as error:
        return {"why": str(error)}
