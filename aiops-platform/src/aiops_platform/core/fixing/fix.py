"""A fix: one time that a service is asked for one of its fixers, from the asking to what is known of the effect."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from aiops_platform.core.fixing.exercise import Exercise
from aiops_platform.core.people import Actor


class FixState(StrEnum):
    """How a fix stands.

    `SUGGESTED` and `WAITING` wait for somebody to approve them; `QUEUED` waits for its turn, or for a heartbeat that takes
    it along; `SENT` may have arrived. The next ones are told by the service. `UNKNOWN`: it was sent, and nobody has told
    what became of it. `EXPIRED`: it was never sent, and so was not done. `REFUSED` is also
    what can be sent to nobody, as its parameters do not fit.
    """

    SUGGESTED = "suggested"
    WAITING = "waiting"
    QUEUED = "queued"
    SENT = "sent"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    INTERRUPTED = "interrupted"
    BUSY = "busy"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    DECLINED = "declined"
    CANCELLED = "cancelled"


#: What somebody is to decide.
UNDECIDED: Final = frozenset({FixState.SUGGESTED, FixState.WAITING})
#: What may be under way in a service, or was sent there.
UNDER_WAY: Final = frozenset({FixState.SENT, FixState.RUNNING})
#: What is still to come to an end.
UNENDED: Final = UNDECIDED | UNDER_WAY | {FixState.QUEUED}
#: What stops a policy that is to stop after a failure.
FAILURES: Final = frozenset({FixState.FAILED, FixState.TIMED_OUT, FixState.INTERRUPTED, FixState.UNKNOWN})
#: What was not done, and never will be.
UNDONE: Final = frozenset(
    {FixState.BUSY, FixState.REFUSED, FixState.EXPIRED, FixState.DECLINED, FixState.CANCELLED} | UNDECIDED
)


class Way(StrEnum):
    """How a request comes to the service."""

    PUSHED = "pushed"
    CARRIED = "carried"


class Proof(StrEnum):
    """What is known of the effect of a fix that succeeded.

    `UNPROVEN`: it has not come back, and nothing tells that it would have: nobody came by, or the service was not heard.
    """

    WATCHING = "watching"
    MENDED = "mended"
    NOT_MENDED = "not_mended"
    UNPROVEN = "unproven"


@dataclass(frozen=True)
class Wanted:
    """What is asked for: a fixer by its name, with parameters."""

    fixer: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Fix:
    """`id` is None until it is saved; `request` is the id that the service knows, a UUID in small letters.

    Where each process of a service is to do it, the fixes of one asking have the same `together`. `deadline` is by our
    clock; `body` is the request, the same bytes whenever it is sent; both are there once its turn has come.
    `instance` is who is to do it, and then who did. `why` says in a sentence why it stands as it does, or how it is proven.
    """

    id: int | None = None
    request: str
    together: str
    project_id: int
    service_id: int
    incident_id: int
    fixer: str
    params: Mapping[str, Any]
    each_instance: bool = False
    timeout: float
    policy_id: int | None = None
    #: How long its incident is watched for it, in seconds, and whether that is resolved when it was mended.
    watch: int
    resolves: bool = False
    state: FixState
    state_since: datetime
    asked_at: datetime
    asked_by: Actor
    decided_by: Actor | None = None
    way: Way | None = None
    instance: str | None = None
    body: str | None = None
    deadline: datetime | None = None
    sent_at: datetime | None = None
    attempts: int = 0
    began_at: datetime | None = None
    ended_at: datetime | None = None
    duration: float | None = None
    result: Mapping[str, Any] = field(default_factory=dict)
    proof: Proof | None = None
    proven_at: datetime | None = None
    why: str = ""
    #: When it is next to be looked at; None when only somebody else can change it.
    due_at: datetime | None = None
    #: How often the incident's problem had come shortly before, as long as it is watched afterwards.
    before: int = 0
    #: Of one that succeeded: how its incident's place was used since, as far as it is watched; of several, with the first.
    exercise: Exercise | None = None

    @property
    def is_ended(self) -> bool:
        """Whether nothing is to be expected of it any more, but for what is watched afterwards."""
        return self.state not in UNENDED
