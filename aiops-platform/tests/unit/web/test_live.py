"""How open pages learn that something has moved."""

import asyncio

import pytest
from seeds import Seeds
from tables import a_store

from aiops_platform.storage.reads import SqlReads
from aiops_platform.web.live import Live

DEADLINE = 60.0


@pytest.fixture
def seeds():
    return Seeds(a_store())


def watching(seeds, **options):
    return Live(SqlReads(seeds.database), period=0.005, **options)


def lived(story):
    """Runs the story, with a deadline."""
    return asyncio.run(asyncio.wait_for(story, DEADLINE))


async def next_event(messages):
    """The next message that is not just a sign of life."""
    async for message in messages:
        if not message.startswith(b":"):
            return message.decode()
    raise AssertionError("the stream ended")


def test_a_page_that_has_seen_less_is_told_at_once(seeds):
    seeds.bump(1, "incidents")

    async def story():
        live = watching(seeds)
        stream = live.open(1, "session", "0.0.0.0.0")
        return await next_event(live.messages(stream, lambda: True))

    assert lived(story()) == "event: incidents\nid: 1.0.0.0.0\ndata: 1\n\n"


def test_a_page_that_has_seen_all_is_told_of_the_next_change_only(seeds):
    seeds.bump(1, "incidents")

    async def story():
        live = watching(seeds)
        messages = live.messages(live.open(1, "session", "1.0.0.0.0"), lambda: True)
        assert await anext(messages) == b": here\n\n"
        seeds.bump(1, "services")
        return await next_event(messages)

    assert lived(story()) == "event: services\nid: 1.1.0.0.0\ndata: 1\n\n"


def test_topics_that_moved_together_are_told_together(seeds):
    seeds.bump(1, "incidents", "services")

    async def story():
        live = watching(seeds)
        return await next_event(live.messages(live.open(1, "session", "0.0.0.0.0"), lambda: True))

    assert lived(story()).count("event:") == 2


def test_a_page_hears_nothing_of_another_project(seeds):
    async def story():
        live = watching(seeds)
        mine = live.messages(live.open(1, "session", "0.0.0.0.0"), lambda: True)
        theirs = live.messages(live.open(2, "session", "0.0.0.0.0"), lambda: True)
        seeds.bump(2, "incidents")
        await next_event(theirs)
        seeds.bump(1, "services")
        return await next_event(mine)

    assert "incidents" not in lived(story())


def test_signing_out_ends_the_streams_of_that_session_alone(seeds):
    async def story():
        live = watching(seeds)
        mine = live.messages(live.open(1, "mine", "0.0.0.0.0"), lambda: True)
        other = live.messages(live.open(1, "other", "0.0.0.0.0"), lambda: True)
        live.end("mine")
        said = await next_event(mine)
        with pytest.raises(StopAsyncIteration):
            await anext(mine)
        seeds.bump(1, "incidents")
        return said, await next_event(other)

    gone, told = lived(story())
    assert gone.startswith("event: signed-out")
    assert told.startswith("event: incidents")


def test_a_session_that_has_ended_elsewhere_is_noticed(seeds):
    async def story():
        live = watching(seeds, keep_alive=0.01)
        return await next_event(live.messages(live.open(1, "session", "0.0.0.0.0"), lambda: False))

    assert lived(story()).startswith("event: signed-out")


def test_a_quiet_stream_gives_signs_of_life(seeds):
    async def story():
        live = watching(seeds, keep_alive=0.01)
        messages = live.messages(live.open(1, "session", "0.0.0.0.0"), lambda: True)
        return [await anext(messages) for _ in range(2)]

    assert lived(story()) == [b": here\n\n", b": still here\n\n"]


