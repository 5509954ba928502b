"""A workshop whose first project has a service that offers fixers, and beats, and does what it is asked for."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from made import NOW, a_body, a_heartbeat_body, a_parcel
from workshop import Workshop

from aiops_platform.core.access import callback_secret_of
from aiops_platform.core.fixing import signing
from aiops_platform.core.fixing.fix import Fix
from aiops_platform.core.fixing.policy import FixPolicy, Mode
from aiops_platform.core.people import Actor
from aiops_platform.pipeline.fixing import FixDesk, Fixes
from aiops_platform.ports.fixing import CarriedFix
from aiops_platform.storage.fix_reads import SqlFixReads
from aiops_platform.storage.fix_sending import SqlCarrying
from aiops_platform.storage.fix_tables import fix_steps

ANA = Actor("user", 1, "Ana")
KEY = "aiops_" + "k" * 43
SECRET = callback_secret_of(KEY)
RECYCLE = {"name": "recycle", "description": "Close all connections.", "params": {}, "timeout": 10}
CLEAR = {
    "name": "clear",
    "params": {"region": {"type": "string", "required": True}, "many": {"type": "integer"}},
    "timeout": 10,
    "each_instance": True,
}


class Infirmary(Workshop):
    """Problems are reported to it, and mended by what it has sent."""

    def __init__(self, *, is_off: bool = False) -> None:
        super().__init__()
        self.number = 0
        self.reads = SqlFixReads(self.database, is_off=is_off)
        self.desk = FixDesk(self.store, self.reads, is_off=is_off)
        self.fixes = Fixes(self.store, self.reads, is_off=is_off)
        self.carrying = SqlCarrying(self.database, is_off=is_off)

    def beat(
        self,
        now: datetime = NOW,
        *,
        instance: str = "a",
        fixers: Sequence[Mapping[str, Any]] = (RECYCLE, CLEAR),
        fixes: Sequence[Mapping[str, Any]] = (),
        **fields: Any,
    ) -> None:
        """A process beats, and tells of what it was asked for."""
        said = {
            "instance": {"id": instance},
            "fixers": list(fixers),
            "fixes": list(fixes),
            "timestamp": now.timestamp(),
        }
        self.number += 1
        self.receive(a_parcel(self.number, a_heartbeat_body(**{**said, **fields}), received_at=now))
        self.digest_all(now)

    def fail(self, now: datetime = NOW, *, times: int = 1, error: str = "PoolError", **fields: Any) -> None:
        """The service reports a problem."""
        self.number += 1
        body = a_body(error_type=error, message="no", occurred_at=now.isoformat(), repeat_count=times, **fields)
        self.receive(a_parcel(self.number, body, received_at=now))
        self.digest_all(now)

    def look(self, now: datetime = NOW) -> None:
        """The station does all that there is to do."""
        for _ in range(3):
            self.fixes.step(now)

    def carried(self, now: datetime = NOW, *, instance: str = "a") -> list[CarriedFix]:
        """What the answer to the next beat of this instance carries."""
        place = (1, "shop", "production", instance)
        pending = self.carrying.pending(now).get(place, ())
        return list(self.carrying.carry(pending, now)) if pending else []

    def tell(
        self,
        request: str,
        state: str,
        now: datetime,
        *,
        instance: str = "a",
        beside: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> None:
        """The service tells how a fix stands, and `beside` in the same beat."""
        told = {"type": "result", "request": request, "state": state, "instance": instance, **fields}
        self.beat(now, instance=instance, fixes=[told], **(beside or {}))

    def policy(self, now: datetime = NOW, **fields: Any) -> int:
        """A new policy."""
        usual: dict[str, Any] = {
            "name": "Recycle",
            "match": "type:PoolError",
            "fixer": "recycle",
            "mode": Mode.AUTOMATIC,
        }
        number = self.desk.save_policy(1, FixPolicy(**{**usual, **fields}), ANA, now)
        assert number is not None
        return number

    def all(self) -> list[Fix]:
        """Every fix, the oldest first."""
        return [row.fix for row in reversed(self.reads.page(1, limit=1_000).rows)]

    def only(self) -> Fix:
        """The only fix."""
        (fix,) = self.all()
        return fix

    def steps(self) -> list[str]:
        """The audit log, by its words."""
        return [str(step) for step in self.rows(fix_steps, "step")]

    def told(self) -> list[str]:
        """What the story of incidents says of fixes."""
        return [each for each in self.facts() if each.startswith("fix_")]


def is_signed(fix: CarriedFix, now: datetime) -> bool:
    """Whether a service would take it for one of the platform, once the door has signed it."""
    headers = signing.signed([SECRET], fix.request, int(now.timestamp()), fix.body.encode())
    return signing.believed([SECRET], fix.request, headers, fix.body.encode(), now.timestamp()) == json.loads(fix.body)
