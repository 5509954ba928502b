"""Nothing is lost uncounted: real processes that end in every way, and a platform that fails in every way."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from email.utils import formatdate
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional

import pytest
from children import DEADLINE, PATIENT, started_program
from loopback import BATCHES, EVENTS, HEARTBEATS, Answer, Platform

from aiops_sdk import changes
from aiops_sdk.delivery.disk import MAX_JOURNALS

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="What survives a process needs locks that end with it")

PREAMBLE = """
import json, logging, os, signal, sys, threading, time
import aiops_sdk
from aiops_sdk import client as clients
from aiops_sdk.delivery import transport

signal.alarm(50)  # Whatever becomes of the test.
if "AIOPS_SHUTDOWN_TIMEOUT" in os.environ:
    # Patient with the platform, too: an end keeps on disk what was not answered in time.
    transport.READ_SECONDS = 30.0
aiops_sdk.init()

def hasty():
    link = clients.current().link
    link._pauses, link._slow, link._barred = (0.05, 0.05), (0.2,), (0.3,)

def fail(number, text="no stock of %d"):
    try:
        raise ValueError(text % number)
    except ValueError as error:
        aiops_sdk.capture_exception(error)

def wait_until(condition):
    deadline = time.monotonic() + 30
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)

def settled():
    told = aiops_sdk.stats()
    return not told["queued"] and told["spooled"] <= told["recovered"]

def ready():
    print("ready", flush=True)

def tell():
    print(json.dumps(aiops_sdk.stats()), flush=True)

def everything_sent():
    # Nothing lies in the spool, and nothing of the dead beside it.
    delivery = clients.current()._delivery
    names = os.listdir(delivery.folder) if delivery.folder else ["not yet open"]
    ours = (delivery._disk.owner or "?", "last-start.json")
    return not [name for name in names if not name.startswith(ours)]

hasty()
"""

RESTARTED = """
wait_until(lambda: aiops_sdk.stats()["recovered"] >= EXPECTED)
wait_until(everything_sent)
time.sleep(0.3)
tell()
"""


class Program:
    """A little program that uses the SDK. ``stats`` is what it told of itself last."""

    def __init__(self, folder: Path, code: str, url: str, environ: Optional[Mapping[str, str]] = None) -> None:
        # Each its own file: one that is just being written anew would be an empty program to another that starts.
        name = f"program{len(list(folder.iterdir()))}.py"
        self.process = started_program(folder, PREAMBLE + code, platform_url=url, environ=environ, name=name)
        self.stats: Dict[str, Any] = {}
        self.err = ""

    def wait_until_ready(self) -> None:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line == b"ready\n", self.process.communicate(timeout=DEADLINE)

    def go_on(self) -> None:
        """It waits for a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def ended(self) -> int:
        out, err = self.process.communicate(timeout=DEADLINE)
        self.out, self.err = out.decode(), err.decode()
        told = [line for line in self.out.splitlines() if line.startswith("{")]
        self.stats = json.loads(told[-1]) if told else {}
        if self.stats:
            assert adds_up(self.stats), self.stats
        return self.process.returncode


@pytest.fixture(params=["modern", "old"])
def server(platform: Platform, request: pytest.FixtureRequest) -> Platform:
    """A platform as it is today, and as the first one was."""
    platform.serve = platform.be_modern if request.param == "modern" else platform.be_old  # type: ignore[attr-defined]
    serve(platform)
    return platform


@pytest.fixture
def run(tmp_path: Path, server: Platform) -> Iterator[Callable[..., Program]]:
    """Start a program; what still runs when the test is over is ended."""
    started: List[Program] = []

    def start(code: str, **environ: str) -> Program:
        started.append(Program(tmp_path, code, server.url, environ))
        return started[-1]

    yield start
    for program in started:
        if program.process.poll() is None:
            program.process.kill()
            program.process.communicate()


def serve(server: Platform) -> None:
    """From now on everything is well."""
    server.serve()  # type: ignore[attr-defined]


def adds_up(told: Dict[str, Any]) -> bool:
    gone = told["delivered"] + told["spooled"] + told["queued"] + sum(told["dropped"].values())
    return bool(told["captured"] + told["recovered"] == gone)


