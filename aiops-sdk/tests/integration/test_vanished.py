"""Processes that end in every way there is: what they left says which deaths are news, and no signal does anything else."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Iterator, List, Optional, Sequence, Union

import pytest
from children import DEADLINE, environment

from aiops_sdk import changes
from aiops_sdk.delivery.journal import FAULT, Remains, dead
from aiops_sdk.postmortem import Crash, Vanished, body_of, surroundings, verdict

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="Only here it is known what a process that ended was"
)

# What the SDK does, in little: a journal, the watch for ends, a beat after the program has settled, a clean end.
PREAMBLE = """
import atexit, os, signal, sys, threading, time, uuid
from aiops_sdk.delivery.journal import Journal, Stub
from aiops_sdk.integrations.faults import Faults

def begin():
    global journal
    instance = {"id": str(uuid.uuid4()), "host": os.uname().nodename, "pid": os.getpid()}
    journal = Journal.open(os.environ["FOLDER"], {"service": "shop", "host": os.uname().nodename, "instance": instance})
    faults.begin(journal)

def beat():
    sees_stops = faults.look(time.monotonic() + 60)
    journal.alive(time.time(), 100 * 1024 * 1024, None, sees_stops=sees_stops)
    return sees_stops

def end():
    faults.end()
    journal.end()

def in_child():
    journal.abandon()
    faults.let_go()

def capture(number):
    return journal.write(Stub(str(uuid.uuid4()), time.time(), "exception", "error", "manual", "ValueError",
        "no stock of %d" % number, ("shop.py", number, "take")))

def say(*words):
    # In one piece, also in a signal's handler, beside another process, and before a sudden end.
    line = " ".join(map(str, words))
    os.write(1, line.encode() + b"\\n")

def ready():
    say("ready")
    time.sleep(30)

