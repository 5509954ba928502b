from dataclasses import replace
from datetime import UTC, datetime

from aiops_platform.core.errors import PlatformError
from aiops_platform.process.duty import Duty
from aiops_platform.worker import Rota

NOW = datetime(2026, 11, 22, 3, 14, tzinfo=UTC)


class Station:
    """Counts its steps. `outcomes` are what they return or raise; then there is nothing more to do."""

    def __init__(self, *outcomes: bool | Exception) -> None:
        self.steps = 0
        self.woken = False
        self._outcomes = list(outcomes)

    def step(self, now: datetime) -> bool:
        assert now == NOW
        self.steps += 1
        outcome = self._outcomes.pop(0) if self._outcomes else False
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def wakes(self) -> bool:
        return self.woken

    def duty(self, seconds: float = 10.0) -> Duty:
        return Duty(name="station", seconds=seconds, step=self.step, wakes=self.wakes)


def rounds(rota: Rota, *clocks: float) -> list[float]:
    return [rota.round(clock, NOW) for clock in clocks]


def test_a_station_looks_by_itself_every_so_often():
    station = Station()

    rounds(Rota([station.duty(10)]), 0, 5, 9.9, 10, 15, 20)

    assert station.steps == 3


def test_a_station_that_is_woken_looks_at_once():
    station = Station()
    rota = Rota([station.duty(10)])
    rounds(rota, 0, 1)
    station.woken = True

    rounds(rota, 2)

    assert station.steps == 2


def test_a_station_with_more_to_do_goes_on_but_the_others_get_their_turn():
    busy, other = Station(*[True] * 100), Station()
    rota = Rota([busy.duty(), other.duty(1)])

    pauses = rounds(rota, 0, 0.5, 1, 1.5, 2)

    assert (busy.steps, other.steps) == (5, 3)
    assert pauses == [0, 0, 0, 0, 0]


def test_between_rounds_there_is_a_short_pause():
    station = Station()

    assert rounds(Rota([station.duty(10)]), 0, 9.95) == [0.1, 10 - 9.95]


def test_a_station_that_fails_pauses_longer_each_time_and_does_not_stop_the_others():
    failing, other = Station(*[PlatformError("busy")] * 3), Station()
    rota = Rota([failing.duty(10), other.duty(1)])

    rounds(rota, 0, 0.9)
    assert failing.steps == 1
    rounds(rota, 1, 2.9)
    assert failing.steps == 2
    rounds(rota, 3, 6.9)
    assert failing.steps == 3
    rounds(rota, 7)
    assert failing.steps == 4
    assert other.steps == 4


def test_a_station_that_fails_is_not_woken():
    failing = Station(ZeroDivisionError())
    failing.woken = True

    rounds(Rota([failing.duty(10)]), 0, 0.5)

    assert failing.steps == 1


def test_what_cannot_even_be_asked_whether_it_wakes_fails_in_its_step():
    def unaskable() -> bool:
        raise PlatformError("busy")

    station = Station()
    rota = Rota([Duty(name="station", seconds=10, step=station.step, wakes=unaskable)])

    rounds(rota, 0, 1)

    assert station.steps == 2


def test_a_station_is_told_as_failing_once_it_fails_again_and_again_until_it_works():
    station = Station(*[PlatformError("busy")] * 3)
    rota = Rota([station.duty(10)])

    rounds(rota, 0, 1)
    assert rota.failing() == []
    rounds(rota, 3)
    assert rota.failing() == ["station"]
    rounds(rota, 7)
    assert rota.failing() == []


def test_a_station_that_gets_nothing_done_says_so_itself():
    station = Station()
    assert Rota([replace(station.duty(), is_stuck=lambda: True)]).failing() == ["station"]
