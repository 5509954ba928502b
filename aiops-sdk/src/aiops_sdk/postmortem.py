"""Why a process that no longer lives ended, as far as what it left can prove, and the event that tells of it.

The rule is that nothing is reported that may have been meant: a stop, a reload, a developer's Ctrl-C. Better to miss a
death than to invent one. ADR 17.
"""

from __future__ import annotations

import hashlib
import os
import re

from aiops_sdk import machine
from aiops_sdk.calls import is_in_app
from aiops_sdk.delivery.journal import an_object, moment
from aiops_sdk.event import EXCEPTION
from aiops_sdk.frozen import Frozen
from aiops_sdk.steps.truncating import STACK_TRACE, cut_middle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Optional, Tuple, Union

    from aiops_sdk.delivery.journal import Remains
    from aiops_sdk.machine import Kills


#: A process that was told to stop may take this many seconds, and is still not said to have died.
STOPPING = 3_600.0
#: One that gave a sign of life this many seconds after what was noted as its crash has survived it.
SURVIVED = 60.0

OUT_OF_MEMORY = "OutOfMemoryKilled"
RESTARTED = "MachineRestarted"
VANISHED = "ProcessVanished"

_THREADS = 50
_THREAD_TEXT = 4_096

_FATAL = re.compile(r"^Fatal Python error: (.*)$", re.MULTILINE)
_THREAD = re.compile(r"^(Current thread|Thread) (0x[0-9a-f]+)[^\n]*:$", re.MULTILINE)
_CALL = re.compile(r'^  File "(.*)", line (\d+|\?+) in (.*)$', re.MULTILINE)
_WORD = re.compile(r"[A-Za-z0-9]+")


class Crash(Frozen):
    """It crashed in C. ``calls`` (file, line, function), oldest first, are those of the thread that did."""

    error_type: str
    message: str
    at: float
    calls: Tuple[Tuple[str, Optional[int], str], ...]
    dump: str
    threads: Dict[str, str]


class Vanished(Frozen):
    """It ended without a word. ``at`` is its last sign of life."""

    error_type: str
    message: str
    at: float


class Surroundings(Frozen):
    """Where the judge stands."""

    host: str
    boot_id: Optional[str]
    kills: Optional[Kills]


def surroundings() -> Surroundings:
    """Those of this process."""
    return Surroundings(os.uname().nodename, machine.boot_id(), machine.memory_kills())


def verdict(remains: Remains, here: Surroundings) -> Union[Crash, Vanished, None]:
    """What its end was, or None if it was a clean one, or may have been meant, or nothing can be said."""
    if remains.ended or remains.replaced:
        return None
    last_sign = remains.last_sign
    if remains.fault_at is not None and remains.fault_at > last_sign - SURVIVED:
        crash = _crash(remains.fault, remains.fault_at)
        if crash is not None:
            return crash
    if _may_be_meant(remains, last_sign):
        return None
    error_type = _way_of_vanishing(remains, here)
    return None if error_type is None else Vanished(error_type, _in_words(error_type, remains), last_sign)


def body_of(found: Union[Crash, Vanished], remains: Remains) -> Dict[str, object]:
    """The wire's body of the event that tells of it. Two who find the same make one event: its id is the instance's."""
    contexts = an_object(remains.head.get("contexts"))
    contexts["process"] = {**an_object(contexts.get("process")), **_known_of(remains)}
    body = dict(remains.head)
    body.update(
        timestamp=int(found.at),
        signal_type=EXCEPTION,
        source="process",
        status_code=500,
        request_path=None,
        error_type=found.error_type,
        message=found.message,
        stack_trace="",
        event_id=event_id_of(remains.instance_id),
        occurred_at=moment(found.at),
        level="critical",
        contexts=contexts,
    )
    if isinstance(found, Crash):
        body["stack_trace"] = found.dump
        body["exceptions"] = [_exception(found)]
        if found.threads:
            contexts["threads"] = found.threads
    return body


def event_id_of(instance_id: str) -> str:
    """The id of the event that tells of a process's death: a UUID (version 5) made from the process's own."""
    raw = bytearray(hashlib.sha256(b"aiops death of " + instance_id.encode("utf-8", "replace")).digest()[:16])
    raw[6] = (raw[6] & 0x0F) | 0x50
    raw[8] = (raw[8] & 0x3F) | 0x80
    text = raw.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _may_be_meant(remains: Remains, last_sign: float) -> bool:
    told_to_stop = remains.signal_at is not None and remains.signal_at > last_sign - STOPPING
    # A copy of the folder says nothing of the process, which may live where it was copied from.
    return told_to_stop or remains.is_copy


