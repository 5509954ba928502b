"""The secrets of the SDK's benchmark, sent by clients that hide none: no file of the platform holds one afterwards."""

import importlib.util
import io
import json
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from made import a_parcel, a_sample
from platform_process import Running, eventually

from aiops_platform import cli
from aiops_platform.core.scrubbing import Rules, Scrubber
from aiops_platform.intake.sqlite import SqliteIntake

SECONDS = 60
BENCH = Path(__file__).parents[4] / "bench" / "sdk" / "planted.py"
# What only the service's own environment could tell: nobody recognizes it, so a project says it.
OWN = ("environment", "address in the environment", "log line, from the environment")


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("planted", BENCH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("scrubbing") / "data") as running:
        running.key()
        yield running


@pytest.fixture
def command(platform: Running, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """The command in this process, on the platform's folder: its code, and what it prints."""

    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.main([*words, "--data", str(platform.data)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def as_the_published_client(bench: ModuleType, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Version 0.1.6: a message and a printed traceback."""
    monkeypatch.setenv("STRIPE_KEY", bench.SECRETS["environment"])
    try:
        bench.sign_in()
    except RuntimeError as error:
        told = {"message": str(error), "error_type": "RuntimeError", "stack_trace": traceback.format_exc()}
    return {**a_sample("old-exception-manual"), **told}


def as_a_raw_body(bench: ModuleType) -> dict[str, Any]:
    """Everything that the wire has room for."""
    secrets: dict[str, str] = bench.SECRETS
    logged = 'refused: {{"password": "{}"}}, {}, gateway {}'
    return {
        "signal_type": "log_error",
        "service": "shop",
        "message": logged.format(*[secrets[name] for name in secrets if "log line" in name]),
        "request": {
            "url": "https://shop/login?api_key={query}&token={query, another}&page=2".format_map(secrets),
            "query": "api_key={query}&token={query, another}&page=2".format_map(secrets),
            "headers": {
                "X-Api-Key": secrets["header X-Api-Key"],
                "Authorization": "Basic " + secrets["header Authorization"],
                "Proxy-Authorization": "Bearer " + secrets["header of the proxy"],
                "Cookie": "session=" + secrets["cookie"],
            },
            "body": {
                "password": secrets["JSON body"],
                "account": {"dbPassword": secrets["JSON body, nested"]},
                "logins": [{"access_token": secrets["JSON body, in a list"]}],
            },
        },
        "exceptions": [
            {
                "type": "RuntimeError",
                "value": " ".join(bench.HARMLESS),
                "frames": [
                    {
                        "file": "shop.py",
                        "locals": {
                            "token": repr(secrets["variable"]),
                            "db_password": repr(secrets["variable db_password"]),
                            "stripe": repr(secrets["environment"]),
                            "settings": repr(
                                {
                                    "api_key": secrets["dictionary in a variable"],
                                    "smtp": {"password": secrets["dictionary in a dictionary"]},
                                    "database": f"postgresql://shop:{secrets['address in the environment']}@db/shop",
                                }
                            ),
                        },
                    }
                ],
            }
        ],
    }


def test_rules_of_a_project_are_listed_added_and_removed(command, monkeypatch):
    assert command("scrub", "list")[1] == ""
    assert command("scrub", "add", "--name", "iban")[0] == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("Rumpelstilzchen\n"))
    assert command("scrub", "add", "--value", "-")[0] == 0
    assert command("scrub", "list")[1] == "name   iban\nvalue  Ru… (15 characters)\n"
    assert "3 to 1000 characters" in command("scrub", "add", "--name", "id")[2]
    assert command("scrub", "remove", "--value", "Rumpelstilzchen")[0] == 0
    assert "scrub list" in command("scrub", "remove", "--value", "Rumpelstilzchen")[2]
    assert command("scrub", "list")[1] == "name   iban\n"


def test_no_secret_is_kept_and_what_is_harmless_is(platform: Running, command, bench: ModuleType, monkeypatch):
    for place in OWN:
        assert command("scrub", "add", "--value", bench.SECRETS[place])[0] == 0
    # Read with the first that is digested.
    published, raw = as_the_published_client(bench, monkeypatch), as_a_raw_body(bench)
    for body in (published, raw, {**raw, "sdk": {"name": "aiops-sdk", "version": "9.0"}}):
        assert platform.send(body)[0] == 202
    # As no door takes it today.
    intake = SqliteIntake(platform.data / "intake.db")
    intake.append([a_parcel(1, json.dumps(raw).encode()[:-1], received_at=datetime.now(UTC))]).result(SECONDS)
    eventually(lambda: len(command("export", "events")[1].splitlines()) == 3, "three events")
    buried = eventually(lambda: command("buried", "show", "1")[1], "a buried batch")
    told = command("export", "events")[1]
    # Bodies are packed there; these are the columns. What people said is hidden they said to the store.
    store = b"".join(path.read_bytes() for path in platform.data.glob("store.db*"))
    assert left_in((told + buried).encode(), bench) == []
    assert set(left_in(store, bench)) <= set(OWN)
    assert [value for value in bench.HARMLESS if value not in told] == []
    assert left_in(platform.log.read_bytes(), bench) == []
    # As the worker does in its next quiet minute.
    intake.tidy()
    intake.close()
    remains = b"".join(path.read_bytes() for path in platform.data.iterdir() if path.name.startswith("intake"))
    assert left_in(remains, bench) == []


def test_of_a_body_that_nobody_can_read_no_secret_is_kept(bench: ModuleType):
    cut = json.dumps(as_a_raw_body(bench)).encode()[:-1]
    told = Scrubber(Rules(values=tuple(bench.SECRETS[place] for place in OWN))).body(cut)
    assert left_in(told, bench) == []
    assert [value for value in bench.HARMLESS if value.encode() not in told] == []


def left_in(text: bytes, bench: ModuleType) -> list[str]:
    """The places of the secrets that are in it."""
    written = {place: (secret, json.dumps(secret)[1:-1]) for place, secret in bench.SECRETS.items()}
    return [place for place, forms in written.items() if any(form.encode() in text for form in forms)]
