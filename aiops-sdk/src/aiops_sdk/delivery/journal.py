"""What a process had captured and not yet delivered, kept where its sudden death cannot take it.

One file for each process: a page of state, who speaks, and slots for stubs (the least that is worth telling). It is
mapped into memory, so that writing a stub is a copy, and what was copied outlives SIGKILL. It is also the marker that a
clean end removes, and, by a lock that goes with the process, the proof that its owner lives. ADR 17.
"""

from __future__ import annotations

import atexit
import errno
import itertools
import json
import os
import time
from datetime import datetime, timezone

from aiops_sdk import machine
from aiops_sdk.calls import is_in_app
from aiops_sdk.event import EXCEPTION, rfc3339
from aiops_sdk.frozen import Frozen
from aiops_sdk.machine import Kills, Process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mmap import mmap
    from typing import Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

JOURNAL = ".journal"
FAULT = ".fault"
SIGNAL = ".signal"
_UNFINISHED = ".journal-new"

#: As many as can wait at once: a full buffer, and a summary for each key whose repeats are counted.
SLOTS = 2_048
# Eight to a page: a stub is 150 to 450 bytes.
SLOT = 512

# The first page: words that never change, then what does.
_PAGE = 4_096
_MAGIC = int.from_bytes(b"aiopsj01", "big")
_STATE_AT = 64
_ALIVE_AT = 256
_ALIVE = 256
_RUNNING = ord("R")
_ENDED = ord("E")

# The words of a slot, 8 bytes each, then its text. One store of the first makes the slot whole, or empty.
_WHOLE, _COUNT, _LAST, _AT, _FIRST, _FACTS = range(6)
_SUMMED = 24
_TEXT = 48
_ROOM = SLOT - _TEXT
_STAMP = 1 << 63
# In the word of facts, above the line (40 bits) and the status (12 bits).
_CUT, _PLACED, _ON_PATH = 1 << 52, 1 << 53, 1 << 54

# Characters. In a path of the file system the end tells most.
_TYPE, _FILE, _FUNCTION, _PATH, _WORD = 64, 96, 48, 64, 16

_LONGEST_HEAD = 65_536
_LONGEST_NOTE = 262_144
# Room that must be free beyond ours: where a file system copies on writing, nothing can be reserved for certain.
_SPARE = 32 * 1024 * 1024

# A machine that cannot see another one's locks must not declare its processes dead.
PATIENCE = 600.0
# A process that lost its lock, but beat this recently, lives.
RECENT = 90.0


class Stub(Frozen):
    """The least that is worth telling of a capture. Its texts are scrubbed already; ``at`` is Unix time in seconds."""

    event_id: str
    at: float
    signal_type: str
    level: str
    source: str
    error_type: str
    message: str
    place: Optional[Tuple[str, int, str]] = None
    request_path: Optional[str] = None
    status_code: Optional[int] = None
    repeat_count: int = 1
    first_at: Optional[float] = None
    last_at: Optional[float] = None
    #: Whether the message was longer.
    cut: bool = False