def total(events: List[Dict[str, Any]]) -> int:
    """How many occurrences these tell of; what came twice counts once, as it does on the platform."""
    return sum({event["event_id"]: event.get("repeat_count", 1) for event in events}.values())


def failures(server: Platform) -> List[Dict[str, Any]]:
    return [event for event in server.accepted if event["error_type"] == "ValueError"]


def numbers(server: Platform) -> List[int]:
    """The numbers of the failures that arrived, in order; one that came twice is there twice."""
    return sorted(int(event["message"].split()[-1]) for event in failures(server))


def assert_all_came_once(server: Platform, count: int) -> None:
    assert numbers(server) == list(range(count))
    assert all(event["timestamp"] if "timestamp" in event else event["occurred_at"] for event in failures(server))


def assert_all_came(server: Platform, count: int) -> None:
    """Some perhaps twice, with the same id: a process may die between an answer and its reading."""
    assert sorted(set(numbers(server))) == list(range(count))
    assert total(failures(server)) == count


def frames_of(event: Dict[str, Any]) -> List[Any]:
    return event["exceptions"][0]["frames"]


def restarted(run: Callable[..., Program], expected: int) -> Program:
    program = run(RESTARTED.replace("EXPECTED", str(expected)))
    assert program.ended() == 0
    return program


def lines(program: Program) -> List[str]:
    """What the SDK said in the host's log; logging's last resort prints it."""
    return [line for line in program.err.splitlines() if "event(s)" in line or "eartbeats" in line or "API key" in line]


# Ends.


def test_two_hundred_captures_and_a_normal_end(server: Platform, run: Callable[..., Program]):
    program = run("for number in range(200): fail(number)", **PATIENT)
    assert program.ended() == 0
    assert_all_came_once(server, 200)
    assert all(frames_of(event)[-1]["function"] == "fail" for event in failures(server))
    assert program.err == ""


def test_a_platform_that_never_answers_holds_the_end_up_two_seconds_and_costs_nothing(
    server: Platform, run: Callable[..., Program]
):
    server.never_answer()
    program = run("for number in range(200): fail(number)\nprint(time.monotonic(), flush=True)")
    assert program.ended() == 0
    # Two seconds, and one for a slow machine.
    assert time.monotonic() - float(program.out) < 3.5
    serve(server)
    assert restarted(run, 200).stats["delivered"] == 200
    assert_all_came_once(server, 200)
    assert all(frames_of(event)[-1]["source"]["line"].strip().startswith("raise") for event in failures(server))


@pytest.mark.parametrize("away", [True, False])
def test_told_to_stop_right_after_a_hundred_captures(server: Platform, run: Callable[..., Program], away: bool):
    if away:
        server.always_answer(Answer(503))
    program = run(
        """
before = signal.getsignal(signal.SIGTERM)
for number in range(100): fail(number)
assert signal.getsignal(signal.SIGTERM) is before is signal.SIG_DFL
ready()
time.sleep(30)
"""
    )
    program.wait_until_ready()
    program.process.terminate()
    assert program.ended() == -signal.SIGTERM
    serve(server)
    restarted(run, 0 if not away else 100)
    server.wait_until(lambda: total(failures(server)) == 100, "all")
    assert_all_came(server, 100)
    assert len(failures(server)) == len(server.accepted)


@pytest.mark.parametrize("handled", [True, False])
def test_with_the_option_a_stop_waits_for_what_is_queued(server: Platform, run: Callable[..., Program], handled: bool):
    program = run(
        """
clients.current().flush(20)
for number in range(100): fail(number)
ready()
for _ in range(600): time.sleep(0.05)
""".replace("clients.current().flush(20)\n", HANDLER if handled else ""),
        AIOPS_FLUSH_ON_SIGTERM="1",
        **PATIENT,
    )
    program.wait_until_ready()
    program.process.terminate()
    assert program.ended() == (7 if handled else -signal.SIGTERM), program.err
    assert_all_came_once(server, 100)


