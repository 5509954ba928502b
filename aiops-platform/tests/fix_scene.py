"""A store in which services offer fixers, and were asked for them: for pages, and for the eye."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from seeds import Seeds

from aiops_platform.core.fixing.exercise import Counted, Exercise
from aiops_platform.core.fixing.fix import UNENDED, Fix, FixState, Proof, Way
from aiops_platform.core.fixing.fixer import Fixer, Parameter
from aiops_platform.core.fixing.policy import FixPolicy, Mode
from aiops_platform.core.monitor import MonitorState
from aiops_platform.core.people import Actor
from aiops_platform.ports.fixing import ToldOffers
from aiops_platform.storage.transactions import SqlStore

RECYCLE = Fixer(
    name="recycle-db-pool",
    description="Close all connections; new ones are made as needed.",
    params=(
        Parameter(name="pool", type="string", description="Which one.", choices=("main", "reports")),
        Parameter(name="seconds", type="integer", required=True),
    ),
    timeout=30.0,
    release="2.4.1",
)
DROP = Fixer(name="drop-cache-entry", params=(Parameter(name="entry", type="string", required=True),))
EACH = Fixer(name="clear-memory", description="Forget what this process remembers.", each_instance=True)
ANA = Actor("user", 1, "Ana Lee")


@dataclass(frozen=True)
class Planted:
    """Ids of what there is."""

    service: int
    incident: int
    policy: int
    fixes: dict[str, int]


def a_fix(project: int, service: int, incident: int, now: datetime, **changed: Any) -> Fix:
    """One that waits for its turn, unless something else is said."""
    state = changed.pop("state", FixState.QUEUED)
    ago = changed.pop("ago", timedelta(minutes=3))
    fix = Fix(
        request=str(uuid4()),
        together=str(uuid4()),
        project_id=project,
        service_id=service,
        incident_id=incident,
        fixer=RECYCLE.name,
        params={"pool": "main", "seconds": 5},
        timeout=30.0,
        watch=600,
        state=state,
        state_since=now - ago,
        asked_at=now - ago,
        asked_by=ANA,
        ended_at=None if state in UNENDED else now - ago,
    )
    return replace(fix, **changed)


def offer(seeds: Seeds, service: int, fixers: tuple[Fixer, ...], instance: str = "shop-1:4711") -> None:
    """An instance of the service has told of these just now."""
    with SqlStore(seeds.database).begin() as transaction:
        told = ToldOffers(service_id=service, instance=instance, fixers=fixers, off=0.0, at=seeds.now)
        transaction.fixing.note_offers([told])


def plant_fixes(seeds: Seeds, project: int, *, fixers: tuple[Fixer, ...] = (RECYCLE, DROP, EACH)) -> Planted:
    """A shop that offers fixers, an incident of it, a policy in each mode, and fixes that stand in many ways."""
    service = seeds.service(project)
    seeds.monitor(service, [(MonitorState.ALIVE, timedelta(hours=4))], base_url="https://shop.example")
    incident = seeds.incident(project, service, type="OperationalError")
    for instance in ("shop-1:4711", "shop-1:4712"):
        offer(seeds, service, fixers, instance)
    store, now = SqlStore(seeds.database), seeds.now
    with store.begin() as transaction:
        mend = FixPolicy(name="Mend the pool", match="type:OperationalError", fixer=RECYCLE.name, mode=Mode.AUTOMATIC)
        policy = transaction.fixing.save_policy(project, replace(mend, params={"seconds": 5}, resolve=True), now)
        paused = {"paused_at": now, "paused_why": "fix 3 failed: OSError: the disk is full"}
        asks = FixPolicy(name="Drop what is damaged", match="service:shop", fixer=DROP.name, mode=Mode.ASK)
        transaction.fixing.save_policy(project, replace(asks, params={"entry": {"from": "tag.entry"}}, **paused), now)
        off = FixPolicy(name="Clear", match="service:shop", fixer=EACH.name, environments=("staging",), enabled=False)
        transaction.fixing.save_policy(project, off, now)
        fixes = transaction.fixing.add([a_fix(project, service, incident, now, **each) for each in _ways(policy, now)])
    return Planted(service, incident, policy, dict(zip(_NAMES, (each.id or 0 for each in fixes), strict=True)))


_NAMES = ("mended", "not_mended", "failed", "unknown", "watching", "running", "queued", "waiting", "suggested")


def _ways(policy: int, now: datetime) -> list[dict[str, Any]]:
    ran = {"way": Way.PUSHED, "instance": "shop-1:4711", "duration": 0.042, "began_at": now, "sent_at": now}
    by = {"policy_id": policy, "asked_by": Actor("platform", None, "the policy Mend the pool")}
    done = {"state": FixState.SUCCEEDED, **ran}
    log = "09:12:01 info shop.mending: 2 connections were opened anew"
    trace = 'Traceback (most recent call last):\n  File "shop.py", line 12, in recycle\nOSError: the disk is full\n'
    failed = {"error": "OSError: the disk is full", "stack_trace": trace, "log": log}
    used = Exercise(method="POST", route="/pay", since=now, by={"shop-1:4711": Counted(0, 40, 40, None)})
    return [
        {
            **done,
            **by,
            "proof": Proof.MENDED,
            "proven_at": now,
            "why": "POST /pay answered 40 requests since without it",
            "exercise": used,
            "result": {"value": 2, "log": log},
        },
        {
            **done,
            "proof": Proof.NOT_MENDED,
            "proven_at": now,
            "why": "it came back 12 s after the fix",
            "result": {"value": 2},
        },
        {**ran, **by, "state": FixState.FAILED, "why": failed["error"], "result": failed},
        {"state": FixState.UNKNOWN, "why": "nobody has told what became of it", "sent_at": now, "way": Way.CARRIED},
        {**done, "proof": Proof.WATCHING, "result": {"value": 2}},
        {**ran, "state": FixState.RUNNING, "duration": None},
        {"state": FixState.QUEUED},
        {**by, "state": FixState.WAITING, "ago": timedelta(minutes=1)},
        {**by, "state": FixState.SUGGESTED, "ago": timedelta(seconds=20)},
    ]
