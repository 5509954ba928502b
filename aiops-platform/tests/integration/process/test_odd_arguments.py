"""Whatever is typed, and wherever it is written to: a sentence, no traceback, and nothing else is harmed."""

import io
import os
import stat
import subprocess
from pathlib import Path

import pytest
from platform_process import COMMAND, DEADLINE, environment

from aiops_platform import cli


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("odd")
    assert cli.main(["key", "create", "shop", "--data", str(folder)]) == 0
    return folder


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("export events --since 999999d", "before all time"),
        ("export events --since 0001-01-01T00:00:00+01:00", "before all time"),
        ("export events --until 9999-12-31T23:59:59-01:00", "or after it"),
        ("export events --incident 99999999999999999999", "is no number"),
        ("export events --incident " + "9" * 5_000, "is no number"),
        ("buried show 99999999999999999999", "is no number"),
        ("buried retry -1", "NUMBER"),
    ],
)
def test_what_no_database_can_hold_is_not_understood(folder, capsys, words, said):
    with pytest.raises(SystemExit) as end:
        cli.main([*words.split(), "--data", str(folder)])
    assert end.value.code == 2
    assert said in capsys.readouterr().err


def test_the_largest_number_is_one(folder, capsys):
    assert cli.main(["buried", "show", str(2**63 - 1), "--data", str(folder)]) == 1
    assert "Nothing is buried under the number" in capsys.readouterr().err


@pytest.mark.parametrize("words", ["stats --json", "key list"])
def test_a_disk_that_is_full_is_said_in_a_sentence(folder, words):
    if not Path("/dev/full").is_char_device():
        pytest.skip("there is no device that is always full")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, *words.split(), "--data", str(folder)],
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
    assert (done.returncode, done.stderr) == (
        1,
        "aiops: it cannot be written: No space left on device. Make room there, then try again\n",
    )


def typed(monkeypatch, content: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))


def test_what_is_no_text_is_no_secret(folder, capsys, monkeypatch):
    typed(monkeypatch, b"\xff\xfe secret")
    assert cli.main(["scrub", "add", "--value", "-", "--data", str(folder)]) == 1
    assert "is no text" in capsys.readouterr().err


def test_a_name_is_hidden_no_longer_in_whatever_spelling(folder, capsys):
    assert cli.main(["scrub", "add", "--name", "IBAN-Number", "--data", str(folder)]) == 0
    assert cli.main(["scrub", "remove", "--name", "iban_number", "--data", str(folder)]) == 0
    assert cli.main(["scrub", "list", "--data", str(folder)]) == 0
    assert "Nothing besides" in capsys.readouterr().err


def test_a_pipe_that_failed_does_not_remove_all_rules(folder, tmp_path, capsys, monkeypatch):
    (tmp_path / "rules.txt").write_text("type:TimeoutError -> timeout\n")
    (tmp_path / "empty.txt").touch()
    assert cli.main(["group", "set", str(tmp_path / "rules.txt"), "--data", str(folder)]) == 0
    typed(monkeypatch, b"\n")
    assert cli.main(["group", "set", "-", "--data", str(folder)]) == 1
    assert "give an empty file" in capsys.readouterr().err
    assert cli.main(["group", "show", "--data", str(folder)]) == 0
    assert "timeout" in capsys.readouterr().out
    assert cli.main(["group", "set", str(tmp_path / "empty.txt"), "--data", str(folder)]) == 0


def test_a_backup_replaces_no_device_no_pipe_and_no_link(folder, tmp_path, capsys):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "other").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "other" / "aiops.tar")
    for words in (["backup"], ["restore"]):
        data = folder if words == ["backup"] else tmp_path / "new"
        assert cli.main([*words, str(tmp_path / "pipe"), "--data", str(data)]) == 1
        assert "name a file" in capsys.readouterr().err
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert cli.main(["backup", str(tmp_path / "link"), "--data", str(folder)]) == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "other" / "aiops.tar").is_file()
    assert cli.main(["restore", str(tmp_path / "link"), "--data", str(tmp_path / "new")]) == 0