# Set before the SDK begins, so that it is called after it.
HANDLER = """
aiops_sdk.close()
signal.signal(signal.SIGTERM, lambda *_: os._exit(7))
aiops_sdk.init()
"""


@pytest.mark.parametrize("how", ["refused", "at once", "half"])
def test_killed_right_after_a_hundred_captures(server: Platform, run: Callable[..., Program], how: str):
    if how == "refused":
        server.stop()
    begin = "for number in range(50): fail(number)\naiops_sdk.flush(20)\n" if how == "half" else ""
    first = 50 if how == "half" else 0
    program = run(begin + f"for number in range({first}, 100): fail(number)\nos.kill(os.getpid(), signal.SIGKILL)")
    assert program.ended() == -signal.SIGKILL
    if how == "refused":
        server.start_again()
        serve(server)
    restarted(run, 0)
    server.wait_until(lambda: total(failures(server)) == 100, "all")
    assert_all_came(server, 100)
    for event in failures(server):
        assert event["message"].startswith("no stock of ")
        assert frames_of(event)[-1]["function"] == "fail"
        assert frames_of(event)[-1]["line"]
        assert abs(time.time() - event.get("timestamp", time.time())) < 120
    assert restarted(run, 0).stats["recovered"] == 0


LIVES = """
beats = [words for words in clients.current()._last_words if hasattr(words, "_interval")][0]
journal = lambda: clients.current()._delivery._disk.journal
def sees_stops():
    from aiops_sdk.delivery.journal import Remains
    if journal() is None: return False
    with open(journal().path, "rb") as file:
        return b'"sees_stops":true' in file.read(4096)
wait_until(sees_stops)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Only here it is known what a process that ended was")
@pytest.mark.parametrize(
    ("end", "error_type"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "ProcessVanished"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "SegmentationFault"),
        ("import faulthandler; faulthandler._sigsegv()", "SegmentationFault"),
        ("os.abort()", "Aborted"),
    ],
)
def test_what_nobody_could_catch_is_reported_once_by_whoever_comes_next(
    platform: Platform, tmp_path: Path, end: str, error_type: str
):
    platform.be_modern()
    lives = (
        LIVES
        if error_type == "ProcessVanished"
        else "wait_until(lambda: clients.current()._watched)\ntime.sleep(0.2)\n"
    )
    program = Program(tmp_path, "fail(0)\n" + lives + "def crash():\n    " + end + "\ncrash()", platform.url)
    assert program.ended() < 0
    reports = lambda: [event for event in platform.accepted if event["error_type"] != "ValueError"]  # noqa: E731
    both = [Program(tmp_path, "time.sleep(1.5)", platform.url) for _ in range(2)]
    assert [one.ended() for one in both] == [0, 0]
    (report,) = reports()
    assert report["error_type"] == error_type
    if error_type != "ProcessVanished":
        assert "crash" in [frame["function"] for frame in frames_of(report)]
    assert Program(tmp_path, "time.sleep(0.5)", platform.url).ended() == 0
    assert len(reports()) == 1
    assert total(failures(platform)) == 1


# A platform that fails.

CAPTURE_AND_WAIT = """
for number in range(COUNT): fail(number)
captured = aiops_sdk.stats()["captured"]
assert captured == COUNT, captured
ready()
wait_until(lambda: settled() and aiops_sdk.stats()["captured"] >= COUNT and everything_sent())
tell()
"""


def requests(server: Platform, path: Optional[str] = None) -> List[float]:
    """When requests with events came in."""
    return [one.at for one in server.received if one.path != HEARTBEATS and path in (None, one.path)]


def busiest_second(moments: List[float]) -> int:
    return max((sum(begin <= at < begin + 1 for at in moments) for begin in moments), default=0)


FAULTS = {
    "503": lambda server: server.always_answer(Answer(503)),
    "429": lambda server: server.always_answer(Answer(429)),
    "500": lambda server: server.always_answer(Answer(500, b"Internal Server Error")),
    "hang-up": lambda server: server.always_answer(Answer(hang_up=True)),
    "half an answer": lambda server: server.always_answer(Answer(cut=True)),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_while_the_platform_fails_nothing_is_lost_and_nobody_hurries(
    server: Platform, run: Callable[..., Program], fault: str
):
    FAULTS[fault](server)
    program = run(CAPTURE_AND_WAIT.replace("COUNT", "120"))
    program.wait_until_ready()
    server.wait_until(lambda: len(requests(server)) >= 5, "some tries")
    # Three in a hurry (hasty() made the pauses short), then one at a time.
    assert busiest_second(requests(server)[:5]) <= 8
    tried = len(server.received)
    serve(server)
    assert program.ended() == 0
    assert_all_came_once(server, 120)
    assert len(lines(program)) == 1
    assert program.stats["dropped"] == {}
    assert tried < 60


def test_a_platform_that_refuses_connections(server: Platform, run: Callable[..., Program]):
    server.stop()
    program = run(CAPTURE_AND_WAIT.replace("COUNT", "500"))
    program.wait_until_ready()
    time.sleep(1)
    server.start_again()
    serve(server)
    assert program.ended() == 0
    assert_all_came_once(server, 500)
    assert len(lines(program)) == 1


def test_a_platform_that_takes_connections_and_is_silent_keeps_no_caller_waiting(
    server: Platform, run: Callable[..., Program]
):
    server.never_answer()
    program = run(
        """
