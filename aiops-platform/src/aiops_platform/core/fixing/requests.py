"""What is asked, as the bytes that are signed: a fix, or the proof that a holder of the key is at an address."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from aiops_platform.core.fixing.errors import FixError
from aiops_platform.core.fixing.fix import Fix
from aiops_platform.core.service import ServiceName

#: Of a body, and of all that one answer to a heartbeat carries, in bytes.
LARGEST: Final = 65_536
LARGEST_ANSWER: Final = 262_144
#: Requests in one answer.
MOST_CARRIED: Final = 10
PATH: Final = "/_aiops/fix"
#: Random bytes of a challenge.
CHALLENGE_BYTES: Final = 32


def body_of(fix: Fix, named: ServiceName, *, deadline: datetime, off: float, instance: str | None) -> str:
    """The body of a request; `off` is what is to be added to our clock to have the service's. Raises FixError."""
    said: dict[str, Any] = {
        "type": "fix",
        "request": fix.request,
        **_whom(named),
        "incident": str(fix.incident_id),
        "fix": fix.fixer,
        "params": dict(fix.params),
        "deadline": int(deadline.timestamp() + off),
    }
    if instance is not None:
        said["instance"] = instance
    body = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    if len(body.encode()) > LARGEST:
        raise FixError("params", f"The parameters are too long: a request has at most {LARGEST:,} bytes")
    return body


def challenge_of(request: str, named: ServiceName, *, challenge: str, address: str) -> bytes:
    """The body that asks for a proof."""
    said = {"type": "challenge", "request": request, **_whom(named), "challenge": challenge, "address": address}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def is_proof(said: Mapping[str, Any], asked: bytes) -> bool:
    """Whether a believed answer proves what was asked: the same challenge, for the same address and service."""
    wanted: dict[str, Any] = json.loads(asked) | {"type": "proof"}
    return all(said.get(name) == value for name, value in wanted.items())


def called(project_id: int) -> str:
    """What the platform calls a project towards its services."""
    return str(project_id)


def _whom(named: ServiceName) -> dict[str, str]:
    return {"project": called(named.project_id), "service": named.name, "environment": named.environment}