def test_a_session_that_has_ended_is_noticed_however_much_happens(seeds):
    async def ring(bell):
        while True:
            bell.set()
            await asyncio.sleep(0)

    async def story():
        live = watching(seeds, keep_alive=0.1)
        stream = live.open(1, "session", "0.0.0.0.0")
        ringing = asyncio.create_task(ring(stream.bell))
        try:
            return await next_event(live.messages(stream, lambda: False))
        finally:
            ringing.cancel()

    assert lived(story()).startswith("event: signed-out")


def test_a_page_that_goes_while_its_bell_rings_is_let_go(seeds):
    async def story():
        live = watching(seeds)
        stream = live.open(1, "session", "0.0.0.0.0")
        messages = live.messages(stream, lambda: True)
        await anext(messages)
        waiting = asyncio.create_task(anext(messages))
        for _ in range(5):  # As far as it gets: it waits for the bell.
            await asyncio.sleep(0)
        stream.bell.set()
        waiting.cancel()
        await asyncio.wait([waiting], timeout=DEADLINE)
        return waiting.cancelled()

    assert lived(story())


def test_one_session_cannot_take_the_streams_of_all(seeds):
    async def story():
        live = watching(seeds, most_of_a_session=2)
        oldest, second, third = (live.open(1, "greedy", "0.0.0.0.0") for _ in range(3))
        other = live.open(1, "other", "0.0.0.0.0")
        said = [message async for message in live.messages(oldest, lambda: True)]
        seeds.bump(1, "incidents")
        told = [await next_event(live.messages(stream, lambda: True)) for stream in (second, third, other)]
        return said, told, live.listening

    said, told, listening = lived(story())
    assert said == [b": here\n\n", b"retry: 60000\n\n"]
    assert all(message.startswith("event: incidents") for message in told)
    assert listening == 3


def test_there_are_only_so_many_streams(seeds):
    async def story():
        live = watching(seeds, most=2)
        first = live.open(1, "session", "0.0.0.0.0")
        assert live.open(1, "session", "0.0.0.0.0") is not None
        assert live.open(1, "session", "0.0.0.0.0") is None
        live.close(first)
        return live.open(1, "session", "0.0.0.0.0")

    assert lived(story()) is not None


def test_nobody_is_watched_for_when_nobody_listens(seeds):
    async def story():
        live = watching(seeds)
        stream = live.open(1, "session", "0.0.0.0.0")
        live.close(stream)
        while live.is_watching:  # noqa: ASYNC110 - the deadline is around the whole story
            await asyncio.sleep(0.001)
        seeds.bump(1, "incidents")
        return await next_event(live.messages(live.open(1, "session", "0.0.0.0.0"), lambda: True))

    assert lived(story()).startswith("event: incidents")


def test_a_store_that_fails_for_a_moment_does_not_leave_pages_still(seeds):
    class Failing(SqlReads):
        looks = 0

        def revision(self, project_id):
            self.looks += 1
            if self.looks == 1:
                raise OSError("the disk went away for a moment")
            return super().revision(project_id)

    async def story():
        live = Live(Failing(seeds.database), period=0.005)
        messages = live.messages(live.open(1, "session", "0.0.0.0.0"), lambda: True)
        seeds.bump(1, "incidents")
        return await next_event(messages)

    assert lived(story()).startswith("event: incidents")


@pytest.mark.parametrize(
    "mark", ["", "x", "1", "1.2.3", "1.2.3.4.5", "-1.0.0.0", "1e3.0.0.0", "٣.1.0.0", "9" * 40 + ".1.0.0", "1.0.0.\x00"]
)
def test_a_mark_that_makes_no_sense_is_as_if_all_were_seen(seeds, mark):
    seeds.bump(1, "incidents")

    async def story():
        live = watching(seeds)
        other = live.messages(live.open(1, "session", "0.0.0.0.0"), lambda: True)
        messages = live.messages(live.open(1, "session", mark), lambda: True)
        assert await anext(messages) == b": here\n\n"
        upcoming = asyncio.ensure_future(next_event(messages))
        await next_event(other)
        seeds.bump(1, "services")
        return await upcoming

    assert lived(story()).startswith("event: services")