from aiops_sdk.delivery import transport
transport.READ_SECONDS = 2.0
fail(299)
ready()
sys.stdin.readline()
"""
        + CAPTURE_AND_WAIT.replace("COUNT)", "299)").replace("COUNT", "300")
    )
    program.wait_until_ready()
    server.wait_until(lambda: len(requests(server)) == 1, "the first request")
    program.go_on()
    # It captures them all while the first request still waits for its answer.
    program.wait_until_ready()
    assert len(requests(server)) == 1
    serve(server)
    assert program.ended() == 0
    assert_all_came_once(server, 300)


@pytest.mark.parametrize(("status", "form"), [(429, "seconds"), (503, "date")])
def test_a_wish_to_be_left_alone_is_respected(server: Platform, run: Callable[..., Program], form: str, status: int):
    # A date has whole seconds.
    wish = "2" if form == "seconds" else formatdate(time.time() + 4, usegmt=True)
    for path in (EVENTS, BATCHES):
        server.always_answer(Answer(status, headers={"Retry-After": wish}), path)
    program = run(CAPTURE_AND_WAIT.replace("COUNT", "60"))
    program.wait_until_ready()
    server.wait_until(lambda: bool(requests(server)), "the first request")
    serve(server)
    assert program.ended() == 0
    assert_all_came_once(server, 60)
    first, second = requests(server)[:2]
    assert second - first >= 1.9


def test_a_key_that_is_refused_costs_three_requests_one_line_and_no_event(
    server: Platform, run: Callable[..., Program]
):
    server.always_answer(Answer(401))
    program = run(
        """
clients.current().link._barred = (300.0,)
for number in range(100): fail(number)
aiops_sdk.flush(3)
for number in range(100, 200): fail(number)
aiops_sdk.flush(1)
"""
    )
    assert program.ended() == 0
    assert len(server.received) <= 3
    assert len(lines(program)) == 1
    assert "401" in lines(program)[0]
    serve(server)
    assert restarted(run, 200).stats["delivered"] == 200
    assert_all_came_once(server, 200)


def test_a_key_that_is_mended_is_noticed(server: Platform, run: Callable[..., Program]):
    server.always_answer(Answer(401))
    program = run(CAPTURE_AND_WAIT.replace("COUNT", "100"))
    program.wait_until_ready()
    serve(server)
    assert program.ended() == 0
    assert_all_came_once(server, 100)


def test_a_platform_that_is_away_through_several_restarts(server: Platform, run: Callable[..., Program]):
    server.stop()
    for begin in range(0, 250, 50):
        program = run(f"for number in range({begin}, {begin + 50}): fail(number)")
        assert program.ended() == 0
        assert len(lines(program)) == 1
    server.start_again()
    serve(server)
    told = restarted(run, 250).stats
    assert (told["recovered"], told["delivered"], told["captured"]) == (250, 250, 0)
    assert_all_came_once(server, 250)
    assert restarted(run, 0).stats["recovered"] == 0


def test_beyond_its_limits_the_spool_loses_the_least_telling_and_counts_it(
    server: Platform, run: Callable[..., Program]
):
    server.stop()
    limited = """
