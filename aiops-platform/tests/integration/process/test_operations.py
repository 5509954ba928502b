"""What operators do with a platform while it runs: the real command, real files."""

import gzip
import json
import sqlite3
import time
import uuid
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from platform_process import Running, eventually
from platform_process import aiops as aiops_alone

from aiops_platform import cli


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    with Running(tmp_path_factory.mktemp("operations") / "data") as platform:
        platform.key()
        yield platform


@pytest.fixture
def command(platform, capsys):
    """The command in this process, on the platform's folder: what it prints."""

    def run(*words: str) -> str:
        capsys.readouterr()
        code = cli.main([*words, "--data", str(platform.data)])
        said = capsys.readouterr()
        assert code == 0, said.err
        return said.out

    return run


def an_event(message: str = "Hello", **more: object) -> dict[str, object]:
    return {"signal_type": "log_error", "service": "tests", "message": message, "event_id": str(uuid.uuid4())} | more


def batch_of(*events: dict[str, object]) -> bytes:
    lines = [{"service": "batches", "environment": "staging"}, *events]
    return gzip.compress("\n".join(json.dumps(line) for line in lines).encode())


def stats_of(data: Path) -> dict[str, float]:
    return json.loads(aiops_alone("stats", "--json", "--data", str(data)).stdout)


def test_numbers_follow_what_is_sent_and_are_one_flat_object(platform):
    before = stats_of(platform.data)
    repeated = an_event("twice")
    for event in (repeated, repeated):
        assert platform.send(event)[0] == 202

    def done():
        now = stats_of(platform.data)
        # That they are done is marked a moment after that they are digested.
        return now if now["digested"] == before["digested"] + 2 and not now["intake_depth"] else None

    after = eventually(done, "two that are digested")
    assert after["accepted"] == before["accepted"] + 2
    assert after["stored_events"] == before["stored_events"] + 1
    assert after["duplicates"] == before["duplicates"] + 1
    assert after["store_bytes"] >= (platform.data / "store.db").stat().st_size
    assert all(isinstance(number, int | float) and name.islower() for name, number in after.items())


