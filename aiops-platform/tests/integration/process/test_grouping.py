"""A project's own rules for grouping on a platform that runs: the worker follows what a command has set."""

import io
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from made import a_body
from platform_process import Running, eventually

from aiops_platform import cli

RULES = "# the bank\nmessage:*bank* -> the bank is down\n"


def counts(platform: Running) -> list[int]:
    with closing(sqlite3.connect(platform.data / "store.db")) as store:
        return [row[0] for row in store.execute("SELECT count FROM incidents ORDER BY id")]


def test_rules_are_tried_set_followed_and_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def command(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.main(["group", *words, "--data", str(tmp_path / "data")])
        return (code, *capsys.readouterr())

    with Running(tmp_path / "data") as platform:
        key = platform.key()
        fails = failing(platform, key)
        fails("Timeout", "Refused")
        eventually(lambda: counts(platform) == [1, 1], "two incidents")
        (tmp_path / "rules").write_text(RULES)
        assert command("show")[1] == ""
        assert command("try", str(tmp_path / "rules"))[1].splitlines() == [
            "Tried on the last 2 stored events; nothing was changed.",
            "line 2: message:*bank* -> the bank is down",
            "  would match 2 of them, now in 2 incidents (#2, #1), and make 1 incident of them",
        ]
        monkeypatch.setattr("sys.stdin", io.StringIO(RULES))
        assert command("set", "-")[:2] == (
            0,
            "1 rule kept, for what is digested from now on. Events that are stored stay in their incidents.\n",
        )
        assert command("show")[1] == RULES

        def followed() -> bool:
            fails("Timeout")
            return len(counts(platform)) == 3

        eventually(followed, "the worker to look again")
        fails("Refused", "Closed")
        eventually(lambda: len(counts(platform)) == 3 and counts(platform)[2] >= 3, "one incident of all three")


def failing(platform: Running, key: str) -> Callable[..., None]:
    def fails(*types: str) -> None:
        for name in types:
            platform.send(a_body(error_type=name, message="the bank did not answer"), key=key)

    return fails


def test_what_is_not_understood_is_said_and_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["key", "create", "shop", "--data", str(tmp_path / "data")])
    (tmp_path / "rules").write_text("typ:E -> e\ntype:E")
    for words in (("set", str(tmp_path / "rules")), ("try", str(tmp_path / "rules")), ("set", str(tmp_path / "none"))):
        capsys.readouterr()
        assert cli.main(["group", *words, "--data", str(tmp_path / "data")]) == 1
        said = capsys.readouterr().err
        assert "cannot be read" in said or "line 1: There is no field `typ`" in said
    assert cli.main(["group", "show", "--data", str(tmp_path / "data")]) == 0
    assert "no rules" in capsys.readouterr().err
