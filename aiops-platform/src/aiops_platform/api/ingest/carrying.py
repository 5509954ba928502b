"""Answers to heartbeats: what the platform calls the project, and what the instance that beats is asked to mend.

What is to be carried is known in memory, and looked up anew a few times a second: nearly no beat asks the store.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from aiops_platform.api.ingest import answers
from aiops_platform.api.ingest.answers import Answer
from aiops_platform.core import access
from aiops_platform.core.access import Holder
from aiops_platform.core.event import DEFAULT_ENVIRONMENT, UNKNOWN_SERVICE
from aiops_platform.core.fixing import requests, signing
from aiops_platform.core.text import one_line
from aiops_platform.ports import StoreUnavailableError
from aiops_platform.ports.fixing import CarriedFix, Carrying

_NAME_LIMIT: Final = 200
_MOST_PROJECTS: Final = 1_000
_WRITTEN_DOWN_EVERY: Final = timedelta(minutes=1)
# JSON may write a character as six, and says more beside the bodies.
_AROUND: Final = 1_000

log = logging.getLogger(__name__)

_Place = tuple[int, str, str, str]
_Reporting = tuple[int, str, str, int]


class _Instance(msgspec.Struct):
    id: str = ""


class _Told(msgspec.Struct):
    request: str = ""


class _Beat(msgspec.Struct):
    service: str = ""
    environment: str = ""
    host: str | None = None
    instance: _Instance | None = None
    closing: bool = False
    fixers: tuple[msgspec.Raw, ...] = ()
    fixes: tuple[_Told, ...] = ()


_BEAT: Final = msgspec.json.Decoder(_Beat)


class Carrier:
    """Belongs to one event loop."""

    def __init__(self, carrying: Carrying, *, clock: Callable[[], datetime]) -> None:
        self._carrying = carrying
        self._clock = clock
        self._pending: Mapping[_Place, Sequence[str]] = {}
        self._answers: dict[int, Answer] = {}
        self._reporting: dict[_Reporting, datetime] = {}
        self._written_down: dict[_Reporting, datetime] = {}

    async def answer(self, text: bytes, *, key: str, holder: Holder, now: datetime) -> Answer:
        """To a heartbeat that is on durable storage, and came with this key. Never raises: it has arrived."""
        if self._pending or b'"fixers"' in text:
            try:
                beat = _BEAT.decode(text)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                # In which something is wrong is understood by the digest alone; such a client has no fixers.
                return self._plain(holder.project_id)
            fixes = await self._fixes(beat, key, holder, now)
            if fixes:
                return answers.of_beat(requests.called(holder.project_id), fixes)
        return self._plain(holder.project_id)

    async def look(self) -> None:
        """Looks up what is to be carried. To be called a few times a second. Raises StoreUnavailableError."""
        self._pending = await asyncio.to_thread(self._carrying.pending, self._clock())

    async def write_down_keys(self) -> None:
        """Notes with which keys services that offer fixers report. Raises StoreUnavailableError."""
        due = {place: at for place, at in self._reporting.items() if self._is_worth_a_write(place, at)}
        if due:
            await asyncio.to_thread(self._carrying.note_reporting, due)
            self._written_down |= due
        self._reporting.clear()
        if len(self._written_down) > _MOST_PROJECTS:
            self._written_down.clear()

    def _is_worth_a_write(self, place: _Reporting, at: datetime) -> bool:
        written = self._written_down.get(place)
        return written is None or at - written >= _WRITTEN_DOWN_EVERY

    def _plain(self, project_id: int) -> Answer:
        known = self._answers.get(project_id)
        if known is None:
            if len(self._answers) >= _MOST_PROJECTS:
                self._answers.clear()
            known = self._answers[project_id] = answers.of_beat(requests.called(project_id))
        return known

    async def _fixes(self, beat: _Beat, key: str, holder: Holder, now: datetime) -> list[dict[str, str]]:
        service = one_line(beat.service, _NAME_LIMIT) or UNKNOWN_SERVICE
        environment = one_line(beat.environment, _NAME_LIMIT) or DEFAULT_ENVIRONMENT
        if beat.fixers and not beat.closing:
            self._reporting[holder.project_id, service, environment, holder.id] = now
        instance = ((beat.instance.id if beat.instance else "") or beat.host or "")[:_NAME_LIMIT]
        told = {each.request for each in beat.fixes}
        pending = self._pending.get((holder.project_id, service, environment, instance), ())
        wanted = [each for each in pending if each not in told][: requests.MOST_CARRIED]
        if not wanted or beat.closing:
            return []
        try:
            found = await asyncio.to_thread(self._carrying.carry, wanted, now)
        except StoreUnavailableError as unavailable:
            log.warning("Cannot carry what a service is asked for, its next beat may", extra={"why": unavailable})
            return []
        return _signed(found, access.callback_secret_of(key), now)


def _signed(found: Sequence[CarriedFix], secret: bytes, now: datetime) -> list[dict[str, str]]:
    """As many as one answer may hold; the others are carried by the next one."""
    room, fixes = requests.LARGEST_ANSWER - _AROUND, []
    for each in found:
        body = each.body.encode()
        entry = signing.signed([secret], each.request, int(now.timestamp()), body) | {"body": each.body}
        room -= len(msgspec.json.encode(entry)) + 1
        if room < 0:
            break
        fixes.append(entry)
    return fixes
