"""Fixes from end to end: what breaks in the shop is mended, by push and by heartbeat, and never twice, whatever dies meanwhile."""

from __future__ import annotations

import urllib.error
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from e2e.platforms import Platform, running_platform, serving
from e2e.programs import eventually, free_port
from e2e.shops import SERVERS, Shop, running_shop
from e2e.valves import TO_THIS_MACHINE, Valve, ended, kill, turn, valve

# Heartbeats come every 30 seconds, and some of these wait for several.
pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of the shop: how it fails, and the fixer that mends it."""

    name: str
    type: str
    fixer: str
    params: dict[str, Any]


PARTS = (
    Part(name="pool", type="OperationalError", fixer="recycle-connection-pool", params={}),
    Part(name="cache", type="JSONDecodeError", fixer="drop-cache-entry", params={"entry": {"from": "tag.cache_entry"}}),
    Part(name="feature", type="ValueError", fixer="switch-feature-off", params={"feature": "gift-wrap"}),
)
POOL, CACHE, FEATURE = PARTS


@pytest.fixture(scope="module")
def pushing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform that may call services on this machine."""
    with running_platform(tmp_path_factory.mktemp("pushing"), more=TO_THIS_MACHINE) as running:
        yield running


def offered(platform: Platform, environment: str, processes: int = 1) -> None:
    """Wait until that many processes of the shop there have told of its fixers."""

    def look() -> bool:
        rows = [row for row in platform.get("/api/v1/fixers")["items"] if row["environment"] == environment]
        return len(rows) == len(PARTS) and all(len(row["instances"]) == processes for row in rows)

    eventually(look, what=f"the fixers of {processes} processes in {environment}")


def policy_for(platform: Platform, part: Part, environment: str, **said: Any) -> None:
    platform.ask(
        "POST",
        "/api/v1/fix-policies",
        name=f"{part.name} in {environment}",
        match=f"service:shop env:{environment} type:{part.type}",
        fixer=part.fixer,
        params=part.params,
        **said,
    )


def fixes(platform: Platform, environment: str, part: Part | None = None) -> list[dict[str, Any]]:
    """What was asked of the shop there, the oldest first."""
    rows = platform.get("/api/v1/fixes", per_page="100")["items"]
    mine = [row for row in rows if row["environment"] == environment and (part is None or row["fixer"] == part.fixer)]
    return mine[::-1]


def fix_that(platform: Platform, environment: str, part: Part, *states: str, by: str = "state") -> dict[str, Any]:
    """Wait until the newest fix of the part stands so."""

    def look() -> dict[str, Any] | None:
        found = fixes(platform, environment, part)
        return found[-1] if found and found[-1][by] in states else None

    found = eventually(look, within=120, what=f"a fix of {part.name} in {environment} that is {states}")
    assert found is not None
    return found


def works(shop: Shop, part: Part) -> bool:
    """Whether the part does, in whichever process is asked."""
    return all(shop.press(f"try-{part.name}") == 200 for _ in range(8))


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("way", ["pushed", "carried"])
def test_what_breaks_in_the_shop_is_mended_by_itself(
    request: pytest.FixtureRequest, tmp_path: Path, way: str, server: str
) -> None:
    # Without the leave to call addresses of this machine, heartbeats are the way.
    platform: Platform = request.getfixturevalue("pushing" if way == "pushed" else "platform")
    place, processes = f"{server}-{way}", 2 if server == "gunicorn" else 1
    with running_shop(
        server, tmp_path, platform_url=platform.url, key=platform.key, environment=place, says_where=True
    ) as shop:
        offered(platform, place, processes)
        for part in PARTS:
            policy_for(platform, part, place, mode="automatic")
            assert works(shop, part)
        for part in PARTS:
            assert shop.press(f"break-{part.name}") == 500

        for part in PARTS:
            eventually(partial(works, shop, part), within=120, what=f"a {part.name} that is mended")

        for part in PARTS:
            fix_that(platform, place, part, "succeeded")
            told = fixes(platform, place, part)
            is_each = part is POOL and server == "gunicorn"
            assert [row["state"] for row in told] == ["succeeded"] * (processes if is_each else 1)
            assert {row["way"] for row in told} == {"carried" if is_each else way}
            assert len({row["instance"] for row in told}) == len(told)
            assert "shop.mending" in told[0]["result"]["log"]


