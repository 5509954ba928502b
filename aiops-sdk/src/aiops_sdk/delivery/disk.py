"""The folder in which what is queued outlives its process: the journal of this process, and the spool of all of them.

Opened at the first need, by whichever thread comes first. Where no folder can be used, everything works without.
"""

from __future__ import annotations

import _thread
import os

from aiops_sdk import _safety
from aiops_sdk.loading import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Optional, Sequence

    from aiops_sdk.delivery import journal as journals
    from aiops_sdk.delivery import spool as spools
    from aiops_sdk.delivery.buffer import Draft
    from aiops_sdk.delivery.journal import Journal, Stub
    from aiops_sdk.delivery.spool import Spool
    from aiops_sdk.event import Wire
else:
    journals, spools = late("delivery.journal", "delivery.spool")

# A thread of the host does not wait longer than this for a disk that is slow to open a file; its event is queued all the same.
PATIENCE = 0.05

#: Of processes that live, and of those that died and whose journals nobody took yet: each takes a megabyte.
MAX_JOURNALS = 128


class Disk:
    """Keeps what is queued in a folder called ``name()``; ``head`` says who keeps it, and ``stub_of`` what is kept of a draft.

    Everything here may be called when there is no folder, and then does nothing.
    """

    def __init__(
        self,
        candidates: Sequence[str],
        name: Callable[[], str],
        head: Callable[[], Wire],
        stub_of: Callable[[Draft], Stub],
        complain: Callable[[str, str], None],
    ) -> None:
        self._candidates = candidates
        self._name = name
        self._head = head
        self._stub_of = stub_of
        self._complain = complain
        self.journal: Optional[Journal] = None
        self.spool: Optional[Spool] = None
        #: The instance whose journal it is.
        self.owner: Optional[str] = None
        self._begin()

    def _begin(self) -> None:
        self._opening = _thread.allocate_lock()
        self._opened = not self._candidates

    def open(self, patience: float = -1) -> None:
        """Open folder and journal, once. Waits at most ``patience`` seconds for another thread that does it already."""
        if self._opened or not self._opening.acquire(timeout=patience):
            return
        try:
            if not self._opened:
                self._open()
                self._opened = True
        finally:
            self._opening.release()

    def has_more_than_ours(self) -> bool:
        """Whether something lies in the folder that may have to be sent, or that another process left."""
        own = (self.owner or "") + "."
        try:
            names = os.listdir(self.spool.folder) if self.spool is not None else []
        except OSError:
            return False
        return any(name.endswith((spools.SUFFIX, journals.JOURNAL)) and not name.startswith(own) for name in names)

    def close(self) -> None:
        """A clean end of this process."""
        journal, self.journal = self.journal, None
        if journal is not None:
            journal.end()
        self._opened = True

    def become_child(self) -> None:
        """After a fork: what is open is the parent's; this process opens its own when it needs it."""
        journal, self.journal = self.journal, None
        self.spool = None
        if journal is not None:
            journal.abandon()
        self._begin()

    # As the buffer's keeper, on the threads of the host.

    def write(self, draft: Draft) -> Optional[int]:
        """Write the stub of a draft into the journal."""
        if not self._opened:
            self.open(PATIENCE)
        journal = self.journal
        return None if journal is None else _safety.attempt(lambda: journal.write(self._stub_of(draft)), None)

    def recount(self, place: Optional[int], count: int, last_at: float) -> None:
        """Count a repeat in its stub."""
        if place is not None and self.journal is not None:
            self.journal.recount(place, count, last_at)

    def erase(self, place: Optional[int]) -> None:
        """Erase a stub."""
        if place is not None and self.journal is not None:
            self.journal.erase(place)

    def _open(self) -> None:
        if not spools.IS_POSSIBLE:
            return
        folder = why = ""
        name = self._name()
        for candidate in self._candidates:
            folder = os.path.join(candidate, name)
            try:
                spools.make_folder(folder)
                head = self._head()
                self.owner = owner_of(head)
                if _number_of_journals(folder) < MAX_JOURNALS:
                    self.journal = journals.Journal.open(folder, head)
                self.spool = spools.Spool(folder, self.owner[:8])
                return
            except OSError as error:
                why = error.strerror or str(error)
        self._complain(folder, why)


def _number_of_journals(folder: str) -> int:
    return sum(name.endswith(journals.JOURNAL) for name in os.listdir(folder))


def owner_of(head: Wire) -> str:
    """The instance that a head tells of."""
    instance = head.get("instance")
    return str(instance.get("id")) if isinstance(instance, dict) else ""
