"""Secrets are taken out between the intake and the store, by the rules of the project in force; nothing else is kept."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from aiops_platform.core import gzipped
from aiops_platform.core.opening import Opened, Opener
from aiops_platform.core.parcel import Parcel, ParcelKind
from aiops_platform.core.scrubbing import Rules, Scrubber
from aiops_platform.core.wire import Unreadable
from aiops_platform.pipeline.digest.parcels import placed
from aiops_platform.ports import Store, Transaction

# For so long rules that people change may not be noticed.
_LOOKS_AGAIN: Final = timedelta(seconds=2)
# Small ones: where it is broken, what is in the same part is lost.
_PART: Final = 16
# No door takes more of a batch, unless it is set otherwise.
_UNPACKED: Final = 64 * 1024 * 1024


class Cleaning:
    """Takes out secrets. What people change of a project's rules holds some seconds later."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._looked_at: datetime | None = None
        self._rules: Mapping[int, Rules] = {}
        self._everybodys = Opener(Scrubber())
        self._openers: dict[int, Opener] = {}

    def look_again(self, now: datetime) -> None:
        """Reads the projects' rules, now and then. Not within a transaction. Raises StoreUnavailableError."""
        if self._looked_at is not None and abs(now - self._looked_at) < _LOOKS_AGAIN:
            return
        rules = self._store.scrub_rules()
        self._looked_at = now
        if rules != self._rules:
            self._rules = rules
            self._openers = {project: Opener(Scrubber(each)) for project, each in rules.items()}

    def open(self, parcel: Parcel) -> Opened | Unreadable:
        """The report in a parcel without secrets, whoever says that there are none in it."""
        return self._of(parcel).open(parcel.body, parcel.kind)

    def bury(self, transaction: Transaction, parcel: Parcel, reason: str) -> None:
        """Buries a parcel that cannot be digested, without secrets, as far as anybody can read it."""
        scrubber = self._of(parcel).scrubber
        transaction.bury(_cleaned(parcel, scrubber), placed(parcel, scrubber.text(reason)))

    def _of(self, parcel: Parcel) -> Opener:
        return self._openers.get(parcel.project_id, self._everybodys)


def _cleaned(parcel: Parcel, scrubber: Scrubber) -> Parcel:
    text = _legible(parcel.body) if gzipped.is_packed(parcel.body) else parcel.body
    if not text:
        return parcel
    is_batch = parcel.kind is ParcelKind.BATCH
    told = b"\n".join(map(scrubber.body, text.split(b"\n"))) if is_batch else scrubber.body(text)
    if told == text:
        return parcel
    return replace(parcel, body=gzipped.pack(told) if is_batch else told)


def _legible(packed: bytes) -> bytes:
    """What can be unpacked of it, up to where it is broken."""
    unpacker = gzipped.unpacker()
    parts: list[bytes] = []
    size = 0
    with suppress(gzipped.BrokenError):
        for at in range(0, len(packed), _PART):
            parts.append(unpacker.decompress(packed[at : at + _PART], _UNPACKED - size + 1))
            size += len(parts[-1])
            if size > _UNPACKED:
                break
    return b"".join(parts)
