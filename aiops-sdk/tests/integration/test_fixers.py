"""Fixers, asked for as a platform asks: pushed, or carried in the answer to a heartbeat; and everything that is refused."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Tuple

import asking
import pytest
from asking import PATH, a_challenge, a_fix, carried, posted
from children import started_program
from events import a_config, wait_until
from loopback import HEARTBEATS, Answer, Platform

import aiops_sdk
from aiops_sdk import client as clients
from aiops_sdk import heartbeats
from aiops_sdk.client import Client
from aiops_sdk.delivery.transport import Accepted, Barred, outcome_of
from aiops_sdk.fixing import declaring
from aiops_sdk.fixing.desk import Desk
from aiops_sdk.integrations import logging as logs
from aiops_sdk.integrations.asgi import AIOpsMiddleware as AsgiMiddleware
from aiops_sdk.integrations.wsgi import AIOpsMiddleware

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="fixers need a lock that ends with its process")

REFUSED = (401, {"error": "refused"})


@pytest.fixture(autouse=True)
def calls(monkeypatch: pytest.MonkeyPatch) -> List[Any]:
    """The fixers of the test, and what they did."""
    monkeypatch.setattr(declaring, "REGISTRY", declaring.Registry())
    made: List[Any] = []

    @aiops_sdk.fixer("mend")
    def mend(pool: str = "main", most: int = 3) -> Dict[str, object]:
        logging.getLogger("shop.db").warning("closing the connections of %s", pool)
        made.append((pool, most))
        return {"closed": most, "password": "hunter2hunter2"}

    @aiops_sdk.fixer("everywhere", each_instance=True)
    def everywhere() -> None:
        made.append("everywhere")

    return made


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """A client whose platform has accepted a beat."""
    with a_client(tmp_path) as made:
        yield made


@contextlib.contextmanager
def a_client(folder: Path, **options: Any) -> Iterator[Client]:
    made = Client(a_config(spool=(str(folder),), **options))
    aiops_sdk.fixing.install(made)
    made.fixes.heard(Accepted(project="7"))
    clients.make_current(made)
    try:
        yield made
    finally:
        clients.make_current(None)
        made.close(0.0)


def push(client: Client, asked: Mapping[str, Any], **how: Any) -> Tuple[int, Dict[str, Any]]:
    answer = client.fixes.push(*posted(asked, **how))
    return answer.status, json.loads(answer.body)


def refusals(client: Client) -> Dict[str, int]:
    return client.stats()["fixes"]["refused"]


def result_of(client: Client, asked: Mapping[str, Any]) -> Dict[str, Any]:
    """How it ended, once it has, as it is pushed again."""
    wait_until(lambda: push(client, asked)[1].get("state") != "running", "the end of the fix")
    status, told = push(client, asked)
    assert status == 200
    return told


# What is asked for is done, once.


def test_a_fix_is_done_and_told_with_what_it_logged(client: Client, calls: List[Any]):
    client.on_close(logs.install(client))
    asked = a_fix(params={"pool": "orders"})
    status, told = push(client, asked)
    assert (status, told["state"], told["incident"]) in [(202, "running", "42"), (200, "succeeded", "42")]

    told = result_of(client, asked)
    assert calls == [("orders", 3)]
    assert (told["type"], told["request"], told["state"], told["fix"]) == (
        "result",
        asked["request"],
        "succeeded",
        "mend",
    )
    assert told["instance"] == client.origin.instance_id
    assert told["value"]["closed"] == 3
    assert "hunter2" not in json.dumps(told)
    assert told["log"].endswith("warning shop.db: closing the connections of orders")
    assert "digest" not in told
    assert client.stats()["fixes"] == {"accepted": 1, "refused": {}}


def test_every_answer_but_a_refusal_is_signed(client: Client):
    asked = a_fix()
    answer = client.fixes.push(*posted(asked))
    headers = dict(answer.headers)
    at = int(headers["webhook-timestamp"])
    assert headers["webhook-id"] == asked["request"]
    assert headers["webhook-signature"] == asking.signature(answer.body, asked["request"], at)
    assert "webhook-signature" not in dict(client.fixes.push({}, b"").headers)


def test_an_exception_becomes_a_result(client: Client):
    @aiops_sdk.fixer("break")
    def break_it() -> None:
        raise LookupError("no such pool")

    told = result_of(client, a_fix("break"))
    assert (told["state"], told["error"]) == ("failed", "LookupError: no such pool")
    assert told["stack_trace"].startswith("Traceback")
    assert "break_it" in told["stack_trace"]
    assert "aiops_sdk" not in told["stack_trace"]


@pytest.mark.parametrize("ends", [SystemExit(0), KeyboardInterrupt(), GeneratorExit()])
def test_so_does_whatever_else_is_raised(client: Client, ends: BaseException):
    @aiops_sdk.fixer("end")
    def end() -> None:
        raise ends

    told = result_of(client, a_fix("end"))
    assert (told["state"], told["error"].partition(":")[0]) == ("failed", type(ends).__name__)


def test_what_takes_too_long_is_told_as_that_and_keeps_its_name_until_it_is_done(client: Client):
    go_on, begun = threading.Event(), []

    @aiops_sdk.fixer("slow", timeout=0.05)
    def slow() -> None:
        begun.append(1)
        go_on.wait(60)

    first, second = a_fix("slow"), a_fix("slow")
    assert result_of(client, first)["state"] == "timed_out"
    assert push(client, second)[1]["state"] == "busy"
    go_on.set()
    wait_until(lambda: push(client, a_fix("slow"))[1]["state"] != "busy", "the fixer to be free")
    assert push(client, second)[1]["state"] == "busy"
    assert result_of(client, first)["state"] == "timed_out"


def test_it_has_until_its_timeout_and_no_longer_than_the_deadline(client: Client, monkeypatch: pytest.MonkeyPatch):
    given: List[float] = []

    class NoRun:
        def __init__(self, *_: Any, seconds: float, **__: Any) -> None:
            given.append(seconds)

        def start(self) -> None: ...

    monkeypatch.setattr("aiops_sdk.fixing.desk.Run", NoRun)
    push(client, a_fix(deadline=int(time.time()) + 3_600))
    client.fixes._free("mend")
    push(client, a_fix(deadline=int(time.time()) + 30))
    assert given[0] == 60.0
    assert 0 < given[1] <= 30


@pytest.mark.parametrize("takes", [0, 60])
def test_a_coroutine_function_runs_to_its_end_or_is_cancelled(client: Client, takes: int):
    @aiops_sdk.fixer("later", timeout=0.2 if takes else 60)
    async def later(answer: int) -> int:
        await asyncio.sleep(takes)
        return answer

    told = result_of(client, a_fix("later", params={"answer": 41}))
    assert (told["state"], told.get("value")) == (("timed_out", None) if takes else ("succeeded", 41))


def test_so_does_a_function_that_gives_a_coroutine(client: Client):
    async def later() -> int:
        return 41

    @aiops_sdk.fixer("wrapped")
    def wrapped() -> Any:
        return later()

    assert result_of(client, a_fix("wrapped"))["value"] == 41


def test_a_request_that_goes_the_other_way_after_all_is_not_done_twice(client: Client, calls: List[Any]):
    asked = a_fix()
    result_of(client, asked)
    again = carried({**asked, "instance": client.origin.instance_id})
    client.fixes.heard(outcome_of(202, None, asking.answer(again), 0.0))
    assert (refusals(client), calls) == ({"replay": 1}, [("main", 3)])


def test_a_request_that_comes_again_is_answered_and_not_done_again(client: Client, calls: List[Any]):
    asked = a_fix()
    told = result_of(client, asked)
    assert push(client, asked, at=int(time.time()) - 7) == (200, told)
    assert calls == [("main", 3)]


def test_nor_by_another_process_of_the_service(client: Client, calls: List[Any], tmp_path: Path):
    asked = a_fix()
    told = result_of(client, asked)
    with a_client(tmp_path) as other:
        assert push(other, asked) == (200, told)
    assert calls == [("main", 3)]


def test_nor_when_all_ask_at_once(client: Client, calls: List[Any]):
    asked, all_there = a_fix(), threading.Barrier(6)
    answers: List[int] = []

    def ask() -> None:
        all_there.wait(60)
        answers.append(push(client, asked)[0])

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert set(answers) <= {200, 202}
    result_of(client, asked)
    assert calls == [("main", 3)]


def test_the_host_learns_nothing_of_our_thread_but_its_own_logs(client: Client):
    @aiops_sdk.fixer("tell")
    def tell() -> str:
        return threading.current_thread().name + str(aiops_sdk._safety.is_at_work())

    assert result_of(client, a_fix("tell"))["value"] == "aiops-fixFalse"


# What is refused, each with the same words.

LATER, EARLIER = 301, -301


@pytest.mark.parametrize(
    ("asked", "how", "reason"),
    [
        (a_fix(), {"key": "another-key"}, "signature"),
        (a_fix(), {"at": EARLIER}, "time"),
        (a_fix(), {"at": LATER}, "time"),
        (a_fix(), {"message_id": "../../etc/passwd"}, "headers"),
        (a_fix(), {"message_id": "6F0C1D0E-5D6C-4C1B-9A53-0C6D3C1E7A21"}, "headers"),
        (a_fix(), {"message_id": "6f0c1d0e-5d6c-4c1b-9a53-0c6d3c1e7a21"}, "body"),
        (a_fix(type="proof"), {}, "body"),
        (a_fix(type="result"), {}, "body"),
        (a_fix(project="8"), {}, "project"),
        (a_fix(project=None), {}, "project"),
        (a_fix(service="billing"), {}, "service"),
        (a_fix(environment="staging"), {}, "environment"),
        (a_fix(incident=None), {}, "incident"),
        (a_fix(incident=42), {}, "incident"),
        (a_fix(incident="4" * 501), {}, "incident"),
        (a_fix("os.system"), {}, "fix"),
        (a_fix("__init__"), {}, "fix"),
        (a_fix(fix=["mend"]), {}, "fix"),
        (a_fix(params={"most": "3"}), {}, "params"),
        (a_fix(params={"command": "reboot"}), {}, "params"),
        (a_fix(params=["main"]), {}, "params"),
        (a_fix(deadline=int(time.time()) - 1), {}, "deadline"),
        (a_fix(deadline=None), {}, "deadline"),
        (a_fix(deadline="soon"), {}, "deadline"),
        (a_fix(deadline=True), {}, "deadline"),
        (a_fix(instance="0b8a36cc-4f0e-4d3c-9a49-6f2f3a4d5e6f"), {}, "instance"),
        (a_fix("everywhere"), {}, "instance"),
        (a_fix(), {"body": b"no JSON"}, "body"),
        (a_fix(), {"body": b"[]"}, "body"),
        (a_fix(), {"body": b"\xff"}, "body"),
        (a_fix(), {"body": b"[" * 60_000}, "body"),
        (a_fix(), {"body": b" " * 65_537}, "size"),
    ],
)
def test_whatever_is_wrong_is_refused_with_the_same_words(
    client: Client, calls: List[Any], asked: Dict[str, Any], how: Dict[str, Any], reason: str
):
    if "at" in how:
        how = {**how, "at": int(time.time()) + how["at"]}
    answer = client.fixes.push(*posted(asked, **how))
    assert (answer.status, answer.body, dict(answer.signed)) == (401, b'{"error": "refused"}', {})
    assert refusals(client) == {reason: 1}
    assert calls == []


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_header_that_is_missing_is_refused(client: Client, calls: List[Any], name: str):
    headers, body = posted(a_fix())
    del headers[name]
    assert client.fixes.push(headers, body).status == 401
    assert (refusals(client), calls) == ({"headers": 1}, [])


@pytest.mark.parametrize("field", ["incident", "service", "environment", "project", "fix", "params", "deadline"])
def test_a_body_that_was_changed_on_the_way_is_refused(client: Client, calls: List[Any], field: str):
    asked = a_fix()
    headers, _ = posted(asked)
    assert client.fixes.push(headers, json.dumps({**asked, field: "x"}).encode()).status == 401
    assert (refusals(client), calls) == ({"signature": 1}, [])


def test_an_id_that_was_used_for_something_else_is_refused(client: Client, calls: List[Any]):
    asked = a_fix()
    result_of(client, asked)
    assert push(client, {**asked, "incident": "43"}) == REFUSED
    assert push(client, {**asked, "params": {"pool": "orders"}}) == REFUSED
    assert (refusals(client), calls) == ({"replay": 2}, [("main", 3)])


def test_a_key_that_the_platform_has_revoked_asks_for_nothing(client: Client, calls: List[Any]):
    client.fixes.heard(Barred("HTTP 401", unauthorized=True))
    assert push(client, a_fix()) == REFUSED
    client.fixes.heard(Accepted(project="7"))
    assert push(client, a_fix())[0] in (200, 202)
    wait_until(lambda: calls == [("main", 3)], "the fix")


def test_before_the_platform_has_said_whose_key_it_is_nothing_is_done(tmp_path: Path, calls: List[Any]):
    with a_client(tmp_path) as client:
        client.fixes.heard(Accepted())
        assert push(client, a_fix(project=None)) == push(client, a_fix()) == REFUSED
    assert calls == []


def test_nor_when_no_heartbeat_has_been_accepted_for_five_minutes(client: Client, calls: List[Any]):
    now = [time.time()]
    client.fixes = desk = Desk(client, declaring.REGISTRY, clock=lambda: now[0])
    desk.heard(Accepted(project="7"))
    now[0] += 299
    assert push(client, a_challenge(), at=int(now[0]))[0] == 200
    now[0] += 2
    assert push(client, a_fix(), at=int(now[0])) == REFUSED
    assert (refusals(client), calls) == ({"project": 1}, [])


def test_while_keys_are_changed_either_signature_will_do(client: Client, calls: List[Any]):
    asked = a_fix()
    headers, body = posted(asked)
    new = posted(asked, key="the-next-key")[0]["webhook-signature"]
    headers["webhook-signature"] = new + " " + headers["webhook-signature"]
    assert client.fixes.push(headers, body).status in (200, 202)


def test_without_a_folder_nothing_is_offered_and_nothing_done(tmp_path: Path, calls: List[Any]):
    (tmp_path / "file").write_bytes(b"")
    for spool in ((), (str(tmp_path / "file"),)):
        made = Client(a_config(spool=spool))
        aiops_sdk.fixing.install(made)
        made.fixes.heard(Accepted(project="7"))
        assert made.fixes.has_news()
        assert made.fixes.for_beat() == {}
        assert not made.fixes.has_news()
        assert push(made, a_fix()) == REFUSED
        made.close(0.0)
    assert calls == []


def test_a_refusal_is_logged_once_for_each_reason_without_what_was_sent(
    client: Client, caplog: pytest.LogCaptureFixture
):
    for _ in range(3):
        push(client, a_fix(service="billing"))
    (record,) = caplog.records
    assert record.getMessage().startswith("A request to run a fixer was refused, and nothing was run.")
    assert "What was wrong: service." in record.getMessage()


# The proof that the key is held here.


def test_a_challenge_is_answered_with_a_proof(client: Client):
    asked = a_challenge()
    answer = client.fixes.push(*posted(asked))
    told = json.loads(answer.body)
    assert (answer.status, told) == (
        200,
        {
            "type": "proof",
            "request": asked["request"],
            "challenge": asked["challenge"],
            "address": "https://shop.example",
            "project": "7",
            "service": "shop",
            "environment": "production",
            "instance": client.origin.instance_id,
        },
    )
    at = int(dict(answer.headers)["webhook-timestamp"])
    assert dict(answer.headers)["webhook-signature"] == asking.signature(answer.body, asked["request"], at)


def test_only_for_the_address_that_is_configured(tmp_path: Path):
    with a_client(tmp_path, base_url="https://shop.example") as client:
        assert push(client, a_challenge(address="https://evil.example")) == REFUSED
        assert push(client, a_challenge(address="https://shop.example/"))[0] == 200
        assert refusals(client) == {"address": 1}


@pytest.mark.parametrize("how", [{"key": "another-key"}, {"at": 0}])
def test_who_does_not_hold_the_key_gets_no_proof(client: Client, how: Dict[str, Any]):
    assert push(client, a_challenge(), **how) == REFUSED


def test_a_proof_or_a_result_that_is_sent_back_is_refused(client: Client):
    for asked in (a_challenge(), a_fix()):
        answer = client.fixes.push(*posted(asked))
        assert client.fixes.push(dict(answer.signed), answer.body).status == 401


# Carried in the answer to a heartbeat.


@pytest.fixture
def beating(platform: Platform, tmp_path: Path) -> Iterator[Client]:
    """A client that beats seldom; what is carried is for its first or second beat."""
    made = Client(a_config(platform_url=platform.url, spool=(str(tmp_path),)))
    aiops_sdk.fixing.install(made)
    yield made
    made.close(10.0)


def told_of(platform: Platform, asked: Mapping[str, Any]) -> List[Dict[str, Any]]:
    told = [each for beat in platform.heartbeats for each in beat.get("fixes", [])]
    return [each for each in told if each["request"] == asked["request"]]


def ended(platform: Platform, asked: Mapping[str, Any]) -> List[str]:
    return [each["state"] for each in told_of(platform, asked) if each["state"] != "running"]


def test_a_beat_tells_which_fixers_there_are(platform: Platform, beating: Client):
    heartbeats.install(beating)
    told = platform.wait_for_heartbeats()[0]["fixers"]
    assert [each["name"] for each in told] == ["everywhere", "mend"]
    assert told[1]["params"]["most"] == {"type": "integer", "required": False}


def test_what_an_answer_carries_is_done_and_told_at_once(platform: Platform, beating: Client, calls: List[Any]):
    asked = a_fix(instance=beating.origin.instance_id)
    platform.answer(Answer(202, asking.answer(carried(asked))), path=HEARTBEATS)
    heartbeats.install(beating)
    platform.wait_until(lambda: bool(ended(platform, asked)), "the result")
    assert (ended(platform, asked), calls) == (["succeeded"], [("main", 3)])


@pytest.mark.parametrize("fix", ["mend", "everywhere"])
@pytest.mark.parametrize("instance", [None, "0b8a36cc-4f0e-4d3c-9a49-6f2f3a4d5e6f"])
def test_only_by_the_process_that_is_named(
    platform: Platform, beating: Client, calls: List[Any], fix: str, instance: Any
):
    asked = a_fix(fix, instance=instance)
    platform.answer(Answer(202, asking.answer(carried(asked))), path=HEARTBEATS)
    heartbeats.install(beating, interval=0.05)
    platform.wait_until(lambda: bool(ended(platform, asked)), "the refusal")
    assert (ended(platform, asked)[0], calls) == ("refused", [])
    assert refusals(beating) == {"instance": 1}


def test_each_instance_is_asked_by_its_name(platform: Platform, beating: Client, calls: List[Any]):
    asked = a_fix("everywhere", instance=beating.origin.instance_id)
    platform.answer(Answer(202, asking.answer(carried(asked))), path=HEARTBEATS)
    heartbeats.install(beating)
    platform.wait_until(lambda: bool(ended(platform, asked)), "the result")
    assert (ended(platform, asked), calls) == (["succeeded"], ["everywhere"])


def test_carried_without_the_signature_of_the_key_nothing_is_done(
    platform: Platform, beating: Client, calls: List[Any]
):
    asked = a_fix(instance=beating.origin.instance_id)
    junk: List[Any] = [7, {}, {"webhook-id": 7}, {**carried(asked), "body": None}]
    forged = carried(asked, key="another-key")
    platform.answer(Answer(202, asking.answer(*junk, forged)), path=HEARTBEATS)
    heartbeats.install(beating, interval=0.05)
    platform.wait_until(lambda: bool(ended(platform, asked)), "the refusal")
    assert (refusals(beating), calls) == ({"signature": 1}, [])


def test_a_result_is_told_until_a_beat_with_it_was_accepted(platform: Platform, beating: Client, calls: List[Any]):
    asked = a_fix(instance=beating.origin.instance_id)
    platform.answer(Answer(202, asking.answer(carried(asked))), *[Answer(503)] * 3, path=HEARTBEATS)
    heartbeats.install(beating, interval=0.05)
    platform.wait_until(lambda: len(ended(platform, asked)) >= 4, "the result, again and again")
    before = len(platform.heartbeats)
    platform.wait_for_heartbeats(before + 3)
    assert ended(platform, asked) == ["succeeded"] * 4
    assert calls == [("main", 3)]


def test_who_asks_again_is_told_again(platform: Platform, beating: Client, calls: List[Any]):
    asked = a_fix(instance=beating.origin.instance_id)
    once = Answer(202, asking.answer(carried(asked)))
    platform.always_answer(once, HEARTBEATS)
    heartbeats.install(beating, interval=0.05)
    platform.wait_until(lambda: len(ended(platform, asked)) >= 3, "the result, again and again")
    assert calls == [("main", 3)]


def test_a_fixer_that_is_registered_later_is_told_of(platform: Platform, tmp_path: Path, monkeypatch: Any):
    monkeypatch.setattr(heartbeats, "SETTLED", 0.01)
    client = aiops_sdk.init("key-of-the-test", platform_url=platform.url, service_name="shop")
    platform.wait_for_heartbeats()

    @aiops_sdk.fixer("late")
    def late() -> None: ...

    assert client.fixes is not None
    client.wake()
    platform.wait_until(
        lambda: any(each["name"] == "late" for beat in platform.heartbeats for each in beat.get("fixers", [])),
        "the late one",
    )


def test_what_is_news_is_told_once_and_what_is_urgent_too(client: Client, calls: List[Any]):
    assert client.fixes.has_news()
    client.fixes.for_beat()
    assert not client.fixes.has_news()
    result_of(client, a_fix())
    wait_until(client.fixes.is_urgent, "it to be known to be urgent")
    assert [each["state"] for each in client.fixes.for_beat()["fixes"]] == ["succeeded"]
    assert not client.fixes.is_urgent()
    client.fixes.heard(Accepted(project="7"))
    assert "fixes" not in client.fixes.for_beat()


def test_what_has_ended_is_told_before_what_still_runs(client: Client):
    go_on = threading.Event()
    for number in range(12):
        aiops_sdk.fixer(f"slow-{number}")(lambda: go_on.wait(60))
        push(client, a_fix(f"slow-{number}"))
    try:
        result_of(client, a_fix())
        wait_until(client.fixes.is_urgent, "it to be known to be urgent")
        told = client.fixes.for_beat()["fixes"]
        assert [each["state"] for each in told] == ["succeeded"] + ["running"] * 9
    finally:
        go_on.set()


# Processes that end, and those that fork.

PROGRAM = """
    import os, sys, time
    import aiops_sdk

    @aiops_sdk.fixer("hang")
    def hang() -> None:
        with open("begun", "a") as file:
            file.write("begun\\n")
        time.sleep(600)

    client = aiops_sdk.init(service_name="shop")
    print(client.origin.instance_id, flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_process_had_begun_is_told_by_the_next_one_and_never_run_again(
    platform: Platform, tmp_path: Path
):
    program = started_program(tmp_path, PROGRAM, platform_url=platform.url)
    try:
        assert program.stdout is not None
        asked = a_fix("hang", instance=program.stdout.readline().decode().strip())
        platform.always_answer(Answer(202, asking.answer(carried(asked))), HEARTBEATS)
        wait_until((tmp_path / "begun").exists, "the beginning")
    finally:
        os.kill(program.pid, signal.SIGKILL)
        program.communicate()
    platform.always_answer(Answer(202, asking.answer()), HEARTBEATS)
    again = started_program(tmp_path, PROGRAM, platform_url=platform.url)
    try:
        platform.wait_until(lambda: bool(ended(platform, asked)), "what became of it")
    finally:
        again.communicate(b"")
    assert ended(platform, asked) == ["interrupted"]
    assert (tmp_path / "begun").read_text() == "begun\n"


def test_a_forked_child_does_nothing_of_its_parent_s_and_answers_for_itself(client: Client, calls: List[Any]):
    asked = a_fix()
    told = result_of(client, asked)
    client.fixes.answered("GET", "/")
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        with contextlib.suppress(BaseException), os.fdopen(writing, "w") as pipe:
            told_again, mine = push(client, asked), a_fix()
            push(client, mine)
            json.dump([told_again, result_of(client, mine)["instance"], client.fixes.for_beat()], pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        again, instance, beat = json.load(pipe)
    os.waitpid(child, 0)
    assert again == [200, told]
    assert instance != client.origin.instance_id
    assert [each["instance"] for each in beat["fixes"]] == [instance]
    assert beat["answered"] == []
    assert client.fixes.for_beat()["answered"] == [{"method": "GET", "route": "/", "count": 1}]
    assert calls == [("main", 3)]


# Pushed to apps.


def asked_of_wsgi(app: Any, asked: Mapping[str, Any], **environ: Any) -> Tuple[str, bytes]:
    headers, body = posted(asked)
    started: List[Any] = []
    whole = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": PATH,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
        "HTTP_HOST": "shop.example",
        **{"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()},
        **environ,
    }
    pieces = app(whole, lambda status, headers, *_: started.append(status))
    return started[0], b"".join(pieces)


def hello(environ: Any, start_response: Any) -> List[bytes]:
    start_response("200 OK", [])
    return [b"hello"]


def test_a_wsgi_app_behind_the_middleware_is_asked_at_the_path(client: Client, calls: List[Any]):
    app = AIOpsMiddleware(hello)
    status, body = asked_of_wsgi(app, a_fix())
    assert status in ("202 Accepted", "200 OK")
    assert json.loads(body)["type"] == "result"
    wait_until(lambda: calls == [("main", 3)], "the fix")


@pytest.mark.parametrize(
    "environ",
    [{"REQUEST_METHOD": "GET"}, {"PATH_INFO": PATH + "/"}, {"PATH_INFO": "/"}, {"PATH_INFO": "/x" + PATH}],
)
def test_everything_else_is_the_app_s(client: Client, calls: List[Any], environ: Dict[str, str]):
    assert asked_of_wsgi(AIOpsMiddleware(hello), a_fix(), **environ) == ("200 OK", b"hello")
    assert calls == []


@pytest.mark.parametrize("length", [None, "", "-1", "1e3", "65537", "9" * 30, "٣"])
def test_a_body_of_unknown_or_great_length_is_refused_and_not_read(client: Client, calls: List[Any], length: Any):
    class Unread(io.BytesIO):
        def read(self, *_: Any) -> bytes:
            raise AssertionError("it was read")

    told = asked_of_wsgi(AIOpsMiddleware(hello), a_fix(), **{"CONTENT_LENGTH": length, "wsgi.input": Unread()})
    assert told == ("401 Unauthorized", b'{"error": "refused"}')
    assert calls == []


def test_without_a_fixer_the_path_is_the_app_s(tmp_path: Path):
    made = Client(a_config(spool=(str(tmp_path),)))
    clients.make_current(made)
    try:
        assert asked_of_wsgi(AIOpsMiddleware(hello), a_fix()) == ("200 OK", b"hello")
    finally:
        clients.make_current(None)
        made.close(0.0)


def asked_of_asgi(app: Any, asked: Mapping[str, Any], body: Any = None, **more: Any) -> List[Dict[str, Any]]:
    headers, raw = posted(asked)
    raw = raw if body is None else body
    connection = {
        "type": "http",
        "method": "POST",
        "path": PATH,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        **more,
    }
    halves = [raw[: len(raw) // 2], raw[len(raw) // 2 :]]
    sent: List[Dict[str, Any]] = []

    async def receive() -> Dict[str, Any]:
        return {"type": "http.request", "body": halves.pop(0), "more_body": bool(halves)}

    async def send(message: Dict[str, Any]) -> None:
        sent.append(message)

    async def serve() -> None:
        await app(connection, receive, send)
        # As a server does, which goes on.
        while client_of_test().fixes._busy:  # noqa: ASYNC110 - another thread ends it
            await asyncio.sleep(0.01)

    asyncio.run(serve())
    return sent


def client_of_test() -> Any:
    return clients.current()


async def bonjour(connection: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


def test_an_asgi_app_behind_the_middleware_is_asked_at_the_path(client: Client, calls: List[Any]):
    start, rest = asked_of_asgi(AsgiMiddleware(bonjour), a_fix())
    assert start["status"] in (200, 202)
    assert json.loads(rest["body"])["type"] == "result"
    assert calls == [("main", 3)]


def test_an_asynchronous_fixer_runs_on_the_loop_of_the_app(client: Client):
    loops: List[Any] = []

    async def app(connection: Any, receive: Any, send: Any) -> None:
        loops.append(asyncio.get_running_loop())
        await bonjour(connection, receive, send)

    @aiops_sdk.fixer("where")
    async def where() -> None:
        await asyncio.sleep(0)
        loops.append(asyncio.get_running_loop())

    async def serve() -> None:
        whole = {"type": "http", "method": "GET", "path": "/", "headers": []}
        await AsgiMiddleware(app)(whole, None, lambda _: asyncio.sleep(0))
        push(client, a_fix("where"))
        while len(loops) < 2:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)

    asyncio.run(serve())
    assert loops[0] is loops[1]


def test_what_is_too_large_or_breaks_off_is_refused(client: Client, calls: List[Any]):
    large = asked_of_asgi(AsgiMiddleware(bonjour), a_fix(), body=b" " * 65_537)
    assert (large[0]["status"], large[1]["body"]) == (401, b'{"error": "refused"}')
    assert calls == []


@pytest.mark.parametrize("more", [{"method": "GET"}, {"path": "/"}, {"path": PATH + "/x"}])
def test_everything_else_is_the_asgi_app_s(client: Client, calls: List[Any], more: Dict[str, Any]):
    assert asked_of_asgi(AsgiMiddleware(bonjour), a_fix(), **more)[1]["body"] == b"hello"
    assert calls == []


def test_a_route_of_the_app_s_own_goes_first(client: Client, calls: List[Any]):
    class Route:
        path = PATH
        methods = ("POST",)

        class path_regex:
            match = staticmethod(__import__("re").compile(PATH + "$").match)

    class App:
        routes = (Route,)

        async def __call__(self, *given: Any) -> None:
            await bonjour(*given)

    assert asked_of_asgi(AsgiMiddleware(App()), a_fix())[1]["body"] == b"hello"
    assert calls == []


def test_the_desk_is_the_one_that_init_lays(tmp_path: Path):
    client = aiops_sdk.init("key-of-the-test", platform_url="http://127.0.0.1:9", service_name="shop")
    assert isinstance(client.fixes, Desk)