signal.alarm(60)  # Whatever becomes of the test.
faults = Faults(host_uses_it=False)
begin()
atexit.register(end)
os.register_at_fork(after_in_child=in_child)
import faulthandler
"""


class Program:
    """A little program of its own, without a terminal."""

    def __init__(self, folder: Path, code: str, command: Sequence[str] = ()) -> None:
        self.spool = folder / "spool"
        self.spool.mkdir(mode=0o700, exist_ok=True)
        script = folder / "program.py"
        script.write_text(PREAMBLE + textwrap.dedent(code), encoding="utf-8")
        self.process = subprocess.Popen(
            [*command, sys.executable, str(script)],
            env=environment(None, {"FOLDER": str(self.spool)}),
            cwd=str(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # What is read line by line leaves the rest to communicate().
            bufsize=0,
            start_new_session=True,
        )

    def read(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().decode().strip()

    def ended(self) -> int:
        out, self.err = self.process.communicate(timeout=DEADLINE)
        self.out = out.decode()
        return self.process.returncode

    def told(self, *signals: int) -> int:
        """Once it is ready: send it these, and see how it ends."""
        assert self.read() == "ready", self.process.communicate(timeout=DEADLINE)[1].decode()
        for number in signals:
            self.process.send_signal(number)
        return self.ended()

    def remains(self) -> List[Remains]:
        return list(dead(str(self.spool)))

    def verdicts(self) -> List[Union[Crash, Vanished, None]]:
        return [verdict(remains, surroundings()) for remains in self.remains()]

    def files(self) -> List[str]:
        return sorted(path.suffix for path in self.spool.iterdir() if path.name != changes.FILE)


def test_a_hundred_captures_survive_sigkill(tmp_path: Path):
    program = Program(
        tmp_path,
        """
        beat()
        for number in range(100):
            capture(number)
        os.kill(os.getpid(), signal.SIGKILL)
        """,
    )
    assert program.ended() == -signal.SIGKILL
    (remains,) = program.remains()
    assert [(stub.message, stub.place) for stub in remains.stubs] == [
        (f"no stock of {number}", ("shop.py", number, "take")) for number in range(100)
    ]
    found = verdict(remains, surroundings())
    assert isinstance(found, Vanished)
    assert found.error_type == "ProcessVanished"
    assert "100 MiB" in found.message
    body = body_of(found, remains)
    assert json.loads(json.dumps(body))["contexts"]["process"]["pid"] == program.process.pid


def test_killed_at_any_moment_each_stub_is_whole_or_not_there(tmp_path: Path):
    for _ in range(15):
        program = Program(
            tmp_path,
            """
            say("ready")
            number = 0
            while True:
                slot = capture(number)
                if number % 7:
                    journal.erase(slot)
                number += 1
                if number > 12000:
                    number = 0
                    faults.end(); journal.end(); begin()
            """,
        )
        assert program.told(signal.SIGKILL) == -signal.SIGKILL
        for remains in dead(str(program.spool)):
            numbers = [stub.place[1] for stub in remains.stubs if stub.place is not None]
            assert [stub.message for stub in remains.stubs] == [f"no stock of {number}" for number in numbers]
            # But for the last one, which may have lived still, only those that were never erased.
            kept = {number for number in numbers if not number % 7}
            assert len(set(numbers) - kept) <= 1
            assert kept == set(range(0, max(numbers, default=-1) + 1, 7))
            remains.done()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGQUIT", "SIGINT"])
def test_a_stop_is_no_death(tmp_path: Path, name: str):
    number = getattr(signal, name)
    program = Program(tmp_path, "signal.signal(signal.SIGINT, signal.SIG_DFL)\nassert beat()\nready()")
    assert program.told(number) == -number
    assert program.verdicts() == [None]


def test_a_signal_stays_what_it_was(tmp_path: Path):
    program = Program(
        tmp_path,
        """
        names = ("SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGSEGV", "SIGABRT")
        before = [signal.getsignal(getattr(signal, name)) for name in names]
        assert beat()
        assert before == [signal.getsignal(getattr(signal, name)) for name in names]
        ready()
        """,
    )
    assert program.told(signal.SIGINT) in (1, -signal.SIGINT)
    assert b"KeyboardInterrupt" in program.err
    assert program.files() == []


def test_a_program_that_is_told_to_ignore_a_hang_up_passes_that_on(tmp_path: Path):
    program = Program(
        tmp_path,
        """
        import subprocess
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        assert beat()
        os.kill(os.getpid(), signal.SIGHUP)
        look = "import signal; print(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN)"
        subprocess.run([sys.executable, "-c", look], check=True)
        """,
    )
    assert program.ended() == 0
    assert program.out == "True\n"


BLOCKED = {
    "sleep": "time.sleep(30)",
    "lock": "lock = threading.Lock(); lock.acquire(); lock.acquire()",
    "accept": "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); s.accept()",
    "pipe": "os.read(os.pipe()[0], 1)",
    "wait": "threading.Event().wait()",
}


@pytest.mark.parametrize("blocked", BLOCKED)
def test_a_handler_of_the_host_s_is_called_at_once_again_and_again(tmp_path: Path, blocked: str):
    program = Program(
        tmp_path,
        """
        def handler(number, frame):
            calls.append(number)
            say("called")
            if len(calls) == 3:
                sys.exit(7)
        calls = []
        signal.signal(signal.SIGTERM, handler)
        assert beat()
        say("ready")
        BLOCKED
        """.replace("BLOCKED", BLOCKED[blocked]),
    )
    assert program.read() == "ready"
    for _ in range(3):
        time.sleep(0.1)  # So that it is blocked again, most of the time.
        program.process.send_signal(signal.SIGTERM)
        assert program.read() == "called"
    assert program.ended() == 7
    assert program.files() == []


def test_a_handler_that_the_host_sets_later_is_called(tmp_path: Path):
    program = Program(
        tmp_path,
        """
        assert beat()
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
        assert not beat()
        ready()
        """,
    )
    assert program.told(signal.SIGTERM) == 7
    assert program.files() == []


def test_a_handler_that_the_host_exchanged_for_another_leaves_a_note_again(tmp_path: Path):
    program = Program(
        tmp_path,
        """
        signal.signal(signal.SIGTERM, lambda *_: None)
        assert beat()
        signal.signal(signal.SIGTERM, lambda *_: say("stopping"))
        assert beat()
        ready()
        """,
    )
    assert program.read() == "ready"
    program.process.send_signal(signal.SIGTERM)
    assert program.read() == "stopping"
    program.process.kill()
    assert program.ended() == -signal.SIGKILL
    assert program.verdicts() == [None]


@pytest.mark.parametrize("first", [True, False])
def test_a_loop_of_asyncio_is_stopped_in_its_own_way(tmp_path: Path, first: bool):
    program = Program(
        tmp_path,
        """
        import asyncio
        async def serve():
            stop = asyncio.Event()
            if not FIRST:
                assert beat()
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
            if FIRST:
                assert beat()
            say("ready")
            await stop.wait()
            say("stopped")
        asyncio.run(serve())
        """.replace("FIRST", str(first)),
    )
    assert program.told(signal.SIGTERM) == 0
    assert program.out == "stopped\n"
    assert program.files() == []


def test_one_that_takes_too_long_to_stop_and_is_killed_is_no_news(tmp_path: Path):
    program = Program(
        tmp_path,
        """
        signal.signal(signal.SIGTERM, lambda *_: say("stopping"))
        assert beat()
        say("ready")
        while True:
            time.sleep(1)
        """,
    )
    assert program.read() == "ready"
    program.process.send_signal(signal.SIGTERM)
    assert program.read() == "stopping"
    program.process.kill()
    assert program.ended() == -signal.SIGKILL
    assert program.verdicts() == [None]


HANDLED = "signal.signal(signal.SIGTERM, lambda *_: None)\n"
UNHANDLED = "signal.signal(signal.SIGTERM, signal.SIG_DFL)\n"
ENDS = {
    # As uvicorn ends: the earlier handler is put back, and the signal raised again.
    "raise_signal": (HANDLED + "assert beat()\n" + UNHANDLED + "signal.raise_signal(15)", -signal.SIGTERM),
    "kill itself": ("assert beat()\n" + HANDLED + UNHANDLED + "os.kill(os.getpid(), 15)", -signal.SIGTERM),
    "_exit": ("beat()\nos._exit(3)", 3),
    "exec": ("beat()\nos.execv(sys.executable, [sys.executable, '-c', 'raise SystemExit(5)'])", 5),
    "execlp": ("beat()\nos.execlp('sh', 'sh', '-c', 'exit 6')", 6),
    "sys.exit": ("beat()\nsys.exit(4)", 4),
    "an exception": ("beat()\nraise ValueError", 1),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_program_that_ends_itself_is_no_news(tmp_path: Path, end: str):
    code, status = ENDS[end]
    if end == "raise_signal" and not hasattr(signal, "raise_signal"):
        pytest.skip("This Python cannot raise a signal")
    program = Program(tmp_path, code)
    assert program.ended() == status, program.err
    assert [found for found in program.verdicts() if found] == []


def test_a_program_that_failed_to_end_itself_lives_on(tmp_path: Path):
    program = Program(
        tmp_path,
        """
        assert beat()
        try:
            os.execv("/does/not/exist", ["x"])
        except FileNotFoundError:
            pass
        signal.signal(signal.SIGUSR1, lambda *_: None)
        os.kill(os.getpid(), signal.SIGUSR1)
        os.kill(os.getpid(), 0)
        os.kill(os.getpid(), signal.SIGKILL)
        """,
    )
    assert program.ended() == -signal.SIGKILL
    (found,) = program.verdicts()
    assert isinstance(found, Vanished)


def test_what_lives_on_as_another_program_is_not_dead(tmp_path: Path):
    code = "import time; print('ready', flush=True); time.sleep(30)"
    program = Program(tmp_path, f"beat()\nos.execv(sys.executable, [sys.executable, '-c', {code!r}])")
    assert program.read() == "ready"
    try:
        assert program.remains() == []
    finally:
        program.process.kill()
        program.ended()
    assert program.verdicts() == [None]


CRASHES = {
    "SegmentationFault": (signal.SIGSEGV, "faulthandler._sigsegv()"),
    "Aborted": (signal.SIGABRT, "os.abort()"),
    "BusError": (signal.SIGBUS, "signal.pthread_kill(threading.get_ident(), signal.SIGBUS)"),
}


@pytest.mark.parametrize("error_type", CRASHES)
def test_a_crash_in_c_is_told_with_its_calls(tmp_path: Path, error_type: str):
    number, statement = CRASHES[error_type]
    program = Program(
        tmp_path,
        """
        waiting = threading.Event()
        def wait_for_ever():
            waiting.set()
            time.sleep(60)
        threading.Thread(target=wait_for_ever, daemon=True).start()
        waiting.wait(10)
        def crash():
            CRASH
        crash()
        """.replace("CRASH", statement),
    )
    assert program.ended() == -number
    assert program.err == b""
    (remains,) = program.remains()
    found = verdict(remains, surroundings())
    assert isinstance(found, Crash)
    assert found.error_type == error_type
    assert [function for _, _, function in found.calls] == ["<module>", "crash"]
    assert any("wait_for_ever" in text for text in found.threads.values())
    body = json.loads(json.dumps(body_of(found, remains)))
    assert body["exceptions"][0]["frames"][-1]["function"] == "crash"
    assert "crash" in body["stack_trace"]
    remains.done()


def test_a_host_that_waits_for_its_stop_with_sigwait_is_known_as_one(tmp_path: Path):
    program = Program(
        tmp_path,
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        sees_stops = []
        thread = threading.Thread(target=lambda: sees_stops.append(beat()))
        thread.start()
        thread.join()
        assert sees_stops == [False]
        say("ready")
        say(int(signal.sigwait([signal.SIGTERM])))
        """,
    )
    assert program.told(signal.SIGTERM) == 0
    assert program.out == "15\n"