from aiops_sdk.delivery.spool import Limits
clients.current()._delivery._disk.open()
clients.current()._delivery._disk.spool._limits = Limits(events=60)
"""
    rows = []
    for begin in range(0, 90, 30):
        program = run(
            limited
            + f"""
for number in range({begin}, {begin + 10}): fail(number)
for number in range(20): logging.getLogger("shop").error("line %d of " + "{begin}", number)
client = clients.current()
aiops_sdk.close()
print(json.dumps(client.stats()))
"""
        )
        assert program.ended() == 0
        rows.append(program.stats)
    server.start_again()
    serve(server)
    rows.append(restarted(run, 50).stats)
    assert len({event["event_id"] for event in failures(server)}) == 30
    captured = sum(row["captured"] for row in rows)
    dropped = sum(sum(row["dropped"].values()) for row in rows)
    # A file goes as a whole.
    assert (captured, dropped, rows[-1]["delivered"], len(server.accepted)) == (90, 40, 50, 50)


def test_a_body_that_is_too_large_for_the_server_gets_lighter_also_from_the_disk(
    server: Platform, run: Callable[..., Program]
):
    server.stop()
    assert run("for number in range(20): fail(number)").ended() == 0
    server.start_again()
    serve(server)
    server.too_large = 1500
    assert restarted(run, 20).stats["delivered"] == 20
    assert_all_came_once(server, 20)
    assert {one.accepted for one in server.received if one.path == EVENTS} == {True, False}


# A disk that fails.


def folder_of(tmp_path: Path) -> Path:
    (folder,) = (tmp_path / "spool").iterdir()
    return folder


def undelivered_in(folder: Path) -> List[str]:
    """What lies in it besides what the last start has noted."""
    return [path.name for path in folder.iterdir() if path.name != changes.FILE]


def test_with_a_folder_that_cannot_be_written_it_works_without_and_says_so_once(
    server: Platform, run: Callable[..., Program], tmp_path: Path
):
    (tmp_path / "spool").write_text("a file, where a folder should be")
    program = run(CAPTURE_AND_WAIT.replace("and everything_sent()", "").replace("COUNT", "50"))
    program.wait_until_ready()
    assert program.ended() == 0
    assert_all_came_once(server, 50)
    assert program.err.count("cannot be kept on disk") == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="Only root can give a folder away")
def test_a_folder_of_another_user_is_not_used(server: Platform, run: Callable[..., Program], tmp_path: Path):
    assert run("fail(0)").ended() == 0
    folder = folder_of(tmp_path)
    os.chown(folder, 1234, 1234)
    server.always_answer(Answer(503))
    program = run("for number in range(1, 20): fail(number)\naiops_sdk.flush(1)")
    assert program.ended() == 0
    assert program.err.count("cannot be kept on disk") == 1
    assert undelivered_in(folder) == []


FULL = {
    # Below what a journal needs: there is none.
    "no journal": "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n",
    # There is a journal; what is written later does not fit.
    "no spool": "import resource; fail(0); resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n",
}


@pytest.mark.parametrize("full", FULL)
def test_on_a_full_disk_it_works_without(server: Platform, run: Callable[..., Program], full: str):
    server.always_answer(Answer(503))
    first = 1 if full == "no spool" else 0
    program = run(
        FULL[full] + CAPTURE_AND_WAIT.replace("range(COUNT)", f"range({first}, COUNT)").replace("COUNT", "150")
    )
    program.wait_until_ready()
    server.wait_until(lambda: len(requests(server)) >= 4, "some tries")
    serve(server)
    assert program.ended() == 0
    assert_all_came_once(server, 150)
    assert program.stats["dropped"] == {}
    assert program.err.count("cannot be kept on disk") <= 1


@pytest.mark.parametrize("full", FULL)
def test_what_a_full_disk_does_not_take_at_the_end_is_counted_and_said_or_in_the_journal(
    server: Platform, run: Callable[..., Program], full: str
):
    server.stop()
    program = run(
        FULL[full]
        + "for number in range(1000, 1500): fail(number)\nclient = clients.current()\naiops_sdk.close()\nprint(json.dumps(client.stats()))"
    )
    assert program.ended() == 0
    told = program.stats
    server.start_again()
    serve(server)
    came = restarted(run, 0).stats["recovered"]
    server.wait_until(lambda: total(failures(server)) == told["spooled"], "what was kept")
    assert told["captured"] == told["spooled"] + told["dropped"].get("exit", 0)
    assert came <= told["spooled"]


@pytest.mark.parametrize("damage", ["flipped", "cut", "empty", "nonsense"])
def test_of_a_damaged_spool_what_is_whole_is_taken_and_the_rest_is_counted(
    server: Platform, run: Callable[..., Program], tmp_path: Path, damage: str
):
    server.stop()
    assert run("for number in range(200): fail(number)").ended() == 0
    assert run("for number in range(200, 210): fail(number)").ended() == 0
    files = sorted(folder_of(tmp_path).glob("*.events"))
    content = bytearray(files[0].read_bytes())
    if damage == "flipped":
        content[len(content) // 2] ^= 0xFF
    files[0].write_bytes(
        {
            "flipped": bytes(content),
            "cut": bytes(content[: len(content) // 2]),
            "empty": b"",
            "nonsense": os.urandom(500),
        }[damage]
    )
    server.start_again()
    serve(server)
    told = restarted(run, 210).stats
    assert (told["recovered"], told["delivered"]) == (210, 210 - told["dropped"]["spool_damaged"])
    assert total(failures(server)) == told["delivered"]
    assert set(range(200, 210)) <= set(numbers(server))
    if damage in ("flipped", "cut"):
        assert told["delivered"] > 20


@pytest.mark.parametrize("damage", ["stub", "head", "cut", "empty"])
def test_of_a_damaged_journal_what_is_whole_is_taken(
    server: Platform, run: Callable[..., Program], tmp_path: Path, damage: str
):
    server.stop()
    assert run("for number in range(50): fail(number)\nos.kill(os.getpid(), signal.SIGKILL)").ended() == -signal.SIGKILL
    (journal,) = folder_of(tmp_path).glob("*.journal")
    content = bytearray(journal.read_bytes())
    if damage == "stub":
        place = content.index(b"no stock of 7")
        content[place] ^= 0xFF
    elif damage == "head":
        content[4096:4200] = os.urandom(104)
    elif damage == "cut":
        del content[len(content) // 100 :]
    else:
        content.clear()
    journal.write_bytes(bytes(content))
    server.start_again()
    serve(server)
    assert run("fail(50)\ntime.sleep(1.5)").ended() == 0
    came = set(numbers(server))
    assert 50 in came
    if damage == "stub":
        assert came == set(range(51)) - {7}
    if damage == "head":
        assert came == set(range(51))
    assert list(folder_of(tmp_path).glob("*.journal")) == []


def test_many_that_crashed_while_the_platform_is_away_fill_no_disk(platform: Platform, tmp_path: Path):
    platform.stop()
    assert Program(tmp_path, "fail(0)", platform.url).ended() == 0
    for number in range(MAX_JOURNALS + 10):
        (folder_of(tmp_path) / f"{number}.journal").touch(mode=0o600)
    program = Program(
        tmp_path,
        """