class Journal:
    """The journal of this process. Any thread may write, also in a ``__del__`` in the middle of another write."""

    def __init__(self, path: str, file: int, mapped: mmap, slots_at: int) -> None:
        from binascii import crc32

        self.path = path
        self._pid = os.getpid()
        self._file = file
        self._identity = _identity(file)
        self._slots_at = slots_at
        self._mapped: Optional[mmap] = mapped
        self._bytes = memoryview(mapped)
        # Through these views each word is one store.
        self._words = self._bytes.cast("Q")
        self._times = self._bytes.cast("d")
        self._crc32 = crc32
        # Slots that were used before come first: fewer pages stay in memory.
        self._free: List[int] = []
        self._fresh = itertools.count()

    @classmethod
    def open(cls, folder: str, head: Mapping[str, object]) -> Optional[Journal]:
        """A journal in ``folder`` for the process that ``head`` (``Origin.to_wire``) tells of.

        None where there can be none: no such lock or mapping on this system, a folder that cannot be written, a full disk.
        """
        instance = head.get("instance")
        name = instance.get("id") if isinstance(instance, dict) else None
        if not isinstance(name, str) or not name or os.sep in name:
            return None
        try:
            return cls._made(os.path.join(folder, name), head)
        except (ImportError, OSError, ValueError, OverflowError):
            return None

    @classmethod
    def _made(cls, path: str, head: Mapping[str, object]) -> Journal:
        import fcntl
        import mmap

        # Under its name it is seen by others, so it must be locked before.
        unfinished = path + _UNFINISHED
        file = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            slots_at = _begin(file, head)
            mapped = mmap.mmap(file, slots_at + SLOTS * SLOT)
            os.rename(unfinished, path + JOURNAL)
        except BaseException:
            os.close(file)
            _remove(unfinished)
            raise
        return cls(path + JOURNAL, file, mapped, slots_at)

    def beside(self, ending: str) -> str:
        """The path of another file of this process, which ``Remains`` knows by its ending."""
        return self.path[: -len(JOURNAL)] + ending

    def remove_notes(self) -> None:
        """Nothing was noted that anybody needs."""
        for ending in (FAULT, SIGNAL):
            _remove(self.beside(ending))

    def write(self, stub: Stub) -> Optional[int]:
        """Keep a stub; the number of its slot, or None when there is no room. A copy in memory, no call of the system."""
        if self._mapped is None:
            return None
        try:
            slot = self._free.pop()
        except IndexError:
            slot = next(self._fresh)
            if slot >= SLOTS:
                return None
        try:
            self._fill(slot, stub)
        except (ValueError, TypeError, OverflowError):
            # Closed meanwhile, or something in it is not what it should be.
            self._free.append(slot)
            return None
        return slot

    def _fill(self, slot: int, stub: Stub) -> None:
        text, facts = _text(stub)
        at = self._slots_at + slot * SLOT
        word = at >> 3
        words, times = self._words, self._times
        words[word + _COUNT] = stub.repeat_count
        times[word + _LAST] = stub.last_at or 0.0
        times[word + _AT] = stub.at
        times[word + _FIRST] = stub.first_at or 0.0
        words[word + _FACTS] = facts
        end = at + _TEXT + len(text)
        self._bytes[at + _TEXT : end] = text
        words[word] = _STAMP | len(text) << 32 | self._crc32(self._bytes[at + _SUMMED : end])

    def recount(self, slot: int, count: int, last_at: float) -> None:
        """The stub in ``slot`` stands for ``count`` occurrences now, the last one at ``last_at``. Each is one store."""
        if self._mapped is None:
            return
        try:
            word = (self._slots_at + slot * SLOT) >> 3
            self._times[word + _LAST] = last_at
            self._words[word + _COUNT] = count
        except ValueError:
            return

    def erase(self, slot: int) -> None:
        """Its fate is decided. Once for each slot that ``write`` gave: the slot is somebody else's at once."""
        if self._mapped is None:
            return
        try:
            self._words[(self._slots_at + slot * SLOT) >> 3] = 0
        except ValueError:
            return
        self._free.append(slot)

    def alive(
        self,
        now: float,
        memory: Optional[int] = None,
        kills: Optional[Kills] = None,
        *,
        sees_stops: bool = False,
    ) -> None:
        """A sign of life. ``sees_stops``: whether a stop from outside would leave a trace; without, a death proves little.

        A call of the system, unlike the rest: it happens in healthy programs too, in a thread of ours, and a copy into
        memory that a busy disk holds up would hold up every thread.
        """
        counted = None if kills is None else (kills.group, kills.killed)
        said = {"at": now, "memory": memory, "kills": counted, "sees_stops": sees_stops}
        text = json.dumps(said, separators=(",", ":")).encode("ascii")
        if self._mapped is None or len(text) + 10 > _ALIVE:
            return
        line = b"%08x " % self._crc32(text) + text + b"\n"
        try:
            if self._is_ours():
                os.pwrite(self._file, line.ljust(_ALIVE), _ALIVE_AT)
        except OSError:
            return

    def ending(self, really: bool = True) -> None:
        """The program ends itself in a way that runs nothing of ours: no death. ``really=False``: it did not, after all."""
        if self._pid != os.getpid():
            # A child that was forked past Python, which shares the mapping.
            return
        try:
            self._bytes[_STATE_AT] = _ENDED if really else _RUNNING
        except ValueError:
            return

    def end(self) -> None:
        """A clean end. The file goes, or, where something in it has still to be told, stays for the next start."""
        if self._mapped is None:
            return
        self.ending()
        words, first, step = self._words, self._slots_at >> 3, SLOT >> 3
        # No further than was ever written: reading a page puts it into memory.
        if not any(words[first + slot * step] for slot in range(min(next(self._fresh), SLOTS))):
            _remove(self.path)
        self.abandon()

    def abandon(self) -> None:
        """Let go, and change nothing: in a forked child it is the parent's."""
        mapped, self._mapped = self._mapped, None
        if mapped is None:
            return
        if not self._is_ours():
            # The mapping holds a descriptor, too, and would close whatever has its number now: keep it to the end.
            atexit.register(mapped.__len__)
            return
        try:
            for view in (self._words, self._times, self._bytes):
                view.release()
            mapped.close()
        except BufferError:
            pass  # Another thread is just writing; it goes with the last view.
        os.close(self._file)

    def _is_ours(self) -> bool:
        """False where the host closed all descriptors, as daemons do: the number may be another file's by now."""
        return _identity(self._file) == self._identity