def _way_of_vanishing(remains: Remains, here: Surroundings) -> Optional[str]:
    boot_id = remains.process.boot_id if remains.process is not None else None
    if boot_id is None or here.boot_id is None:
        return None
    if boot_id == here.boot_id and _was_short_of_memory(remains.kills, here.kills):
        return OUT_OF_MEMORY
    # From here on the only evidence is that nothing was noted: it must be known that something would have been.
    if not remains.sees_stops:
        return None
    if boot_id == here.boot_id:
        return VANISHED
    return RESTARTED if remains.head.get("host") == here.host else None


def _was_short_of_memory(before: Optional[Kills], now: Optional[Kills]) -> bool:
    return before is not None and now is not None and before.group == now.group and now.killed > before.killed


def _in_words(error_type: str, remains: Remains) -> str:
    if error_type == OUT_OF_MEMORY:
        said = "The process was killed because memory ran out"
    elif error_type == RESTARTED:
        said = "The process ended without a word, and the machine has started anew since (or is another one)"
    else:
        said = "The process ended without a word: SIGKILL, or out of memory"
    if remains.memory is None:
        return said
    return "{}; at its last sign of life it used {} MiB".format(said, remains.memory // 1_048_576)


def _known_of(remains: Remains) -> Dict[str, object]:
    known: Dict[str, object] = {
        "instance_id": remains.instance_id,
        "started_at": moment(remains.opened_at),
        "last_sign_at": moment(remains.last_sign),
    }
    if remains.process is not None:
        known["pid"] = remains.process.pid
    if remains.memory is not None:
        known["memory_bytes"] = remains.memory
    return known


# What faulthandler writes.


def _crash(text: str, at: float) -> Optional[Crash]:
    fatal = _FATAL.search(text)
    if fatal is None:
        return None
    following = _FATAL.search(text, fatal.end())
    dump = text[fatal.start() : following.start() if following is not None else len(text)].rstrip()
    current, others = _threads(dump)
    calls = [
        (call.group(1), int(call.group(2)) if call.group(2).isdigit() else None, call.group(3))
        for call in _CALL.finditer(current)
    ]
    return Crash(
        error_type=_name_of(fatal.group(1)),
        message=fatal.group(0),
        at=at,
        calls=tuple(reversed(calls)),
        dump=cut_middle("{}\n\n{}".format(fatal.group(0), current).rstrip() if current else dump, STACK_TRACE),
        threads=others,
    )


def _threads(dump: str) -> Tuple[str, Dict[str, str]]:
    """The part of the thread that crashed, and those of the others by their ids."""
    heads = list(_THREAD.finditer(dump))
    current = ""
    others: Dict[str, str] = {}
    for index, head in enumerate(heads):
        end = heads[index + 1].start() if index + 1 < len(heads) else len(dump)
        # What follows the last one, after an empty line, is a list of modules.
        part = dump[head.start() : end].partition("\n\n")[0].rstrip()
        if head.group(1) != "Thread":
            current = part
        elif len(others) < _THREADS and not _is_ours(part):
            others[head.group(2)] = part[:_THREAD_TEXT]
    return current, others


def _is_ours(part: str) -> bool:
    """Whether a thread is the SDK's own: those begin in ``_safety.start_thread``, and tell nothing of the program."""
    calls = [call.group(1) for call in _CALL.finditer(part)]
    return bool(calls) and calls[-1].replace("\\", "/").endswith("/aiops_sdk/_safety.py")


def _name_of(said: str) -> str:
    """As Python would name it: "Segmentation fault" is SegmentationFault."""
    words = _WORD.findall(said.partition(":")[0])[:6]
    return "".join(word[:1].upper() + word[1:] for word in words) or "FatalError"


def _exception(crash: Crash) -> Dict[str, object]:
    frames = [
        {"file": file, "function": function, "module": None, "line": line, "in_app": is_in_app(file)}
        for file, line, function in crash.calls
    ]
    return {"type": crash.error_type, "module": None, "value": crash.message, "notes": [], "frames": frames}