folder = lambda: clients.current()._delivery.folder
wait_until(lambda: folder() and not [name for name in os.listdir(folder()) if name.endswith("9.journal")])
""",
        platform.url,
    )
    assert program.ended() == 0
    assert len(list(folder_of(tmp_path).glob("*.journal"))) <= 1


@pytest.mark.parametrize("count", [2, 8])
def test_several_that_start_at_once_after_a_crash_take_each_event_once(
    server: Platform, run: Callable[..., Program], tmp_path: Path, count: int
):
    server.stop()
    for begin in (0, 50):
        program = run(f"for number in range({begin}, {begin + 50}): fail(number)\nos.kill(os.getpid(), signal.SIGKILL)")
        assert program.ended() == -signal.SIGKILL
    assert run("for number in range(100, 150): fail(number)").ended() == 0
    server.start_again()
    serve(server)
    programs = [run("ready()\nsys.stdin.readline()\ntime.sleep(1.5)\ntell()") for _ in range(count)]
    for program in programs:
        program.wait_until_ready()
    server.wait_until(lambda: len(set(numbers(server))) == 150, "all of them")
    # From here on they only have to hear the last answers.
    for program in programs:
        program.go_on()
    assert [program.ended() for program in programs] == [0] * count
    assert_all_came_once(server, 150)
    assert sum(program.stats["recovered"] for program in programs) == 150
    assert undelivered_in(folder_of(tmp_path)) == []


def test_a_folder_that_is_removed_meanwhile_is_made_again(
    server: Platform, run: Callable[..., Program], tmp_path: Path
):
    server.always_answer(Answer(503))
    program = run("fail(0)\nready()\nsys.stdin.readline()\nfor number in range(1, 50): fail(number)")
    program.wait_until_ready()
    server.wait_until(lambda: len(requests(server)) >= 1, "the first request")
    for file in folder_of(tmp_path).iterdir():
        file.unlink()
    folder_of(tmp_path).rmdir()
    program.go_on()
    assert program.ended() == 0
    serve(server)
    restarted(run, 49)
    assert set(range(1, 50)) <= set(numbers(server))


# Repeats.

REPEATS = """
def again(text, times):
    for number in range(times):
        fail(number, text)
