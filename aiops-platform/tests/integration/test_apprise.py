"""Apprise as a program of its own: told what is to be said, and nothing of the platform's surroundings."""

import json
import sys
from pathlib import Path

import pytest
from made import NOW

from aiops_platform.core.backoff import Refused, Retry, Sent, Standing, judge
from aiops_platform.core.messages import Link, Message, MessageState, Severity
from aiops_platform.senders.apprise import PROGRAM, send

SETTINGS = {"url": "tgram://bot/chat"}
# As much of it as is used; it tells by its answer what it was told, for it can write no file.
STAND_IN = """
import os, sys
class Apprise:
    @staticmethod
    def instantiate(url):
        return url if url == "tgram://bot/chat" else None
    def add(self, one):
        return one == "tgram://bot/chat"
    def notify(self, *, title, body, notify_type):
        assert title == "[Web shop] KeyError" and notify_type == "failure", (title, notify_type)
        assert "no such price" in body and "Acknowledge: https://x.example/a" in body, body
        assert "SECRET_OF_OURS" not in os.environ and set(os.environ) <= {"PATH", "HOME", "LANG", "LC_CTYPE"}
        try:
            with open("FOLDER/written", "w") as file:
                file.write("x")
                file.flush()
        except OSError:
            return RESULT
        raise AssertionError("it can write")
"""


def a_message() -> Message:
    return Message(
        key="1",
        group="1",
        state=MessageState.FIRING,
        severity=Severity.ERROR,
        title="KeyError",
        text=("no such price",),
        project="Web shop",
        actions=(Link("Acknowledge", "https://x.example/a"),),
        at=NOW,
    )


def command(folder: Path, result: bool = True) -> list[str]:
    (folder / "apprise.py").write_text(STAND_IN.replace("FOLDER", str(folder)).replace("RESULT", str(result)))
    return [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {json.dumps(str(folder))})\n{PROGRAM}"]


def test_it_is_told_what_to_say_and_no_secrets_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_OURS", "x")
    assert send(SETTINGS, a_message(), command=command(tmp_path)) == Sent(answer="Apprise says that it was sent")


def test_ten_failures_in_a_row_disable_its_channel(tmp_path: Path) -> None:
    outcome = send(SETTINGS, a_message(), command=command(tmp_path, result=False))
    assert isinstance(outcome, Retry)
    for failures, disabled in ((8, False), (9, True)):
        stood = Standing(wanted_at=NOW, attempts=1, failures=failures, failing_since=NOW)
        assert bool(judge(outcome, stood, NOW, 0.5).disabled_why) == disabled


def test_where_it_is_not_installed_the_channel_says_so() -> None:
    missing = f"import sys; sys.modules['apprise'] = None\n{PROGRAM}"
    outcome = send(SETTINGS, a_message(), command=[sys.executable, "-I", "-c", missing])
    assert isinstance(outcome, Refused)
    assert "not installed" in outcome.answer
