"""How pages and the shell say fixes: how one stands, with what it was asked, what the service told of it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from aiops_platform.core.fixing.fix import Fix, FixState, Proof, Way
from aiops_platform.core.fixing.policy import FixPolicy, Mode, param_as_text
from aiops_platform.ports.fixing import Effect
from aiops_platform.web import words
from aiops_platform.web.cut import shortened_text, visible

# Of what a fixer returned and logged; all of it is in the API.
_LONGEST_PART: Final = 6_000
_TITLES: Final[Mapping[str, str]] = {
    "error": "It failed with",
    "value": "It returned",
    "log": "What it logged meanwhile",
    "stack_trace": "The end of the traceback",
}
_STATES: Final[Mapping[FixState, tuple[str, str]]] = {
    FixState.SUGGESTED: ("Suggested", "back"),
    FixState.WAITING: ("Waits for a yes", "back"),
    FixState.QUEUED: ("Queued", ""),
    FixState.SENT: ("Sent", ""),
    FixState.RUNNING: ("Running", ""),
    FixState.SUCCEEDED: ("Succeeded", "resolved"),
    FixState.FAILED: ("Failed", "open"),
    FixState.TIMED_OUT: ("Took too long", "open"),
    FixState.INTERRUPTED: ("Interrupted", "open"),
    FixState.BUSY: ("Was busy", ""),
    FixState.REFUSED: ("Refused", "open"),
    FixState.UNKNOWN: ("Fate unknown", "open"),
    FixState.EXPIRED: ("Expired", ""),
    FixState.DECLINED: ("Declined", ""),
    FixState.CANCELLED: ("Cancelled", ""),
}
_PROOFS: Final[Mapping[Proof, tuple[str, str]]] = {
    Proof.WATCHING: ("Done, being watched", "back"),
    Proof.MENDED: ("Mended", "resolved"),
    Proof.NOT_MENDED: ("Not mended", "open"),
    Proof.UNPROVEN: ("Done, not proven", ""),
}
_MEANINGS: Final[Mapping[FixState, str]] = {
    FixState.SUGGESTED: "a policy says that this could help; nothing runs until somebody says yes",
    FixState.WAITING: "a policy would run this, and asks first",
    FixState.QUEUED: "it waits for its turn, or for a heartbeat that takes it along",
    FixState.SENT: "it was sent; the service has not said yet that it runs",
    FixState.RUNNING: "the service has said that it runs",
    FixState.SUCCEEDED: "the fixer returned",
    FixState.FAILED: "the fixer raised",
    FixState.TIMED_OUT: "the fixer had not ended in time, and may go on",
    FixState.INTERRUPTED: "its process died after it had begun; it is not run again",
    FixState.BUSY: "a fixer of this name was running already; this one was not begun, and never will be",
    FixState.REFUSED: "the service did not take the request, or it could not be sent at all; nothing was done",
    FixState.UNKNOWN: "it was sent, and nobody has told what became of it; it is not sent again",
    FixState.EXPIRED: "it could not be sent in time, and so was not done",
    FixState.DECLINED: "somebody said no",
    FixState.CANCELLED: "it was taken back before it was sent",
}
_PROOF_MEANINGS: Final[Mapping[Proof, str]] = {
    Proof.WATCHING: "the fixer returned; now it shows whether the problem stays away",
    Proof.MENDED: "the problem has not come back, though it could have",
    Proof.NOT_MENDED: "the problem has come back after it",
    Proof.UNPROVEN: "the problem has not come back, but nothing tells that it would have",
}
MODES: Final[Mapping[Mode, str]] = {
    Mode.SUGGEST: "suggest it: on the incident's page, with one click",
    Mode.ASK: "ask first: it waits until somebody says yes",
    Mode.AUTOMATIC: "run it by itself, within the guard rails",
}
_MODES_SHORT: Final[Mapping[Mode, str]] = {Mode.SUGGEST: "suggests", Mode.ASK: "asks", Mode.AUTOMATIC: "runs"}


@dataclass(frozen=True)
class Standing:
    """How a fix stands: its word, the colour of its pill (that of an incident's state, or none), and what it means."""

    word: str
    tone: str
    means: str


def standing(fix: Fix) -> Standing:
    """By its proof where there is one."""
    if fix.proof is not None:
        return Standing(*_PROOFS[fix.proof], _PROOF_MEANINGS[fix.proof])
    return Standing(*_STATES[fix.state], _MEANINGS[fix.state])


def params(given: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """Parameters as name and text; a text that could be taken for a field of the event stands in quotes."""
    return [(name, _value(value)) for name, value in given.items()]


def params_written(given: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """A policy's parameters as its form takes them: `=tag.pool` is a field of the event."""
    return [(name, _written(value)) for name, value in given.items()]


def told(result: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the service told of a run, as title and text; shortened."""
    for name, title in _TITLES.items():
        said = result.get(name)
        if said is None or said == "":
            continue
        text = said if isinstance(said, str) else msgspec.json.format(msgspec.json.encode(said)).decode()
        yield title, shortened_text(visible(text), _LONGEST_PART)


def way(fix: Fix) -> str:
    """How it came to the service."""
    match fix.way:
        case Way.PUSHED:
            return "pushed to the service's address"
        case Way.CARRIED:
            return "taken along by a heartbeat"
        case _:
            return ""


def mode(value: Mode) -> str:
    """What a policy does, in a word."""
    return _MODES_SHORT[value]


def rails(policy: FixPolicy) -> Sequence[str]:
    """Within which guard rails a policy acts."""
    said = [
        f"at most {policy.per_hour} an hour, {policy.per_day} a day",
        f"again after {words.took(policy.cool_down)} at the earliest" if policy.cool_down else "again at once",
        f"{policy.at_once} at a time",
    ]
    if policy.environments:
        said.append(f"only in {', '.join(policy.environments)}")
    if policy.stop_after_failure:
        said.append("stops after a failure")
    said.append(f"watched for {words.took(policy.watch)}{', then resolved' if policy.resolve else ''}")
    return said


def effect(known: Effect | None) -> str:
    """What came of a fixer so far, in a line."""
    if known is None or not known.tried:
        return "never tried yet"
    said = [f"tried {words.many(known.tried, 'time')}", f"{known.mended:,} mended"]
    said += [
        f"{number:,} {word}" for number, word in ((known.not_mended, "not mended"), (known.failed, "failed")) if number
    ]
    if known.median is not None:
        said.append(f"takes {words.took(known.median)}")
    return ", ".join(said)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return visible(f"{value.get('from', '')} of the newest event")
    if isinstance(value, str):
        return visible(f'"{value}"' if value.startswith("=") else value)
    return msgspec.json.encode(value).decode()


def _written(value: Any) -> str:
    if isinstance(value, Mapping):
        return visible(f"={value.get('from', '')}")
    return visible(param_as_text(value)) if isinstance(value, str) else _value(value)
