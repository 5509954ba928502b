"""Who comes while others are written shares the next write, which waits a moment for as many as have come together before."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future

from made import a_parcel

from aiops_platform.api.ingest.gathering import Gathering
from aiops_platform.core.parcel import Parcel

SECONDS = 60


class Intake:
    """Writes a group when it is told to."""

    def __init__(self) -> None:
        self.groups: list[int] = []
        self.open: list[Future[None]] = []
        self._handed_over = asyncio.Semaphore(0)

    def append(self, parcels: Sequence[Parcel]) -> Future[None]:
        self.groups.append(len(parcels))
        self.open.append(Future())
        self._handed_over.release()
        return self.open[-1]

    async def group(self) -> None:
        """Waits until one is handed over."""
        await asyncio.wait_for(self._handed_over.acquire(), SECONDS)

    def wrote(self) -> None:
        self.open.pop().set_result(None)


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def come(gathering: Gathering, number: int) -> list[asyncio.Task[None]]:
    return [asyncio.ensure_future(gathering.keep(a_parcel(1, b"{}"))) for _ in range(number)]


def played(play: Callable[[Intake, Gathering], Awaitable[None]]) -> list[int]:
    """The sizes of the groups that were handed over."""

    async def run() -> list[int]:
        intake = Intake()
        await play(intake, Gathering(intake))  # type: ignore[arg-type]  # as far as it is used
        return intake.groups

    return asyncio.run(run())


def test_who_comes_alone_does_not_wait_for_others():
    async def play(intake: Intake, gathering: Gathering) -> None:
        for _ in range(3):
            tasks = come(gathering, 1)
            await turns()
            intake.wrote()
            await asyncio.gather(*tasks)

    assert played(play) == [1, 1, 1]


def test_who_comes_while_others_are_written_is_in_the_next_group():
    async def play(intake: Intake, gathering: Gathering) -> None:
        tasks = come(gathering, 1)
        await intake.group()
        tasks += come(gathering, 4)
        await turns()
        intake.wrote()
        await intake.group()
        intake.wrote()
        await asyncio.gather(*tasks)

    assert played(play) == [1, 4]


def test_groups_grow_where_more_come_when_they_are_waited_for():
    async def play(intake: Intake, gathering: Gathering) -> None:
        tasks = come(gathering, 2)
        await intake.group()
        for _ in range(40):
            tasks += come(gathering, 2)
            await turns()
            intake.wrote()
            await turns()
            if not intake.open:
                tasks += come(gathering, 1)
            await intake.group()
        intake.wrote()
        await asyncio.gather(*tasks)

    groups = played(play)
    assert set(groups[:6]) == {2}
    assert max(groups) > 2


def test_nobody_waits_for_ever_for_those_who_do_not_come():
    async def play(intake: Intake, gathering: Gathering) -> None:
        tasks = come(gathering, 2)
        for _ in range(40):
            await intake.group()
            tasks += come(gathering, 2)
            await turns()
            intake.wrote()
        await intake.group()
        intake.wrote()
        await asyncio.gather(*tasks)

    assert set(played(play)) == {2}


def test_those_who_have_gone_are_not_written():
    async def play(intake: Intake, gathering: Gathering) -> None:
        tasks = come(gathering, 1)
        await intake.group()
        gone, tasks = come(gathering, 2), tasks + come(gathering, 1)
        await turns()
        for each in gone:
            each.cancel()
        intake.wrote()
        await intake.group()
        intake.wrote()
        await asyncio.gather(*tasks)

    assert played(play) == [1, 1]
