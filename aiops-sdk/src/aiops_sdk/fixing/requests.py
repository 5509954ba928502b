"""What is asked for, read out of a signed body: a fix, or the proof that the key is held here."""

from __future__ import annotations

import hashlib
import json

from aiops_sdk.fixing.signing import RefusedError
from aiops_sdk.frozen import Frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Mapping, Optional

    from aiops_sdk.event import Origin

FIX = "fix"
CHALLENGE = "challenge"

#: Bytes of a body.
LARGEST = 65_536
#: Characters of a text in it that is no parameter.
LONGEST = 500


class FixRequest(Frozen):
    """A fix that is to be done for an incident. ``deadline`` is Unix time; ``digest`` tells one body from another."""

    id: str
    incident: str
    fix: str
    params: Mapping[str, object]
    deadline: float
    digest: str
    #: The one process that is to do it; None where it is whichever gets it.
    instance: Optional[str]


class Challenge(Frozen):
    """Somebody wants to know whether ``address`` leads to a holder of the key."""

    id: str
    challenge: str
    address: str


class Asked(Frozen):
    """A signed body, and who is meant by it."""

    type: str
    id: str
    body: Mapping[str, object]
    digest: str


def read(message_id: str, raw: bytes, origin: Origin, project: Optional[str]) -> Asked:
    """The body of a message that was verified, if this service is meant. Raises ``RefusedError``."""
    body = _object(raw)
    if body.get("type") not in (FIX, CHALLENGE) or body.get("request") != message_id:
        raise RefusedError("body")
    if project is None or body.get("project") != project:
        raise RefusedError("project")
    if body.get("service") != origin.service:
        raise RefusedError("service")
    if body.get("environment") != origin.environment:
        raise RefusedError("environment")
    return Asked(str(body["type"]), message_id, body, hashlib.sha256(raw).hexdigest())


def fix_in(asked: Asked) -> FixRequest:
    """The fix that is asked for. Raises ``RefusedError``."""
    body, params, deadline = asked.body, asked.body.get("params", {}), asked.body.get("deadline")
    if not isinstance(params, dict):
        raise RefusedError("params")
    if type(deadline) is not int:
        raise RefusedError("deadline")
    instance = body.get("instance")
    if instance is not None and not isinstance(instance, str):
        raise RefusedError("instance")
    return FixRequest(
        id=asked.id,
        incident=_text(body, "incident"),
        fix=_text(body, "fix"),
        params=params,
        deadline=float(deadline),
        digest=asked.digest,
        instance=instance,
    )


def challenge_in(asked: Asked) -> Challenge:
    """What is to be proven. Raises ``RefusedError``."""
    return Challenge(asked.id, _text(asked.body, "challenge"), _text(asked.body, "address").rstrip("/"))


def _object(raw: bytes) -> Dict[str, Any]:
    try:
        found = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        raise RefusedError("body") from None
    if not isinstance(found, dict):
        raise RefusedError("body")
    return found


def _text(body: Mapping[str, object], name: str) -> str:
    given = body.get(name)
    if not isinstance(given, str) or not 0 < len(given) <= LONGEST:
        raise RefusedError(name)
    return given
