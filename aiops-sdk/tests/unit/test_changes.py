"""What is new since an earlier start."""

from __future__ import annotations

import json
import stat
from datetime import datetime, timezone

import pytest

from aiops_sdk import changes

DAY = 86_400.0
NOW = 1_790_000_000.0


@pytest.fixture
def site(tmp_path, monkeypatch):
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.setattr("sys.path", [str(folder), str(tmp_path / "missing")])
    return folder


@pytest.fixture
def spool(tmp_path):
    folder = tmp_path / "spool"
    folder.mkdir()
    return folder


def install(site, *names):
    for old in site.iterdir():
        old.rmdir()
    for name in names:
        (site / name).mkdir()


def look(spool, at=NOW, release=None):
    return changes.since_last_start(str(spool), release, at)


def test_packages_are_read_off_the_names_of_their_folders(site):
    install(site, "Flask-3.1.0.dist-info", "typing_extensions-4.12.2.dist-info", "old-1.0-py3.8.egg-info", "shop")
    found = changes.installed("7")
    assert found.pop("python").startswith("3.")
    assert found == {"flask": "3.1.0", "typing-extensions": "4.12.2", "old": "1.0", "release": "7"}


def test_a_first_start_has_nothing_to_compare_with(site, spool):
    install(site, "flask-3.0.0.dist-info")
    assert look(spool) == {}
    assert stat.S_IMODE((spool / changes.FILE).stat().st_mode) == 0o600


def test_what_came_went_and_changed_is_told_for_a_day(site, spool):
    install(site, "flask-3.0.0.dist-info", "gone-1.0.dist-info", "same-1.0.dist-info")
    look(spool, NOW, "a")
    install(site, "flask-3.1.0.dist-info", "new-2.0.dist-info", "same-1.0.dist-info")
    told = {
        "at": datetime.fromtimestamp(NOW + 60, timezone.utc).isoformat()[:-6] + "Z",
        "release": "a → b",
        "packages": {"flask": "3.0.0 → 3.1.0", "gone": "1.0 → none", "new": "none → 2.0"},
    }
    assert look(spool, NOW + 60, "b") == told
    # Another process of the same service, and a start after that.
    assert look(spool, NOW + 61, "b") == told
    assert look(spool, NOW + DAY, "b") == told
    assert look(spool, NOW + 60 + DAY + 1, "b") == {}


def test_a_new_python_is_told(site, spool, monkeypatch):
    look(spool)
    monkeypatch.setattr("sys.version_info", (3, 99, 1))
    assert look(spool)["python"].endswith("→ 3.99.1")


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", "7", '{"now": 7, "before": 8, "at": "x"}', "[" * 100_000, '{"now": {"a": 1}}']
)
def test_a_damaged_file_is_as_none(site, spool, content):
    (spool / changes.FILE).write_text(content)
    assert look(spool) == {}
    assert json.loads((spool / changes.FILE).read_text())["before"] is None


def test_a_folder_that_cannot_be_written_costs_nothing_but_the_comparison(site, spool):
    assert changes.since_last_start(str(spool / "missing"), None, NOW) == {}
    (spool / changes.FILE).mkdir()
    assert look(spool) == {}
    assert [found.name for found in spool.iterdir()] == [changes.FILE]


def test_what_is_told_is_bounded(site, spool):
    look(spool)
    install(site, *(f"package{number}-1.0.dist-info" for number in range(300)))
    assert len(look(spool)["packages"]) == changes.TOLD