def poison(data: Path, body: bytes = b"{not json") -> None:
    """A parcel that only an older or a broken door can have taken in."""
    connection = sqlite3.connect(data / "intake.db", timeout=30)
    with closing(connection), connection:
        connection.execute(
            "INSERT INTO parcels (id, project_id, kind, received_at, body) VALUES (?, 1, 'exception', ?, ?)",
            (uuid.uuid4().bytes, time.time_ns() // 1000, body),
        )


def test_what_cannot_be_digested_is_among_the_numbers(platform):
    before = stats_of(platform.data)
    poison(platform.data)
    eventually(lambda: stats_of(platform.data)["buried"] == before["buried"] + 1, "one that is buried")


def test_people_read_the_numbers_in_a_table(command):
    assert "stored events" in command("stats")


@pytest.mark.parametrize("words", ["stats", "signin", "key list", "token revoke x"])
def test_who_looks_into_a_folder_without_a_platform_makes_none(tmp_path, capsys, words):
    assert cli.main([*words.split(), "--data", str(tmp_path / "nothing")]) == 1
    assert "No platform was ever started" in capsys.readouterr().err
    assert not (tmp_path / "nothing").exists()


def test_before_the_first_report_every_number_is_nothing(tmp_path, capsys):
    assert cli.main(["key", "create", "early", "--data", str(tmp_path)]) == 0
    capsys.readouterr()
    assert cli.main(["stats", "--json", "--data", str(tmp_path)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told.pop("store_bytes") > 0
    assert set(told.values()) == {0}
    assert {"accepted", "refused", "digested", "buried", "intake_depth", "stored_events"} <= set(told)


def test_a_look_at_the_numbers_imports_little(platform):
    done = aiops_alone("stats", "--data", str(platform.data), PYTHONPROFILEIMPORTTIME="1")
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "sqlite3" in imported
    assert imported & {"sqlalchemy", "msgspec", "alembic", "litestar", "cryptography"} == set()


def exported(command, *words: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in command("export", "events", "--jsonl", *words).splitlines()]


def test_every_stored_event_is_exported_with_its_id(platform, command):
    sent = [an_event(f"to be exported {number}", service="exporting") for number in range(250)]
    for first in range(0, 250, 50):
        body = batch_of(*sent[first : first + 50])
        headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
        assert platform.send(body, path="/v1/sdk/batch", **headers)[0] == 202
    eventually(lambda: stats_of(platform.data)["intake_depth"] == 0, "all digested")

    found = exported(command)

    ids = [each["event_id"] for each in found]
    assert len(ids) == len(set(ids)) == stats_of(platform.data)["stored_events"]
    assert {each["event_id"] for each in sent} <= set(ids)
    (one,) = (each for each in found if each["event_id"] == sent[7]["event_id"])
    assert (one["service"], one["message"]) == ("exporting", "to be exported 7")
    assert (one["environment"], one["signal_type"]) == ("staging", "log_error")
    assert isinstance(one["incident_id"], int)


def test_an_export_can_be_narrowed_down(platform, command):
    ours = an_event("narrow", service="narrow", environment="here")
    for event in (ours, an_event("narrow", service="narrow", environment="there"), an_event("wide")):
        assert platform.send(event)[0] == 202
    eventually(lambda: stats_of(platform.data)["intake_depth"] == 0, "all digested")

    (found,) = exported(command, "--service", "narrow", "--environment", "here")

    assert found["event_id"] == ours["event_id"]
    assert exported(command, "--incident", str(found["incident_id"])) == [found]
    assert found in exported(command, "--since", "5m")
    assert exported(command, "--since", "5m", "--until", "2m") == []
    assert found in exported(command, "--until", "2999-12-31T00:00:00+01:00")


def test_what_is_no_time_is_said_with_what_would_be_one(platform, capsys):
    with pytest.raises(SystemExit):
        cli.main(["export", "events", "--since", "yesterday", "--data", str(platform.data)])
    assert "'yesterday' is no time: type 2026-11-22" in capsys.readouterr().err


def test_what_is_buried_is_listed_shown_and_digested_again(platform, command):
    event = an_event("understood at last", service="buried")
    before = stats_of(platform.data)
    poison(platform.data, b"{spoiled")
    eventually(lambda: stats_of(platform.data)["buried"] > before["buried"], "one that is buried")
    identity = command("buried", "list").split()[0]
    assert command("buried", "show", identity) == "{spoiled\n"

    # As if an upgrade had learned to read it.
    with closing(sqlite3.connect(platform.data / "store.db", timeout=30)) as store, store:
        store.execute("UPDATE buried SET body = ? WHERE id = ?", (json.dumps(event).encode(), int(identity)))
    assert "1 to be digested again" in command("buried", "retry", identity)

    eventually(lambda: exported(command, "--service", "buried"), "what was buried, digested")
    assert stats_of(platform.data)["accepted"] == before["accepted"]
    command("buried", "retry", "--all")


def test_one_persons_data_is_erased_and_the_numbers_stay(platform, command):
    theirs = an_event(
        "refused", service="erasing", user={"id": "u-1815", "email": "ada@example.com"}, tags={"vip": "1"}
    )
    naming = an_event("no order of ada@example.com", service="erasing", user={"id": "other"})
    for event in (theirs, naming):
        assert platform.send(event)[0] == 202
    eventually(lambda: stats_of(platform.data)["intake_depth"] == 0, "all digested")
    before = stats_of(platform.data)

    assert "1 events" in command("erase", "--user", "u-1815")
    said = command("erase", "--user", "ada@example.com")

    assert "1 events and texts in 1 incidents" in said
    found = {each["event_id"]: each for each in exported(command, "--service", "erasing")}
    assert found[theirs["event_id"]]["tags"] == {"vip": "1"}
    assert "user" not in found[theirs["event_id"]]
    assert found[naming["event_id"]]["message"] == "no order of [erased]"
    assert found[naming["event_id"]]["user"] == {"id": "other"}
    after = stats_of(platform.data)
    assert (after["stored_events"], after["digested"]) == (before["stored_events"], before["digested"])
    assert command("erase", "--user", "ada@example.com").startswith("0 events and texts in 0 incidents")


# The second is in each way to write the name.
@pytest.mark.parametrize(("name", "trace"), [("ada@example.com", "example.com"), ("Ängström.Ünal", "ngstr")])
def test_nothing_of_an_erased_person_is_left_in_the_store(tmp_path, name, trace):
    data = tmp_path / "data"
    told = {"tags": {"by": name, name: "1"}, "contexts": {"extra": {name: {"v": 1}}}}
    with Running(data) as platform:
        for event in (
            an_event(f"for {name}", user={"email": name}, **told),
            an_event(f"no order of {name.upper()}", error_type="ERROR", template="no order of %s", **told),
            an_event("lost", request={"method": "GET", "url": f"http://shop/users/{quote(name, safe='')}/orders"}),
            an_event("failed", signal_type="http_error", status_code=500, request_path=f"/users/{name}"),
            {"signal_type": "exception", "error_type": "LookupError", "message": f"no {name}", "service": "other"},
        ):
            assert platform.send(event)[0] == 202
        beat = {"signal_type": "heartbeat", "interval": 30, "stats": {"last_error": f"cannot send for {name}"}}
        assert platform.send(beat | {"instance": {"id": "one"}}, path="/v1/sdk/heartbeat")[0] == 202
        poison(data, f"{{{name}".encode())
        eventually(lambda: stats_of(data)["buried"] and not stats_of(data)["intake_depth"], "all digested, one buried")
        assert trace in all_that_is_told(data)

        assert cli.main(["erase", "--user", name, "--data", str(data)]) == 0

        # Also in what is written ahead of the file, while the platform runs.
        left = [file.name for file in data.glob("store.*") if name.encode() in file.read_bytes()]
        assert left == []
        assert trace not in all_that_is_told(data)
    with closing(sqlite3.connect(data / "store.db")) as store:
        counted = store.execute("SELECT name, value, sum(count) FROM incident_values GROUP BY 1, 2").fetchall()
    assert {("by", "[erased]", 2), ("[erased]", "1", 2)} <= set(counted)


def all_that_is_told(data: Path) -> str:
    """Every row of the store and every event, in small letters."""
    with closing(sqlite3.connect(data / "store.db", timeout=30)) as store:
        rows = "\n".join(store.iterdump())
    return (rows + aiops_alone("export", "events", "--data", str(data)).stdout).lower()