"""
FEW = 30


@pytest.mark.parametrize("how", ["end", "kill", "spool"])
def test_ten_thousand_repeats_are_a_few_events_and_the_exact_number(
    server: Platform, run: Callable[..., Program], how: str
):
    if how == "spool":
        server.stop()
    end = {"end": "", "kill": "os.kill(os.getpid(), signal.SIGKILL)", "spool": ""}[how]
    program = run(
        "def fail_alike():\n"
        "    try:\n"
        "        raise ValueError('no stock of 7')\n"
        "    except ValueError as error:\n"
        "        aiops_sdk.capture_exception(error)\n"
        "for number in range(10_000): fail_alike()\n" + end,
        **(PATIENT if how == "end" else {}),
    )
    assert program.ended() == (-signal.SIGKILL if how == "kill" else 0)
    if how == "spool":
        server.start_again()
        serve(server)
    # Also after an orderly end: where an answer took too long, the rest waits in the spool.
    restarted(run, 0)
    server.wait_until(lambda: total(failures(server)) >= 10_000, "all")
    assert total(failures(server)) == 10_000
    assert len(failures(server)) <= FEW
    told = [event for event in failures(server) if event.get("repeat_count", 1) > 1]
    assert told
    assert all(event["first_at"] <= event["last_at"] for event in told)


@pytest.mark.parametrize("away", [True, False])
def test_a_parent_and_its_children_count_their_repeats_each_for_itself(
    server: Platform, run: Callable[..., Program], away: bool
):
    if away:
        server.stop()
    program = run(
        """
def alike(times):
    for _ in range(times): fail(7)
alike(100)
for child in range(3):
    if not os.fork():
        alike(1000)
        sys.exit()
alike(100)
while True:
    try: os.wait()
    except ChildProcessError: break
"""
    )
    assert program.ended() == 0
    if away:
        server.start_again()
        serve(server)
        restarted(run, 3200)
    assert total(failures(server)) == 3200
    by_process: Dict[str, List[Dict[str, Any]]] = {}
    for event in failures(server):
        by_process.setdefault(event["instance"]["id"], []).append(event)
    assert sorted(map(total, by_process.values())) == [200, 1000, 1000, 1000]


# Forks.


def test_children_that_end_without_a_word_are_told_of_by_the_next_start(server: Platform, run: Callable[..., Program]):
    """As workers of a server with a master do that ends them with ``os._exit``."""
    program = run(
        """