def test_faulthandler_is_not_taken_from_a_host_that_uses_it(tmp_path: Path):
    program = Program(tmp_path, "beat()\nfaulthandler._sigsegv()", command=["env", "PYTHONFAULTHANDLER=1"])
    assert program.ended() == -signal.SIGSEGV
    assert b"Segmentation fault" in program.err
    (remains,) = program.remains()
    assert remains.fault == ""


@pytest.mark.parametrize("ended_first", [True, False])
def test_a_host_that_takes_faulthandler_later_keeps_it(tmp_path: Path, ended_first: bool):
    code = "beat()\nfaulthandler.enable()\nbeat()\nif {}:\n    end()\nfaulthandler._sigsegv()"
    program = Program(tmp_path, code.format(ended_first))
    assert program.ended() == -signal.SIGSEGV
    assert b"Segmentation fault" in program.err
    assert not list(program.spool.glob("*" + FAULT)) or program.remains()[0].fault == ""


def test_a_signal_that_the_host_registered_with_faulthandler_stays_its_own(tmp_path: Path):
    program = Program(
        tmp_path,
        """
        faulthandler.register(signal.SIGUSR1)
        faulthandler.register(signal.SIGTERM)
        assert not beat()
        faulthandler.register(signal.SIGQUIT)
        beat()
        for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGQUIT):
            os.kill(os.getpid(), number)
            sys.stderr.write("====")
            sys.stderr.flush()
        end()
        os.kill(os.getpid(), signal.SIGTERM)
        """,
    )
    assert program.ended() == 0
    assert [part.count(b"most recent call first") for part in program.err.split(b"====")] == [1, 1, 1, 1]


