import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from aiops_platform.api.ingest.keys import KeyRing
from aiops_platform.core.access import Holder, api_key_from

NOW = datetime(2026, 11, 22, 3, 14, tzinfo=UTC)
KEY = api_key_from(bytes(32))


class Keys:
    """An access that only knows keys, and counts how often it is asked."""

    def __init__(self) -> None:
        self.holders = {KEY: Holder(1, 7)}
        self.asked = 0
        self.noted: list[dict[int, datetime]] = []

    def holder_of_key(self, key: str) -> Holder | None:
        self.asked += 1
        return self.holders.get(key)

    def note_keys_used(self, used: dict[int, datetime]) -> None:
        self.noted.append(dict(used))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def keys():
    return Keys()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ring(keys, clock):
    return KeyRing(keys, clock)


def holder(ring, key=KEY, now=NOW):
    return asyncio.run(ring.holder(key, now))


def test_a_key_is_remembered_for_a_second(ring, keys, clock):
    assert [holder(ring) for _ in range(3)] == [Holder(1, 7)] * 3
    assert keys.asked == 1
    clock.now = 1.0
    holder(ring)
    assert keys.asked == 2


def test_a_key_in_use_is_asked_for_again_before_it_is_forgotten(ring, keys, clock):
    async def used_at(seconds: float) -> None:
        clock.now = seconds
        await ring.holder(KEY, NOW)
        # Nobody waits for the store, so the next who comes is to find its answer.
        await asyncio.gather(*ring._asking.values())

    async def use() -> None:
        for seconds in (0.0, 0.4, 0.6, 1.1):
            await used_at(seconds)

    asyncio.run(use())
    assert keys.asked == 2


def test_a_revoked_key_is_refused_within_a_second(ring, keys, clock):
    holder(ring)
    keys.holders.clear()
    clock.now = 1.0

    assert holder(ring) is None
    assert holder(ring) is None


def test_a_key_that_was_unknown_works_as_soon_as_it_exists(ring, keys):
    keys.holders.clear()
    assert holder(ring) is None
    keys.holders[KEY] = Holder(2, 7)

    assert holder(ring) == Holder(2, 7)


def test_what_is_no_key_is_not_even_asked_for(ring, keys):
    assert holder(ring, "hunter2") is None
    assert keys.asked == 0


def test_many_who_ask_at_once_ask_once(ring, keys):
    async def crowd():
        return await asyncio.gather(*(ring.holder(KEY, NOW) for _ in range(50)))

    assert asyncio.run(crowd()) == [Holder(1, 7)] * 50
    assert keys.asked == 1


def test_only_so_many_keys_are_remembered(ring, keys):
    many = [api_key_from(number.to_bytes(32)) for number in range(1001)]
    keys.holders = {key: Holder(number, 7) for number, key in enumerate(many)}
    for key in many:
        holder(ring, key)
    asked = keys.asked

    holder(ring, many[-1])
    assert keys.asked == asked
    holder(ring, many[0])
    assert keys.asked == asked + 1


def test_a_first_use_is_written_down_at_once_and_later_ones_once_a_minute(ring, keys):
    for seconds in (0, 1, 59, 60, 61):
        holder(ring, now=NOW + timedelta(seconds=seconds))
        asyncio.run(ring.write_down_uses())

    assert keys.noted == [{1: NOW}, {1: NOW + timedelta(seconds=60)}]


def test_nothing_is_written_down_when_no_key_was_used(ring, keys):
    asyncio.run(ring.write_down_uses())

    assert keys.noted == []