def _identity(file: int) -> Optional[Tuple[int, int]]:
    try:
        status = os.fstat(file)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _begin(file: int, head: Mapping[str, object]) -> int:
    """Reserve the room, write what never changes, and return where the slots begin."""
    from binascii import crc32

    own = machine.this_process()
    facts = {"file": os.fstat(file).st_ino, "opened_at": time.time(), "process": vars(own)}
    text = json.dumps({"head": head, "facts": facts}, separators=(",", ":")).encode("ascii")
    if len(text) > _LONGEST_HEAD:
        raise ValueError("The head is too long.")
    slots_at = _PAGE + -(-len(text) // _PAGE) * _PAGE
    _reserve(file, slots_at + SLOTS * SLOT)
    words = (_MAGIC, slots_at, len(text), crc32(text), SLOTS, SLOT)
    os.pwrite(file, _native(words), 0)
    os.pwrite(file, bytes([_RUNNING]), _STATE_AT)
    os.pwrite(file, text, _PAGE)
    return slots_at


def _native(words: Sequence[int]) -> bytes:
    """As views of words read them."""
    cells = memoryview(bytearray(8 * len(words))).cast("Q")
    for index, word in enumerate(words):
        cells[index] = word
    return cells.tobytes()


def _reserve(file: int, size: int) -> None:
    """Real blocks: writing into a hole of a full disk would be a bus error, and end the host."""
    disk = os.fstatvfs(file)
    if disk.f_bavail * disk.f_frsize < size + _SPARE:
        raise OSError(errno.ENOSPC, "too little room for a journal")
    try:
        os.posix_fallocate(file, 0, size)
    except (AttributeError, OSError) as error:
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        # Not on this system, or not in this file system: write them.
        zeros = b"\0" * 65_536
        for at in range(0, size, len(zeros)):
            part = zeros[: size - at]
            if os.pwrite(file, part, at) != len(part):
                raise OSError(errno.ENOSPC, "too little room for a journal") from error


def _text(stub: Stub) -> Tuple[bytes, int]:
    """The texts of a stub in one piece, the message last and cut to fit, and the word of facts."""
    facts = 0
    file = function = ""
    if stub.place is not None:
        file, line, function = stub.place
        facts = _PLACED | (line & 0xFFFFFFFFFF if line > 0 else 0)
    if stub.request_path is not None:
        facts |= _ON_PATH
    if stub.status_code is not None:
        facts |= (stub.status_code & 0xFFF) << 40
    first = _joined(stub, file, function, 1)
    if len(first) > _ROOM // 4 * 3:
        # Letters of several bytes, nearly everywhere: the message needs its share.
        first = _joined(stub, file, function, 3)
    room = _ROOM - len(first)
    message = stub.message[:room].encode("utf-8", "replace")
    if stub.cut or len(stub.message) > room or len(message) > room:
        facts |= _CUT
    return first + message[:room], facts


def _joined(stub: Stub, file: str, function: str, share: int) -> bytes:
    texts = (
        stub.event_id[:40],
        stub.signal_type[:_WORD],
        stub.level[:_WORD],
        stub.source[:_WORD],
        stub.error_type[: _TYPE // share],
        file[-_FILE // share :],
        function[: _FUNCTION // share],
        "" if stub.request_path is None else stub.request_path[: _PATH // share],
        "",
    )
    joined = "\0".join(texts)
    if joined.count("\0") != len(texts) - 1:
        joined = "\0".join([text.replace("\0", " ") for text in texts])
    return joined.encode("utf-8", "replace")


# What the dead left.


class Remains:
    """What a process left that no longer lives. The caller's alone until ``done``, or until it asks for the next one."""

    def __init__(self, path: str, content: bytes, modified: float) -> None:
        self.path = path
        #: Of the process; its files are named by it.
        self.instance_id = os.path.basename(path)[: -len(JOURNAL)]
        told, state = _read_first(content)
        #: What every body of the process begins with; empty where the file is damaged.
        self.head: Dict[str, object] = an_object(told.get("head"))
        facts = an_object(told.get("facts"))
        self.process = _process(an_object(facts.get("process")))
        self.file = facts.get("file")
        self.opened_at = _float(facts.get("opened_at")) or modified
        self.ended = state == _ENDED
        alive = _read_alive(content)
        self.alive_at = _float(alive.get("at")) or self.opened_at
        self.memory = _whole_number(alive.get("memory"))
        self.kills = _kills(alive.get("kills"))
        self.sees_stops = alive.get("sees_stops") is True
        self.stubs: List[Stub] = list(_read_stubs(content))
        #: Whether its process lives on as another program (``exec``).
        self.replaced = False
        #: Whether it is not the file that the process wrote, but a copy.
        self.is_copy = False
        #: What was written as it crashed, and when (Unix time).
        self.fault, self.fault_at = _note(self.beside(FAULT))
        #: What was written when it was told to stop, and when.
        self.signal, self.signal_at = _note(self.beside(SIGNAL))
        self._file: Optional[int] = None

    @property
    def last_sign(self) -> float:
        """The latest time (Unix) at which it lived for certain."""
        return max([self.alive_at] + [max(stub.at, stub.last_at or 0.0) for stub in self.stubs])

    def beside(self, ending: str) -> str:
        """The path of another file of this process."""
        return self.path[: -len(JOURNAL)] + ending

    def done(self) -> None:
        """Everything in it has been told or kept elsewhere: remove its files."""
        if self._file is None:
            return
        for ending in (FAULT, SIGNAL):
            _remove(self.beside(ending))
        # A file that cannot be removed shall at least say nothing any more.
        if not _remove(self.path):
            try:
                os.ftruncate(self._file, 0)
            except OSError:
                pass
        self.leave()

    def leave(self) -> None:
        """Let another process, or a later look, have it."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


def dead(folder: str, own: Optional[str] = None) -> Iterator[Remains]:
    """What processes left that no longer live, one after the other, each for one taker at a time on this machine.

    ``own`` is the instance id of the calling process, whose file is never opened: that would cost it its lock. One thread
    of a process at a time. What is not ``done`` when the next is asked for is found again by the next look.
    """
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    for name in names:
        if name.endswith(JOURNAL) and name != "{}{}".format(own, JOURNAL):
            remains = _claim(os.path.join(folder, name))
            if remains is not None:
                try:
                    yield remains
                finally:
                    remains.leave()
        elif name.endswith((_UNFINISHED, FAULT, SIGNAL)):
            _sweep(folder, name)


def _claim(path: str) -> Optional[Remains]:
    try:
        import fcntl

        file = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except (ImportError, OSError):
        return None
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        status = os.fstat(file)
        if status.st_nlink:
            remains = Remains(path, os.pread(file, _PAGE + _LONGEST_HEAD + SLOTS * SLOT, 0), status.st_mtime)
            if _is_dead(remains, status.st_ino):
                remains._file, file = file, -1
                return remains
    except OSError:
        return None
    finally:
        if file >= 0:
            os.close(file)
    return None


def _is_dead(remains: Remains, inode: int) -> bool:
    """Whether it may be taken: its lock could be, which is proof but for the cases here."""
    process, own = remains.process, machine.this_process()
    remains.is_copy = remains.file != inode
    silent_for = time.time() - remains.alive_at
    if process is None or process.boot_id is None:
        return True
    if process.boot_id != own.boot_id:
        # Another machine, perhaps, whose locks are not seen here.
        return silent_for > PATIENCE or remains.head.get("host") == os.uname().nodename
    if remains.is_copy or process.pid_namespace != own.pid_namespace:
        return True
    if process.started is not None and process.started == machine.started(str(process.pid)):
        remains.replaced = True
        return process.pid == own.pid or silent_for > RECENT
    return True


def _sweep(folder: str, name: str) -> None:
    """Remove what a process left that died between two steps. What belongs to a journal stays as long as that does."""
    path = os.path.join(folder, name)
    beside = path[: path.rindex(".")] + JOURNAL
    try:
        if not os.path.exists(beside) and time.time() - os.stat(path).st_mtime > PATIENCE:
            os.unlink(path)
    except OSError:
        return


def _remove(path: str) -> bool:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _note(path: str) -> Tuple[str, Optional[float]]:
    """The text of a small file and when it was last written; empty if there is none."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return "", None
    try:
        text = os.read(file, _LONGEST_NOTE).decode("utf-8", "replace")
        return text, os.fstat(file).st_mtime if text else None
    except OSError:
        return "", None
    finally:
        os.close(file)


# Reading what may be damaged: whatever does not add up is left out.


def _read_first(content: bytes) -> Tuple[Mapping[str, object], int]:
    """The head with its facts, and the state."""
    words = _words(content[: 8 * 4])
    if len(words) < 4 or words[0] != _MAGIC or len(content) <= _STATE_AT:
        return {}, 0
    text = content[_PAGE : _PAGE + min(words[2], _LONGEST_HEAD)]
    return _checked(text, words[3]), content[_STATE_AT]


def _read_alive(content: bytes) -> Mapping[str, object]:
    sum_of, _, text = content[_ALIVE_AT : _ALIVE_AT + _ALIVE].rstrip().partition(b" ")
    try:
        return _checked(text, int(sum_of, 16))
    except ValueError:
        return {}


def _read_stubs(content: bytes) -> Iterator[Stub]:
    words = _words(content[: 8 * 2])
    if len(words) < 2 or words[0] != _MAGIC:
        return
    first, last = words[1], min(words[1] + SLOTS * SLOT, len(content) - SLOT + 1)
    if first % 8 or first >= last:
        return
    # Most are empty.
    for index, word in enumerate(_words(content)[first // 8 : -(-last // 8) : SLOT // 8]):
        if word:
            at = first + index * SLOT
            stub = _read_stub(content[at : at + SLOT])
            if stub is not None:
                yield stub


def _read_stub(slot: bytes) -> Optional[Stub]:
    from binascii import crc32

    words = _words(slot[:_TEXT])
    times = memoryview(slot)[:_TEXT].cast("d")
    length = words[_WHOLE] >> 32 & 0x7FFFFFFF
    if length > _ROOM or words[_WHOLE] & 0xFFFFFFFF != crc32(slot[_SUMMED : _TEXT + length]):
        return None
    texts = slot[_TEXT : _TEXT + length].decode("utf-8", "ignore").split("\0", 8)
    if len(texts) != 9:
        return None
    event_id, signal_type, level, source, error_type, file, function, path, message = texts
    facts = words[_FACTS]
    return Stub(
        event_id=event_id,
        at=times[_AT],
        signal_type=signal_type,
        level=level,
        source=source,
        error_type=error_type,
        message=message,
        place=(file, facts & 0xFFFFFFFFFF, function) if facts & _PLACED else None,
        request_path=path if facts & _ON_PATH else None,
        status_code=facts >> 40 & 0xFFF or None,
        repeat_count=max(1, words[_COUNT]),
        first_at=times[_FIRST] or None,
        last_at=times[_LAST] or None,
        cut=bool(facts & _CUT),
    )


def _words(content: bytes) -> Sequence[int]:
    return memoryview(content[: len(content) // 8 * 8]).cast("Q")


def _checked(text: bytes, sum_of: int) -> Mapping[str, object]:
    from binascii import crc32

    if crc32(text) != sum_of:
        return {}
    try:
        return an_object(json.loads(text))
    except ValueError:
        return {}


def an_object(value: object) -> Dict[str, object]:
    """The value, if it is an object of JSON; else an empty one."""
    return {str(name): part for name, part in value.items()} if isinstance(value, dict) else {}


def _float(value: object) -> Optional[float]:
    return float(value) if isinstance(value, (int, float)) else None


def _whole_number(value: object) -> Optional[int]:
    return value if isinstance(value, int) else None


def _text_or_none(value: object) -> Optional[str]:
    return value if isinstance(value, str) else None


def _process(facts: Mapping[str, object]) -> Optional[Process]:
    pid = _whole_number(facts.get("pid"))
    if pid is None:
        return None
    return Process(
        pid=pid,
        started=_whole_number(facts.get("started")),
        pid_namespace=_text_or_none(facts.get("pid_namespace")),
        boot_id=_text_or_none(facts.get("boot_id")),
        parent=_whole_number(facts.get("parent")) or 0,
        parent_started=_whole_number(facts.get("parent_started")),
    )


def _kills(value: object) -> Optional[Kills]:
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], int):
        return Kills(value[0], value[1])
    return None


# What is sent of it.


def body_of(stub: Stub, head: Mapping[str, object]) -> Dict[str, object]:
    """The wire's body of an event that only its stub is left of."""
    body = dict(head)
    occurred_at = stub.at if stub.last_at is None else stub.last_at
    body.update(
        timestamp=int(occurred_at),
        signal_type=stub.signal_type,
        source=stub.source,
        status_code=500 if stub.signal_type == EXCEPTION else stub.status_code,
        request_path=stub.request_path,
        error_type=stub.error_type,
        message=stub.message + ("…" if stub.cut else ""),
        stack_trace="",
        event_id=stub.event_id,
        occurred_at=moment(occurred_at),
        level=stub.level,
        contexts={**an_object(head.get("contexts")), "delivery": {"rescued": True, "message_cut": stub.cut}},
    )
    if stub.repeat_count > 1:
        body["repeat_count"] = stub.repeat_count
        body["first_at"] = moment(stub.at if stub.first_at is None else stub.first_at)
        body["last_at"] = moment(occurred_at)
    if stub.place is not None:
        _place(stub, stub.place, body)
    return body


def _place(stub: Stub, place: Tuple[str, int, str], body: Dict[str, object]) -> None:
    file, line, function = place
    frame = {"file": file, "function": function, "module": None, "line": line, "in_app": is_in_app(file)}
    if stub.signal_type != EXCEPTION:
        body["contexts"] = {**an_object(body["contexts"]), "place": {"file": file, "function": function, "line": line}}
        return
    body["exceptions"] = [
        {"type": stub.error_type, "module": None, "value": body["message"], "notes": [], "frames": [frame]}
    ]
    body["stack_trace"] = 'Traceback (most recent call last):\n  File "{}", line {}, in {}\n{}: {}\n'.format(
        file, line, function, stub.error_type, body["message"]
    )


def moment(at: float) -> str:
    """A Unix time as the wire says it; one that cannot be is the first of all."""
    try:
        return rfc3339(datetime.fromtimestamp(at, timezone.utc))
    except (ValueError, OverflowError, OSError):
        return rfc3339(datetime.fromtimestamp(0, timezone.utc))
