"""`make demo`: two addresses that work, and after Ctrl-C nothing is left."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from e2e.platforms import is_up
from e2e.programs import ROOT, Program, clean_environment, eventually, installed, started
from e2e.shops import Shop


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Program]:
    command: list[str | Path] = [installed("e2e", "python"), ROOT / "tools" / "demo.py"]
    for name in ("tmp", "home"):
        (tmp_path / name).mkdir()
    surroundings = clean_environment(TMPDIR=str(tmp_path / "tmp"), HOME=str(tmp_path / "home"))
    with started(command, log=tmp_path / "log", environment=surroundings) as program:
        yield program


def addresses(demo: Program) -> tuple[str, str]:
    demo.says("Ctrl-C")
    platform = demo.says(r"The platform +(http://\S+/signin/\S+)").group(1)
    return platform, demo.says(r"The shop +(http://\S+)").group(1)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_it_shows_both_and_leaves_nothing_behind(demo: Program, tmp_path: Path, how: signal.Signals) -> None:
    platform, shop = addresses(demo)
    assert is_up(platform.partition("/signin/")[0] + "/health")
    assert is_up(shop)

    assert demo.end(how) == 0

    eventually(lambda: not demo.living(), what="the end of every process")
    assert list((tmp_path / "tmp").iterdir()) == []
    assert list((tmp_path / "home").iterdir()) == []


def test_what_breaks_in_its_shop_is_mended_by_itself(demo: Program) -> None:
    _, address = addresses(demo)
    shop = Shop(url=address.rstrip("/"), program=demo)
    for part in ("pool", "cache"):
        assert shop.press(f"break-{part}") == 500
        eventually(partial(works, shop, part), what=f"a {part} that is mended")


def works(shop: Shop, part: str) -> bool:
    return shop.press(f"try-{part}") == 200


def test_taken_ports_are_replaced_and_it_says_so(request: pytest.FixtureRequest) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 5000))
        except OSError:
            pass  # somebody else has it, which serves as well
        else:
            taken.listen()
        demo: Program = request.getfixturevalue("demo")
        _, shop = addresses(demo)

        assert "Port 5000 is taken" in demo.said()
        assert not shop.endswith(":5000/")
        assert is_up(shop)


def test_when_one_part_dies_it_says_so_and_ends(demo: Program, tmp_path: Path) -> None:
    addresses(demo)
    shop = next(pid for pid in demo.living() if "flask" in Path(f"/proc/{pid}/cmdline").read_text())

    os.kill(shop, signal.SIGKILL)

    assert demo.process.wait(20) == 1
    assert "The shop has ended by itself" in demo.said()
    eventually(lambda: not demo.living(), what="the end of every process")
    assert list((tmp_path / "tmp").iterdir()) == []
