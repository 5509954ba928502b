"""Bodies of events as the store holds them: packed with zstd and a dictionary, which says once what all events say.

The first dictionary comes with the program; a project's own one is trained on its events and packs twice as tightly.
A dictionary is never changed or dropped: its id is a hash of its bytes, and events name the one they need.
"""

import zlib
from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from importlib.resources import files
from threading import Lock
from typing import Final

import zstandard
from sqlalchemy import Connection, bindparam, select
from sqlalchemy.exc import NoResultFound

from aiops_platform.core.errors import PlatformError
from aiops_platform.storage.dialects import insert
from aiops_platform.storage.schema import dictionaries, moment

# With a dictionary, level 9 takes seven times as long and saves nothing; see ADR 29.
_LEVEL: Final = 3
# Half of it makes events a tenth longer, twice as much makes them no shorter.
_SIZE: Final = 32 * 1024
# Training counts what comes often in tables of so many bits: 4 MB of memory for a moment instead of 13 with zstd's own
# choice, and events are as short.
_TABLE: Final = 16
_FIRST_SINCE: Final = moment(0)
# The first one is older than any that was trained here.
_NEWEST: Final = (
    select(dictionaries.c.id)
    .where((dictionaries.c.project_id == bindparam("project")) | dictionaries.c.project_id.is_(None))
    .order_by(dictionaries.c.made_at.desc(), dictionaries.c.id)
    .limit(1)
)


class DamagedBodyError(PlatformError):
    """A body that is kept cannot be had back: the file is damaged."""


class Bodies:
    """Packs and opens bodies. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._dictionaries: dict[int, zstandard.ZstdCompressionDict] = {}
        self._compressors: dict[int, zstandard.ZstdCompressor] = {}

    def pack(self, connection: Connection, project_id: int, bodies: Sequence[bytes]) -> tuple[int, list[bytes]]:
        """The bodies packed with the project's newest dictionary, and its id; to be written in the same transaction."""
        known = _newest(connection, project_id) or self.add_first(connection)
        with self._lock:
            compressor = self._compressors.get(known)
        if compressor is None:
            compressor = zstandard.ZstdCompressor(
                level=_LEVEL, dict_data=self._dictionary(connection, known), write_dict_id=False
            )
        with self._lock:
            self._compressors[known] = compressor
            return known, [compressor.compress(body) for body in bodies]

    def open(self, connection: Connection, dictionary_id: int | None, packed: bytes) -> bytes:
        """A body as it was before it was packed. Those without a dictionary are of an earlier program's making.

        Raises DamagedBodyError.
        """
        try:
            if dictionary_id is None:
                return zlib.decompress(packed)
            opener = zstandard.ZstdDecompressor(dict_data=self._dictionary(connection, dictionary_id))
            return opener.decompress(packed)
        except (zlib.error, zstandard.ZstdError, NoResultFound) as cause:
            raise DamagedBodyError(f"The event's body cannot be unpacked: {cause}") from cause

    def _dictionary(self, connection: Connection, dictionary_id: int) -> zstandard.ZstdCompressionDict:
        with self._lock:
            known = self._dictionaries.get(dictionary_id)
        if known is None:
            content = connection.execute(
                select(dictionaries.c.content).where(dictionaries.c.id == dictionary_id)
            ).scalar_one()
            known = zstandard.ZstdCompressionDict(content)
            known.precompute_compress(level=_LEVEL)
            with self._lock:
                self._dictionaries[dictionary_id] = known
        return known

    @staticmethod
    def add_first(connection: Connection) -> int:
        """Sees that the one that comes with the program is there; returns its id."""
        content = files(__package__).joinpath("first.dictionary").read_bytes()
        return add(connection, content, project_id=None, at=_FIRST_SINCE, up_to=0)


def add(connection: Connection, content: bytes, *, project_id: int | None, at: datetime, up_to: int) -> int:
    """Keeps a dictionary for a project, or for every one that has none of its own; returns its id."""
    dictionary_id = int.from_bytes(blake2b(content, digest_size=4).digest(), "big")
    connection.execute(
        insert(connection, dictionaries)
        .values(id=dictionary_id, project_id=project_id, made_at=at, up_to=up_to, content=content)
        .on_conflict_do_nothing()
    )
    return dictionary_id


def trained(samples: Sequence[bytes]) -> bytes:
    """A dictionary made of what these bodies have in common. Takes a fraction of a second; raises ZstdError for too few."""
    made = zstandard.train_dictionary(_SIZE, list(samples), level=_LEVEL, f=_TABLE)
    return bytes(made.as_bytes())


def _newest(connection: Connection, project_id: int) -> int | None:
    return connection.execute(_NEWEST, {"project": project_id}).scalar_one_or_none()