def test_a_forked_child_writes_nothing_into_its_parent_s_files(tmp_path: Path):
    program = Program(
        tmp_path,
        """
        assert beat()
        for end in (faulthandler._sigsegv, lambda: os.kill(os.getpid(), signal.SIGTERM)):
            child = os.fork()
            if not child:
                signal.getsignal(signal.SIGTERM)
                end()
            say(os.waitpid(child, 0)[1])
        os.kill(os.getpid(), signal.SIGKILL)
        """,
    )
    assert program.ended() == -signal.SIGKILL
    (remains,) = program.remains()
    assert (remains.fault, remains.signal) == ("", "")
    assert isinstance(verdict(remains, surroundings()), Vanished)


def test_a_forked_child_has_its_own_files_and_its_own_end(tmp_path: Path):
    program = Program(
        tmp_path,
        """
        assert beat()
        def child(work):
            number = os.fork()
            if number:
                return number
            begin()
            assert beat()
            work()
            os._exit(0)
        def sleep():
            say(os.getpid())
            time.sleep(30)
        crashed = child(faulthandler._sigsegv)
        os.waitpid(crashed, 0)
        killed = child(lambda: os.kill(os.getpid(), signal.SIGKILL))
        os.waitpid(killed, 0)
        ended = child(lambda: None)
        os.waitpid(ended, 0)
        stopped = child(sleep)
        say(os.waitpid(stopped, 0)[1])
        """,
    )
    os.kill(int(program.read()), signal.SIGTERM)
    assert program.ended() == 0, program.err
    assert program.out.split()[-1] == str(int(signal.SIGTERM))
    kinds = sorted(found.error_type for found in program.verdicts() if found)
    assert kinds == ["ProcessVanished", "SegmentationFault"]


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_child_of_multiprocessing_that_is_terminated_or_killed_is_no_news(tmp_path: Path, method: str):
    program = Program(
        tmp_path,
        """
        import multiprocessing
        def work(here):
            if FORKED:
                begin()
            beat()
            here.set()
            time.sleep(30)
        if __name__ == "__main__":
            context = multiprocessing.get_context(METHOD)
            for end in ("terminate", "kill"):
                here = context.Event()
                child = context.Process(target=work, args=(here,))
                child.start()
                assert here.wait(30)
                getattr(child, end)()
                child.join()
                say(child.exitcode)
        """.replace("METHOD", repr(method)).replace("FORKED", str(method == "fork")),
    )
    assert program.ended() == 0, program.err
    assert program.out.split() == ["-15", "-9"]
    assert [found for found in program.verdicts() if found] == []