@pytest.fixture(scope="module")
def place(pushing: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop under `flask run`, in the environment `people`."""
    folder = tmp_path_factory.mktemp("people")
    with running_shop(
        "flask", folder, platform_url=pushing.url, key=pushing.key, environment="people", says_where=True
    ) as shop:
        offered(pushing, "people")
        yield shop


def test_what_is_suggested_waits_for_a_click_beside_the_incident(
    pushing: Platform, place: Shop, browser: Browser
) -> None:
    policy_for(pushing, FEATURE, "people", mode="suggest")
    assert place.press("break-feature") == 500
    suggested = fix_that(pushing, "people", FEATURE, "suggested")
    assert place.press("try-feature") == 500

    page = browser.new_page()
    page.goto(pushing.sign_in_link())
    page.goto(f"{pushing.url}/incidents/{suggested['incident_id']}")
    page.get_by_test_id("approve").first.click()
    expect(page.get_by_test_id("told").first).to_contain_text("gift-wrap is off", timeout=60_000)
    page.close()

    assert place.press("try-feature") == 200
    done = fix_that(pushing, "people", FEATURE, "succeeded")
    assert (done["id"], done["way"]) == (suggested["id"], "pushed")


def test_what_is_asked_is_run_by_a_yes_and_not_by_a_no_and_its_effect_is_told_apart(
    pushing: Platform, place: Shop
) -> None:
    policy_for(pushing, CACHE, "people", mode="ask", cool_down_seconds=0, per_hour=10, watch_seconds=5, resolve=True)
    assert place.press("break-cache") == 500
    waiting = fix_that(pushing, "people", CACHE, "waiting")
    assert pushing.ask("POST", f"/api/v1/fixes/{waiting['id']}/decline")["state"] == "declined"
    assert place.press("try-cache") == 500

    # A no holds while the incident is open. Mended: it came again and again before, and not once since.
    pushing.ask("POST", f"/api/v1/incidents/{waiting['incident_id']}/resolve")
    again = proposed(pushing, place, after=waiting)
    for _ in range(4):
        assert place.press("try-cache") == 500
    pushing.catch_up("what came before the fix")
    pushing.ask("POST", f"/api/v1/fixes/{again['id']}/approve")
    fix_that(pushing, "people", CACHE, "succeeded")
    assert place.press("try-cache") == 200
    mended = fix_that(pushing, "people", CACHE, "mended", by="proof")
    assert mended["params"] == {"entry": "bestsellers"}
    assert pushing.get(f"/api/v1/incidents/{mended['incident_id']}")["state"] == "resolved"

    # Not mended: it comes back while it is watched.
    assert place.press("break-cache") == 500
    third = proposed(pushing, place, after=again)
    pushing.ask("POST", f"/api/v1/fixes/{third['id']}/approve")
    fix_that(pushing, "people", CACHE, "succeeded")
    assert place.press("break-cache") == 500
    fix_that(pushing, "people", CACHE, "not_mended", by="proof")
    kinds = [fact["kind"] for fact in pushing.get(f"/api/v1/incidents/{mended['incident_id']}")["facts"]]
    assert {"fix_declined", "fix_approved", "fix_ended", "fix_mended", "fix_not_mended"} <= set(kinds)
    items = pushing.get("/api/v1/fixers")["items"]
    effect = next(row for row in items if (row["environment"], row["name"]) == ("people", CACHE.fixer))
    assert (effect["mended"], effect["not_mended"]) == (1, 1)


def proposed(platform: Platform, shop: Shop, *, after: dict[str, Any]) -> dict[str, Any]:
    """Wait for a proposal that is newer than that one; its problem comes again."""

    def look() -> dict[str, Any] | None:
        found = fixes(platform, "people", CACHE)[-1]
        return found if found["id"] > after["id"] and found["state"] == "waiting" else None

    assert shop.press("try-cache") == 500
    found = eventually(look, what=f"a proposal after fix {after['id']}")
    assert found is not None
    return found


def test_the_shell_lists_asks_stops_and_writes_out(pushing: Platform, place: Shop) -> None:
    assert "recycle-connection-pool" in pushing.command("fixes", "offered")
    assert place.press("break-pool") == 500
    found = eventually(lambda: pushing.incidents(query="env:people readonly"), what="the incident")
    incident = found[0]
    number = pushing.command("fixes", "ask", str(incident["id"]), POOL.fixer)
    fix_that(pushing, "people", POOL, "succeeded")
    assert "connections were opened anew" in pushing.command("fixes", "show", number)
    assert POOL.fixer in pushing.command("fixes", "list")
    assert "Stopped" in pushing.command("fixes", "stop-all")
    with pytest.raises(urllib.error.HTTPError, match="400"):
        pushing.ask("POST", "/api/v1/fixes", incident=incident["id"], fixer=POOL.fixer)
    pushing.command("fixes", "allow")
    lines = pushing.command("fixes", "export").splitlines()
    assert {"all_stopped", "all_allowed"} <= {line.partition('"step":"')[2].partition('"')[0] for line in lines}


@pytest.mark.parametrize("more", [TO_THIS_MACHINE, {}], ids=["pushed", "carried"])
def test_a_platform_that_is_killed_meanwhile_asks_once_and_hears_of_the_end(
    tmp_path: Path, more: dict[str, str]
) -> None:
    port = free_port()
    (tmp_path / "valve").mkdir()
    with (
        running_platform(tmp_path, more=more) as platform,
        valve(platform, tmp_path / "valve", port) as program,
    ):
        one = Valve(folder=tmp_path / "valve", port=port, program=program)
        number = turn(platform, port, one.folder)
        kill(platform.program)
        (one.folder / "leave").touch()
        eventually(lambda: (one.folder / "ended").exists(), what="the end of the fixer")

        with serving(platform.data, int(platform.url.rpartition(":")[2]), tmp_path / "again.log", more):
            fix = ended(platform, number)

        assert (fix["state"], fix["result"]["value"]) == ("succeeded", "It is turned.")
        assert one.begun == 1


@pytest.mark.parametrize("more", [TO_THIS_MACHINE, {}], ids=["pushed", "carried"])
def test_a_service_that_is_killed_meanwhile_does_it_once_and_the_next_start_tells(
    tmp_path: Path, more: dict[str, str]
) -> None:
    port = free_port()
    (tmp_path / "valve").mkdir()
    with running_platform(tmp_path, more=more) as platform:
        with valve(platform, tmp_path / "valve", port) as program:
            one = Valve(folder=tmp_path / "valve", port=port, program=program)
            number = turn(platform, port, one.folder)
            kill(program)
        (one.folder / "leave").touch()
        with valve(platform, tmp_path / "valve", port):
            fix = ended(platform, number)

    assert fix["state"] == "interrupted"
    assert one.begun == 1
    assert not (one.folder / "ended").exists()
