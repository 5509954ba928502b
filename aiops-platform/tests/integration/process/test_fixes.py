"""Fixes over real processes that are killed in the middle: asked for once, the same bytes again, and always accounted for."""

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infirmary import ANA, RECYCLE
from platform_process import Running, aiops, eventually
from receiver import Receiver, answering, receiving, silent
from sqlalchemy import func, select

from aiops_platform.assembly import fix_desk, opened
from aiops_platform.core.access import callback_secret_of
from aiops_platform.core.fixing import signing
from aiops_platform.core.fixing.fix import Fix, FixState, Way
from aiops_platform.core.fixing.policy import FixPolicy, Mode
from aiops_platform.pipeline.fixing import FixDesk
from aiops_platform.settings import Settings
from aiops_platform.storage.fix_tables import reporting_keys

POLICY = FixPolicy(name="Recycle", match="type:PoolError", fixer="recycle", mode=Mode.AUTOMATIC)


class Service:
    """A service that beats by hand, and fails."""

    def __init__(self, platform: Running, address: str | None = None) -> None:
        self.platform = platform
        self.key = platform.key()
        self.address = address
        self.secrets = [callback_secret_of(self.key)]

    def beat(self, **told: Any) -> list[dict[str, str]]:
        """What the answer to a beat carries."""
        said = {"signal_type": "heartbeat", "service": "shop", "environment": "production", "interval": 60}
        said |= {"instance": {"id": "a"}, "fixers": [RECYCLE], "base_url": self.address}
        said |= {"timestamp": int(time.time()), "fixes": [told] if told else []}
        status, answer = self.platform.send(said, key=self.key, path="/v1/sdk/heartbeat")
        assert (status, answer["project"]) == (202, "1")
        fixes: list[dict[str, str]] = answer.get("fixes", [])
        return fixes

    def fail(self) -> None:
        """Something is to be mended."""
        said = {"signal_type": "exception", "service": "shop", "environment": "production", "error_type": "PoolError"}
        assert self.platform.send(said | {"message": "no"}, key=self.key)[0] == 202

    def believes(self, entry: dict[str, str]) -> bool:
        """Whether what was carried is signed with the key."""
        return (
            signing.believed(self.secrets, entry["webhook-id"], entry, entry["body"].encode(), time.time()) is not None
        )

    def __call__(self, connection: socket.socket, receiver: Receiver) -> None:
        """Proves its address, and is silent to what it is asked for: as if it was never heard."""
        asked = receiver.requests[-1]
        said = json.loads(asked.body)
        if said["type"] != "challenge":
            silent(connection, receiver)
            return
        body = json.dumps({**said, "type": "proof", "instance": "a"})
        headers = signing.signed(self.secrets, said["request"], int(time.time()), body.encode())
        answering(body=body, **{name.replace("-", "_"): value for name, value in headers.items()})(connection, receiver)


@contextmanager
def a_desk(data: Path) -> Iterator[FixDesk]:
    settings = Settings.load({"data": data}, {})
    with opened(settings) as platform:
        yield fix_desk(settings, platform.database)


def the_fix(desk: FixDesk, *states: FixState) -> Fix:
    """The only fix, once it stands so."""

    def look() -> Fix | None:
        found = [row.fix for row in desk.reads.page(1).rows]
        assert len(found) <= 1
        return found[0] if found and found[0].state in states else None

    found = eventually(look, f"a fix that is {' or '.join(states)}")
    assert found is not None
    return found


def kill(platform: Running, part: str) -> None:
    """Kills the door or the worker; returns once another one has taken its place."""
    killed = platform.part(part)
    os.kill(killed, signal.SIGKILL)

    def look() -> bool:
        try:
            return platform.part(part) != killed
        except (OSError, ValueError):
            return False

    eventually(look, f"another {part}")


def test_what_a_beat_is_asked_for_stays_the_same_over_a_killed_door_and_worker(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Running(data) as platform:
        service = Service(platform)
        assert service.beat() == []
        with a_desk(data) as desk:
            desk.save_policy(1, POLICY, ANA, datetime.now(UTC))
            service.fail()
            assert the_fix(desk, FixState.QUEUED).why in ("", "no heartbeat has taken it along")
            (first,) = eventually(service.beat, "a beat that is asked for something")
            assert service.believes(first)
            kill(platform, "work")
            kill(platform, "door")
            eventually(lambda: _answers(service), "the door's answer")
            (again,) = eventually(service.beat, "a beat that is asked for it again")
            assert service.believes(again)
            assert (again["webhook-id"], again["body"]) == (first["webhook-id"], first["body"])
            told = {"type": "result", "request": first["webhook-id"], "state": "failed", "error": "OSError: no"}
            assert service.beat(**told) == []
            fix = the_fix(desk, FixState.FAILED)
            assert fix.why == "it raised: OSError: no"
            eventually(lambda: desk.reads.policies(1)[1].paused_at, "the policy's pause")
            assert service.beat() == []


def test_a_push_in_whose_middle_the_worker_is_killed_is_sent_once_and_told_by_a_beat(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with (
        receiving(answering("503 Not Yet")) as receiver,
        Running(data, AIOPS_SERVER_ALLOW_PRIVATE_TARGETS="127.0.0.0/8") as platform,
        a_desk(data) as desk,
    ):
        service = Service(platform, receiver.url)
        receiver.behaviour = service
        service.beat()
        desk.save_policy(1, POLICY, ANA, datetime.now(UTC))
        eventually(lambda: desk.reads.offered(1, datetime.now(UTC)), "the fixer that it offers")
        # With which key it reports the door notes twice a second.
        eventually(lambda: service.beat() == [] and _knows_key(data), "the key with which it reports")
        service.fail()
        eventually(lambda: len(receiver.requests) == 2, "a challenge and a request")
        kill(platform, "work")
        fix = the_fix(desk, FixState.SENT)
        assert fix.way is Way.PUSHED
        # Another worker is at work: what comes now is digested.
        service.fail()
        eventually(lambda: _digested(platform) >= 3, "the worker's work")
        assert service.beat() == []
        assert [json.loads(each.body)["type"] for each in receiver.requests] == ["challenge", "fix"]
        assert receiver.requests[1].body.decode() == fix.body
        service.beat(type="result", request=fix.request, state="succeeded", duration=0.1)
        assert the_fix(desk, FixState.SUCCEEDED).attempts == 1


def _answers(service: Service) -> bool:
    try:
        service.beat(type="nothing")
    except OSError:
        return False
    return True


def _knows_key(data: Path) -> bool:
    with opened(Settings.load({"data": data}, {})) as platform, platform.database.read() as connection:
        return bool(connection.execute(select(func.count()).select_from(reporting_keys)).scalar_one())


def _digested(platform: Running) -> int:
    found = aiops("stats", "--json", "--data", str(platform.data))
    return int(json.loads(found.stdout)["digested"])
