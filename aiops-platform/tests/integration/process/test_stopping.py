"""Asked to end before it serves: what is in the middle of something ends in order."""

import os
import signal

import pytest

from aiops_platform.cli.stopping import AskedToEnd


@pytest.fixture
def asked():
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield AskedToEnd()
    for number, handler in before.items():
        signal.signal(number, handler)


def test_it_interrupts_at_once(asked):
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    assert asked.already


def test_where_it_would_be_ended_by_the_signal_it_interrupts_later(asked):
    done = []

    def work() -> None:
        with asked.heard_later():
            os.kill(os.getpid(), signal.SIGTERM)
            done.append("to the end")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["to the end"]


def test_not_asked_it_goes_on(asked):
    with asked.heard_later():
        pass
    assert not asked.already
