"""Whether a fix has mended what came but once, by how its place is used since: told by the heartbeats of a shop that people visit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.platforms import Platform, running_platform
from e2e.programs import eventually
from e2e.shops import SERVERS, Shop, running_shop
from e2e.test_fixes import CACHE, fix_that, fixes, offered, policy_for, works
from e2e.valves import TO_THIS_MACHINE

# Heartbeats come every 30 seconds, and these wait for two or three of them.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def proving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform that may call services on this machine."""
    with running_platform(tmp_path_factory.mktemp("proving"), more=TO_THIS_MACHINE) as running:
        yield running


def mended_once(platform: Platform, shop: Shop, place: str, *, watch: int) -> dict[str, Any]:
    """What broke there once, and was mended before anybody else came by."""
    offered(platform, place, 2 if place == "gunicorn" else 1)
    policy_for(platform, CACHE, place, mode="automatic", watch_seconds=watch, resolve=True)
    assert shop.press("break-cache") == 500
    return fix_that(platform, place, CACHE, "succeeded")


@pytest.mark.parametrize("server", SERVERS)
def test_what_came_once_is_mended_where_people_go_on_visiting_its_page(
    proving: Platform, tmp_path: Path, server: str
) -> None:
    with running_shop(
        server, tmp_path, platform_url=proving.url, key=proving.key, environment=server, says_where=True
    ) as shop:
        # Of two processes the other one tells only with its next beat how it stood: long enough for two of each.
        fix = mended_once(proving, shop, server, watch=65 if server == "gunicorn" else 5)

        def visited() -> dict[str, Any] | None:
            assert works(shop, CACHE)
            (now,) = fixes(proving, server, CACHE)
            return now if now["proof"] != "watching" else None

        proven = eventually(visited, within=200, what="a proof")

        assert proven is not None
        assert (proven["proof"], proven["place"]) == ("mended", "GET /bestsellers")
        assert re.fullmatch(r"GET /bestsellers answered [\d,]+ requests since without it", proven["why"])
        assert proven["answered"] >= 20
        incident = proving.get(f"/api/v1/incidents/{fix['incident_id']}")
        assert (incident["count"], incident["state"]) == (1, "resolved")
        steps = [json.loads(line) for line in proving.command("fixes", "export").splitlines()]
        (step,) = (each for each in steps if each["step"] == "fix_mended" and each["fix"] == fix["id"])
        assert (step["data"]["place"], step["data"]["why"]) == ("GET /bestsellers", proven["why"])


def test_it_is_not_proven_where_nobody_comes_by(proving: Platform, tmp_path: Path) -> None:
    with running_shop(
        "flask", tmp_path, platform_url=proving.url, key=proving.key, environment="idle", says_where=True
    ) as shop:
        mended_once(proving, shop, "idle", watch=5)

        proven = fix_that(proving, "idle", CACHE, "mended", "not_mended", "unproven", by="proof")

        assert (proven["proof"], proven["answered"]) == ("unproven", 0)
        assert "GET /bestsellers answered 0 of the 20 requests that would tell it" in proven["why"]