def test_a_program_with_a_terminal_is_watched_by_its_user(tmp_path: Path):
    program = Program(
        tmp_path,
        """
        import pty
        child, terminal = pty.fork()
        if not child:
            begin()
            assert not beat()
            os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(child, 0)
        """,
    )
    assert program.ended() == 0, program.err
    assert program.verdicts() == [None]


def test_a_host_that_closes_all_descriptors_gets_nothing_into_its_own_files(tmp_path: Path):
    program = Program(
        tmp_path,
        """
        signal.signal(signal.SIGTERM, lambda *_: None)
        assert beat()
        os.closerange(3, 1000)
        files = [open("file%d" % number, "w") for number in range(20)]
        beat()
        capture(1)
        os.kill(os.getpid(), signal.SIGTERM)
        in_child()
        for file in files:
            file.write("mine")
            file.close()
        """,
    )
    assert program.ended() == 0, program.err
    assert {path.read_text() for path in tmp_path.glob("file*")} == {"mine"}


def test_of_two_that_look_at_once_only_one_finds(tmp_path: Path):
    program = Program(
        tmp_path,
        """
        for _ in range(20):
            child = os.fork()
            if not child:
                begin()
                os.kill(os.getpid(), signal.SIGKILL)
            os.waitpid(child, 0)
        from aiops_sdk.delivery.journal import dead
        go, ready = os.pipe()
        for _ in range(4):
            if not os.fork():
                os.read(go, 1)
                for remains in dead(os.environ["FOLDER"]):
                    os.write(1, (remains.instance_id + "\\n").encode())
                    remains.done()
                os._exit(0)
        os.write(ready, b"1234")
        for _ in range(4):
            os.wait()
        """,
    )
    assert program.ended() == 0, program.err
    found = program.out.split()
    assert len(found) == len(set(found)) == 20
    assert program.files() == []


def test_a_file_that_may_not_grow_means_no_journal(tmp_path: Path):
    program = Program(
        tmp_path,
        """
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
        say(Journal.open(os.environ["FOLDER"], {"instance": {"id": "another"}}))
        """,
    )
    assert program.ended() == 0, program.err
    assert program.out == "None\n"
    assert program.files() == []


def small_disk(folder: Path) -> Optional[Path]:
    """A file system of 40 MiB, where this may be made."""
    disk = folder / "spool"
    disk.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(disk)], capture_output=True, timeout=20
    )
    return disk if made.returncode == 0 else None


