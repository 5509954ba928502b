import asyncio

import pytest

from aiops_platform.door.together import Together


class Wire:
    """A transport that remembers what was written, piece by piece."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.end = ""

    def write(self, data: bytes) -> None:
        self.pieces.append(data)

    def close(self) -> None:
        self.end = "closed"

    def abort(self) -> None:
        self.end = "aborted"

    def is_closing(self) -> bool:
        return bool(self.end)

    def get_extra_info(self, name: str) -> str:
        return name


def after_a_turn(*acts: str) -> Wire:
    wire = Wire()

    async def write() -> None:
        together = Together(wire, asyncio.get_running_loop())
        for act in acts:
            if act in ("close", "abort"):
                getattr(together, act)()
            elif act == "turn":
                await asyncio.sleep(0)
            else:
                together.write(act.encode())
        await asyncio.sleep(0)

    asyncio.run(write())
    return wire


@pytest.mark.parametrize(
    ("acts", "pieces", "end"),
    [
        (["head", "body"], [b"headbody"], ""),
        (["head", "turn", "body"], [b"head", b"body"], ""),
        (["head", "body", "close"], [b"headbody"], "closed"),
        (["head", "abort"], [], "aborted"),
        (["close", "head"], [], "closed"),
    ],
)
def test_what_is_written_in_one_turn_goes_out_at_once(acts, pieces, end):
    wire = after_a_turn(*acts)
    assert (wire.pieces, wire.end) == (pieces, end)


def test_all_else_is_the_transport_s_own():
    async def peer() -> str:
        return Together(Wire(), asyncio.get_running_loop()).get_extra_info("peername")

    assert asyncio.run(peer()) == "peername"
