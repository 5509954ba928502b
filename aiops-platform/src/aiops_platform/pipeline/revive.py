"""Revive: people have buried parcels digested again, after an upgrade that understands them."""

from typing import Final

from aiops_platform.ports import Intake, Store

_TOGETHER: Final = 100
_WRITE_SECONDS: Final = 30


class Revive:
    """Hands parcels back to the intake. What cannot be digested still is buried once more, with the reason of today."""

    def __init__(self, store: Store, intake: Intake) -> None:
        self._store = store
        self._intake = intake

    def one(self, project_id: int, buried_id: int) -> bool:
        """Whether there is such a parcel. Raises StoreUnavailableError and IntakeUnavailableError."""
        return bool(self._hand_on(project_id, after=0, only=buried_id)[0])

    def all(self, project_id: int) -> int:
        """How many there were when it began. Raises StoreUnavailableError and IntakeUnavailableError."""
        handed_on = last = 0
        with self._store.begin() as transaction:
            newest = transaction.newest_buried(project_id)
        while last < newest:
            many, last = self._hand_on(project_id, after=last, only=None)
            if not many:
                break
            handed_on += many
        return handed_on

    def _hand_on(self, project_id: int, *, after: int, only: int | None) -> tuple[int, int]:
        with self._store.begin() as transaction:
            found = transaction.buried(project_id, after=after, only=only, limit=_TOGETHER)
        if not found:
            return 0, after
        # First on disk there, then gone here: at worst it is digested twice, and its id makes that harmless.
        self._intake.append([parcel for _, parcel in found]).result(_WRITE_SECONDS)
        with self._store.begin() as transaction:
            transaction.unbury([buried_id for buried_id, _ in found])
        return len(found), found[-1][0]
