"""What programs can ask and do about fixes: `Client(url, token).fixes.ask(12, "recycle-db-pool")`."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from aiops_platform.api.fix_shapes import (
    Asked,
    FixerList,
    FixerResource,
    FixList,
    FixPolicyList,
    FixPolicyResource,
    FixPolicyTried,
    FixResource,
    FixSwitch,
)
from aiops_platform.client.link import Link

_ON_A_PAGE = 100


class FixCalls:
    """Every method raises ApiError for what the platform refuses, and UnreachableError where nothing answers."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def offered(self) -> tuple[FixerResource, ...]:
        """The fixers that services offer or have offered, and what came of them."""
        return self._link.ask(FixerList, "GET", "/fixers").items

    def all(
        self, state: Literal["waiting", "unended", "ended", "all"] = "all", *, incident: int | None = None
    ) -> Iterator[FixResource]:
        """Fixes, the newest first, page after page as they are needed."""
        before: int | None = None
        while True:
            asked = {"state": state, "incident": incident, "before": before, "per_page": _ON_A_PAGE}
            page = self._link.ask(FixList, "GET", "/fixes", parameters=asked)
            yield from page.items
            before = page.next
            if before is None:
                return

    def one(self, number: int) -> FixResource:
        """One fix, with what the service told of it."""
        return self._link.ask(FixResource, "GET", f"/fixes/{number}")

    def ask(self, incident: int, fixer: str, params: Mapping[str, Any] | None = None) -> tuple[FixResource, ...]:
        """Asks the incident's service for a fixer: one fix, or one for each instance."""
        body = {"incident": incident, "fixer": fixer, "params": dict(params or {})}
        return self._link.ask(Asked, "POST", "/fixes", body=body).items

    def approve(self, number: int) -> FixResource:
        """What is suggested, or waits for somebody, is asked for."""
        return self._link.ask(FixResource, "POST", f"/fixes/{number}/approve")

    def decline(self, number: int) -> FixResource:
        """It is not."""
        return self._link.ask(FixResource, "POST", f"/fixes/{number}/decline")

    def cancel(self, number: int) -> FixResource:
        """Takes back what is queued."""
        return self._link.ask(FixResource, "POST", f"/fixes/{number}/cancel")

    def switch(self) -> FixSwitch:
        """Whether all fixes are stopped."""
        return self._link.ask(FixSwitch, "GET", "/fix-switch")

    def stop_all(self) -> FixSwitch:
        """From now on nothing is asked for, and what was not sent is cancelled."""
        return self._link.ask(FixSwitch, "POST", "/fix-switch/stop")

    def allow(self) -> FixSwitch:
        """Fixes may be asked for again."""
        return self._link.ask(FixSwitch, "POST", "/fix-switch/allow")

    def audit(self) -> Iterator[bytes]:
        """Every step of every fix, policy and of the switch: a line of JSON each, the oldest first."""
        after = 0
        while lines := self._link.raw("GET", "/fix-audit", parameters={"after": after}).splitlines():
            yield from lines
            after = int(msgspec.json.decode(lines[-1])["id"])

    # Policies, in the words of the API.

    def policies(self) -> tuple[FixPolicyResource, ...]:
        """What is done about which incidents."""
        return self._link.ask(FixPolicyList, "GET", "/fix-policies").items

    def add_policy(self, policy: Mapping[str, Any]) -> FixPolicyResource:
        """A new one: `{"name", "match", "fixer", "mode", …}`."""
        return self._link.ask(FixPolicyResource, "POST", "/fix-policies", body=dict(policy))

    def try_policy(self, policy: Mapping[str, Any]) -> FixPolicyTried:
        """What it would have asked for in the last week; changes nothing."""
        return self._link.ask(FixPolicyTried, "POST", "/fix-policies/try", body=dict(policy))

    def change_policy(self, number: int, policy: Mapping[str, Any]) -> FixPolicyResource:
        """Puts this in its place, and ends its pause."""
        return self._link.ask(FixPolicyResource, "PUT", f"/fix-policies/{number}", body=dict(policy))

    def resume_policy(self, number: int) -> FixPolicyResource:
        """Ends its pause after a failure."""
        return self._link.ask(FixPolicyResource, "POST", f"/fix-policies/{number}/resume")

    def drop_policy(self, number: int) -> None:
        """Takes it away."""
        self._link.ask(type(None), "DELETE", f"/fix-policies/{number}")
