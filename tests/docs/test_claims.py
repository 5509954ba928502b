"""Lists and numbers that the pages repeat from the code are whole and true."""

import re
from pathlib import Path

import pytest

from aiops_sdk import client, noise
from aiops_sdk.delivery import batch, buffer, spool, transport, worker
from aiops_sdk.telling import is_telling

ROOT = Path(__file__).parents[2]


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(name: str, heading: str) -> str:
    return re.split(r"^## ", page(name).partition(f"## {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def test_the_flask_guide_lists_every_health_path() -> None:
    listed = re.search(
        r"Health checks: (.*?)\. Exactly", section("docs/guides/flask.md", "What is never reported"), re.DOTALL
    )
    assert listed is not None
    assert set(re.findall(r"`([^`]+)`", listed.group(1))) == noise.HEALTH_PATHS


@pytest.mark.parametrize("name", ["README.md", "docs/guides/flask.md"])
def test_the_statuses_that_count_are_said_in_full(name: str) -> None:
    listed = re.search(r"with\s+((?:\d{3},\s+)+\d{3}\s+(?:and|or)\s+\d{3})", page(name))
    assert listed is not None
    assert {int(status) for status in re.findall(r"\d{3}", listed.group(1))} == noise.FAILURE_STATUSES


def test_every_word_that_the_security_page_calls_telling_hides_its_value() -> None:
    words = re.search(r"contains, in any spelling, (.*?);", page("SECURITY.md"), re.DOTALL)
    assert words is not None
    told = re.findall(r"`([^`]+)`", words.group(1))
    assert len(told) > 10
    assert [word for word in told if not is_telling(f"X-{word.title()}-1")] == []


def test_every_reason_for_dropping_an_event_is_explained() -> None:
    reasons = {buffer.QUEUE_FULL, worker.AT_EXIT, worker.STEP, worker.FAILED, worker.SPOOL_FULL, worker.DAMAGED}
    reasons |= {transport.NOT_UNDERSTOOD, transport.TOO_LARGE, transport.REFUSED, client.REENTRANT}
    explained = page("docs/reference/sdk-options.md")
    assert sorted(reason for reason in reasons if f"`{reason}`" not in explained) == []


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("| queue | {:,} events", buffer.MAX_EVENTS),
        ("| a batch | {} events", batch.MAX_EVENTS),
        ("| repeats | the first at once, then one event every {:.0f} s", buffer.WINDOW),
        ("beyond {} different texts", buffer.MAX_TEXTS),
        ("| attempts | {} for each event", worker.ATTEMPTS),
        ("It holds at most {:,} events", spool.MAX_EVENTS),
        ("{:.0f} s to connect", transport.CONNECT_SECONDS),
        ("{:.0f} s to be answered", transport.READ_SECONDS),
    ],
)
def test_the_fixed_numbers_are_those_of_the_code(words: str, number: float) -> None:
    assert words.format(number) in page("docs/reference/sdk-options.md")