def test_a_disk_that_fills_up_ends_nothing(tmp_path: Path):
    disk = small_disk(tmp_path) if shutil.which("mount") else None
    if disk is None:
        pytest.skip("Not allowed to mount here")
    try:
        program = Program(
            tmp_path,
            """
            with open(os.environ["FOLDER"] + "/filler", "wb", buffering=0) as filler:
                try:
                    while True:
                        filler.write(bytes(65536))
                except OSError as error:
                    say(error.errno)
            slots = [capture(number) for number in range(3000)]
            say(len(slots), slots.count(None))
            beat()
            say(Journal.open(os.environ["FOLDER"], {"instance": {"id": "another"}}))
            os.kill(os.getpid(), signal.SIGKILL)
            """,
        )
        assert program.ended() == -signal.SIGKILL, program.err
        assert program.out.split() == ["28", "3000", "952", "None"]
        (remains,) = program.remains()
        assert len(remains.stubs) == 2048
        del remains
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False, timeout=20)


def test_the_first_process_of_a_container_that_is_stopped_is_no_news(tmp_path: Path):
    command = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if not shutil.which("unshare") or subprocess.run([*command, "true"], capture_output=True, timeout=20).returncode:
        pytest.skip("Not allowed to make a container here")
    program = Program(
        tmp_path,
        """
        assert os.getpid() == 1
        assert beat()
        say("ready")
        time.sleep(0.5)
        say("still there")
        time.sleep(30)
        """,
        command=command,
    )
    assert program.read() == "ready", program.ended()
    (inside,) = Path(f"/proc/{program.process.pid}/task/{program.process.pid}/children").read_text().split()
    # The kernel keeps the default action from the first process: as ever, it goes on until it is killed.
    os.kill(int(inside), signal.SIGTERM)
    assert program.read() == "still there"
    os.kill(int(inside), signal.SIGKILL)
    program.ended()
    (remains,) = program.remains()
    assert (remains.sees_stops, remains.process.pid if remains.process else 0) == (True, 1)
    assert verdict(remains, surroundings()) is None


SHOP = """
assert beat()

def app(environ, start_response):
    say("asked", os.getpid())
    while environ["PATH_INFO"] == "/hang":
        time.sleep(1)
    start_response("200 OK", [])
    return [b"well"]
"""


@pytest.mark.parametrize("hangs", [True, False])
def test_a_worker_that_gunicorn_stops_is_no_news_even_if_it_has_to_be_killed(
    tmp_path: Path, gunicorn: subprocess.Popen[bytes], hangs: bool
):
    worker = asked(gunicorn, tmp_path, "/hang" if hangs else "/")
    spool = tmp_path / "spool"
    gunicorn.terminate()
    gunicorn.wait(timeout=DEADLINE)
    remains = list(dead(str(spool)))
    assert [each.process.pid for each in remains if each.process is not None] == [worker] * hangs
    assert [verdict(each, surroundings()) for each in remains] == [None] * hangs


def test_a_worker_of_gunicorn_that_something_kills_has_vanished(tmp_path: Path, gunicorn: subprocess.Popen[bytes]):
    os.kill(asked(gunicorn, tmp_path, "/"), signal.SIGKILL)
    spool = tmp_path / "spool"
    deadline = time.monotonic() + DEADLINE
    found: List[Union[Crash, Vanished, None]] = []
    while not found and time.monotonic() < deadline:
        time.sleep(0.05)
        found = [verdict(each, surroundings()) for each in dead(str(spool))]
    assert [isinstance(each, Vanished) for each in found] == [True]


@pytest.fixture
def gunicorn(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """gunicorn with one worker, listening at a socket in the folder; its journals are in ``spool``."""
    pytest.importorskip("gunicorn")
    (tmp_path / "spool").mkdir(mode=0o700)
    (tmp_path / "shop.py").write_text(PREAMBLE + SHOP)
    options = ["--bind", "unix:shop.socket", "--workers", "1", "--graceful-timeout", "1", "--log-level", "critical"]
    running = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *options, "shop:app"],
        env=environment(None, {"FOLDER": str(tmp_path / "spool")}),
        cwd=str(tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield running
    finally:
        running.terminate()
        running.communicate(timeout=DEADLINE)


def asked(gunicorn: subprocess.Popen[bytes], folder: Path, path: str) -> int:
    """Ask for ``path``; the number of the worker that answers."""
    deadline = time.monotonic() + DEADLINE
    while True:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(10)
                connection.connect(os.path.relpath(str(folder / "shop.socket")))
                connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
                assert gunicorn.stdout is not None
                return int(gunicorn.stdout.readline().split()[1])
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
