import os
import signal

import pytest

from aiops_platform.core.errors import PlatformError
from aiops_platform.process.aside import Aside, AsideError


def fail() -> str:
    raise PlatformError("The disk is full: make room")


def break_down() -> str:
    raise ValueError("not foreseen")


def gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def test_work_is_done_in_a_process_of_its_own_that_goes_with_it():
    with Aside({"say who": lambda: str(os.getpid())}) as aside:
        process = int(aside.do("say who"))
        assert process != os.getpid()
        assert aside.do("say who") == str(process)
        aside.close()
        assert gone(process)


def test_what_keeps_it_from_its_work_is_said_and_it_goes_on():
    with Aside({"fail": fail, "greet": lambda: "Hello, wörld\n"}) as aside:
        with pytest.raises(AsideError, match="The disk is full: make room"):
            aside.do("fail")
        assert aside.do("greet") == "Hello, wörld\n"


def test_what_was_not_foreseen_ends_it(capfd):
    with Aside({"break down": break_down}) as aside:
        with pytest.raises(AsideError, match="What was to break down ended by itself"):
            aside.do("break down")
        with pytest.raises(AsideError):
            aside.do("break down")
    assert "ValueError: not foreseen" in capfd.readouterr().err


def test_who_was_killed_is_said_to_be():
    with Aside({"wait": lambda: str(signal.pause())}) as aside:
        os.kill(aside._child.pid, signal.SIGKILL)
        with pytest.raises(AsideError, match="The process that was to wait was ended by SIGKILL: try again"):
            aside.do("wait")


def test_it_is_ended_when_its_maker_is_interrupted():
    aside = Aside({"wait": lambda: str(signal.pause())})
    with pytest.raises(KeyboardInterrupt), aside:
        raise KeyboardInterrupt
    assert gone(aside._child.pid)


def test_a_ctrl_c_is_its_makers_affair():
    with Aside({"say who": lambda: str(os.getpid())}) as aside:
        os.kill(aside._child.pid, signal.SIGINT)
        assert aside.do("say who") == str(aside._child.pid)


def test_asked_to_end_it_says_nothing(capfd):
    with Aside({"wait": lambda: str(signal.pause())}) as aside:
        os.kill(aside._child.pid, signal.SIGTERM)
        with pytest.raises(AsideError):
            aside.do("wait")
    assert capfd.readouterr().err == ""
