"""Fixes under other servers, while keys are changed, and of a service that never comes back: real processes, from end to end."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from clocks import Clock

from e2e.platforms import Platform, running_platform
from e2e.programs import eventually, free_port
from e2e.valves import TO_THIS_MACHINE, Valve, ask, ended, fail, kill, valve

# Heartbeats come every 30 seconds, and some of these wait for several.
pytestmark = pytest.mark.timeout(300)


def a_folder(under: Path) -> Path:
    """Of a valve that is turned at once."""
    folder = under / "valve"
    folder.mkdir()
    (folder / "leave").touch()
    return folder


def steps(platform: Platform, number: int) -> list[tuple[str, dict[str, Any]]]:
    """What stands in the audit log of a fix."""
    rows = [json.loads(line) for line in platform.command("fixes", "export").splitlines()]
    return [(row["step"], row["data"]) for row in rows if row["fix"] == number]


def pushed(platform: Platform, incident: int) -> dict[str, Any]:
    """The end of a fix that was pushed. The very first goes with a heartbeat where the door has not noted the key yet."""
    fix = ended(platform, ask(platform, incident))
    if fix["way"] != "pushed":
        fix = ended(platform, ask(platform, incident))
    assert (fix["way"], fix["state"]) == ("pushed", "succeeded"), fix
    return fix


@pytest.mark.parametrize(
    ("server", "value"),
    [("django", "It is turned."), ("asgi", "It is turned. On the loop that serves the app, or elsewhere: there")],
)
def test_a_fix_is_pushed_into_django_and_into_an_asgi_app(tmp_path: Path, server: str, value: str) -> None:
    folder, port = a_folder(tmp_path), free_port()
    with (
        running_platform(tmp_path, more=TO_THIS_MACHINE) as platform,
        valve(platform, folder, port, server=server),
    ):
        fix = pushed(platform, fail(platform, port))
        assert fix["result"]["value"] == value
        names = [step for step, _ in steps(platform, fix["id"])]
        assert names[:4] == ["fix_queued", "fix_sent", "fix_began", "fix_ended"]


def test_while_keys_are_changed_both_are_served_and_with_a_revoked_one_nothing_is_sent(tmp_path: Path) -> None:
    folder, port = a_folder(tmp_path), free_port()
    with running_platform(tmp_path, more=TO_THIS_MACHINE) as platform:
        with valve(platform, folder, port) as program:
            incident = fail(platform, port)
            assert pushed(platform, incident)["state"] == "succeeded"
            new = platform.command("key", "replace", "tests")
            # It goes on with the old one, which is in force.
            assert pushed(platform, incident)["state"] == "succeeded"
            program.end()

        with valve(platform, folder, port, key=new) as program:
            fail(platform, port)
            assert pushed(platform, incident)["state"] == "succeeded"
            done = Valve(folder=folder, port=port, program=program).begun
            for key in platform.command("key", "list").splitlines()[1:]:
                platform.command("key", "revoke", key.split()[0])
            number = ask(platform, incident)
            why = "no key in force is known with which it reports"
            eventually(
                lambda: ("fix_not_pushed", {"why": why}) in steps(platform, number), what="that it is not pushed"
            )
            # With its last heartbeat it would have taken it along: it is refused as all others are.
            program.end()
            assert platform.get(f"/api/v1/fixes/{number}")["state"] == "queued"
            assert platform.ask("POST", f"/api/v1/fixes/{number}/cancel")["state"] == "cancelled"
            assert Valve(folder=folder, port=port, program=program).begun == done
            assert "fix_sent" not in [step for step, _ in steps(platform, number)]


def test_of_a_service_that_dies_in_a_fix_and_never_comes_back_it_is_told_that_nobody_knows_and_the_policy_pauses(
    tmp_path: Path,
) -> None:
    folder, port, clock = tmp_path / "valve", free_port(), Clock(tmp_path)
    folder.mkdir()
    clock.goes_on_from(datetime.now(UTC))
    with running_platform(tmp_path, more=TO_THIS_MACHINE | clock.settings) as platform:
        with valve(platform, folder, port) as program:
            turning = {"match": "service:valve", "fixer": "turn-the-valve", "mode": "automatic", "params": {}}
            policy = platform.ask("POST", "/api/v1/fix-policies", name="Turn it", **turning)
            fail(platform, port)
            eventually(lambda: (folder / "begun").exists(), within=120, what="the beginning of the fix")
            number = platform.get("/api/v1/fixes")["items"][0]["id"]
            eventually(lambda: platform.get(f"/api/v1/fixes/{number}")["state"] == "running", what="that it runs")
            kill(program)
        # A minute to arrive, five for the fixer, and a minute and a half for its result.
        clock.goes_on_from(datetime.now(UTC) + timedelta(minutes=4))
        assert platform.get(f"/api/v1/fixes/{number}")["state"] == "running"
        clock.goes_on_from(datetime.now(UTC) + timedelta(minutes=8))
        fix = ended(platform, number)
        assert (fix["state"], fix["why"]) == ("unknown", "it had begun, and nobody has told how it ended")

        def paused() -> str:
            (found,) = (row for row in platform.get("/api/v1/fix-policies")["items"] if row["id"] == policy["id"])
            return str(found["paused_why"])

        assert eventually(paused, what="the policy's pause") == f"fix {number} (turn-the-valve) ended as unknown"
        assert (folder / "begun").read_text() == "begun\n"
