"""Requests to services that offer fixers, at the addresses that they or their requests have told: guarded as typed ones are."""

from datetime import datetime
from typing import Final

from aiops_platform.core.fixing import signing
from aiops_platform.core.fixing.requests import PATH
from aiops_platform.core.targets import TargetError
from aiops_platform.ports.fixing import Believed, MaybeDone, NotDone, Push
from aiops_platform.senders.guarded import Answer, Guarded, UnconnectedError, UnreachableError

_BELIEVABLE: Final = (200, 202)


class ServiceCalls:
    """See `ports.fixing.Calls`."""

    def __init__(self, guarded: Guarded) -> None:
        self._guarded = guarded

    def call(
        self, address: str, request: str, body: bytes, push: Push, now: datetime
    ) -> Believed | NotDone | MaybeDone:
        """See `ports.fixing.Calls`."""
        secrets = [each.secret for each in push.keys]
        headers = signing.signed(secrets, request, int(now.timestamp()), body) | {"Content-Type": "application/json"}
        try:
            answer = self._guarded.post(address.rstrip("/") + PATH, body, headers)
        except (TargetError, UnconnectedError) as error:
            return NotDone(str(error))
        except UnreachableError as error:
            return MaybeDone(str(error))
        if 300 <= answer.status < 500:
            return NotDone(f"It answered with {answer.status}")
        return _believed(answer, request, secrets, now.timestamp() + push.off)


def _believed(answer: Answer, request: str, secrets: list[bytes], their_now: float) -> Believed | MaybeDone:
    if answer.status not in _BELIEVABLE:
        return MaybeDone(f"It answered with {answer.status}")
    said = signing.believed(secrets, request, answer.headers, answer.body, their_now)
    return MaybeDone("Its answer was not signed with one of the keys") if said is None else Believed(said)