for number in range(10): fail(number)
children = []
for child in range(4):
    pid = os.fork()
    if not pid:
        for number in range(10 + 50 * child, 60 + 50 * child): fail(number)
        os._exit(0)
    children.append(pid)
for pid in children: os.waitpid(pid, 0)
"""
    )
    assert program.ended() == 0
    restarted(run, 0)
    server.wait_until(lambda: total(failures(server)) == 210, "all")
    assert_all_came(server, 210)
    assert len(server.accepted) == len(failures(server))


def test_a_fork_while_a_file_of_the_spool_is_sent_sends_nothing_twice(
    server: Platform, run: Callable[..., Program], tmp_path: Path
):
    server.stop()
    assert run("for number in range(100): fail(number)").ended() == 0
    server.start_again()
    serve(server)
    slow = {path: server._always[path] for path in (EVENTS, BATCHES)}
    for path, answer in slow.items():
        server.always_answer(Answer(answer.status, answer.body, delay=0.02), path)
    program = run(
        """
wait_until(lambda: clients.current()._delivery._load is not None)
children = []
for child in range(5):
    pid = os.fork()
    if not pid:
        fail(100 + child)
        sys.exit(0 if aiops_sdk.flush(10) else 1)
    children.append(pid)
print([os.waitpid(pid, 0)[1] for pid in children])
wait_until(everything_sent)
"""
    )
    assert program.ended() == 0
    assert "[0, 0, 0, 0, 0]" in program.out
    assert_all_came_once(server, 105)
    assert list(folder_of(tmp_path).glob("*.events")) == []


def test_where_no_thread_can_be_started_the_end_sends(server: Platform, run: Callable[..., Program]):
    program = run(
        """
aiops_sdk.close()
from aiops_sdk import _safety
_safety.start_thread = lambda *_: False
aiops_sdk.init()
for number in range(100): fail(number)
""",
        **PATIENT,
    )
    assert program.ended() == 0
    assert_all_came_once(server, 100)


# Counts.


@pytest.mark.parametrize("seed", range(2))
def test_whatever_the_platform_does_the_counts_add_up(
    server: Platform, run: Callable[..., Program], tmp_path: Path, seed: int
):
    import random

    chance = random.Random(seed)
    program = run(
        """
import random
for words in clients.current()._last_words:
    if hasattr(words, "_interval"): words._interval = 0.1
chance = random.Random(SEED)
number = 0
for _ in range(40):
    for _ in range(chance.randrange(10)):
        fail(number)
        number += 1
    if chance.random() < 0.2:
        for _ in range(200): fail(7, "again and again %d")
    if chance.random() < 0.1: aiops_sdk.flush(0.1)
    time.sleep(0.03)
    told = aiops_sdk.stats()
    gone = told["delivered"] + told["spooled"] + told["queued"] + sum(told["dropped"].values())
    assert told["captured"] + told["recovered"] == gone, told
client = clients.current()
aiops_sdk.close()
print(json.dumps(client.stats()))
""".replace("SEED", str(seed))
    )
    faults = [
        lambda: server.always_answer(Answer(503)),
        lambda: server.always_answer(Answer(429, headers={"Retry-After": "0"})),
        lambda: server.always_answer(Answer(400)),
        lambda: server.always_answer(Answer(413), BATCHES),
        lambda: server.always_answer(Answer(401)),
        lambda: server.always_answer(Answer(hang_up=True)),
        lambda: server.always_answer(Answer(cut=True)),
        lambda: serve(server),
        lambda: serve(server),
    ]
    while program.process.poll() is None:
        chance.choice(faults)()
        time.sleep(chance.random() * 0.3)
    assert program.ended() == 0
    rows = [beat["stats"] for beat in server.heartbeats] + [program.stats]
    assert all(adds_up(row) for row in rows)
    serve(server)
    rows.append(restarted(run, program.stats["spooled"] - program.stats["recovered"]).stats)
    dropped = sum(sum(row["dropped"].values()) for row in rows[-2:])
    lost_by_refusal = program.stats["captured"] - dropped
    assert total(server.accepted) == lost_by_refusal
    assert list(folder_of(tmp_path).glob("*.events")) == []
