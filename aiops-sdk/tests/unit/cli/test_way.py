"""How the platform's clock is compared with ours."""

from __future__ import annotations

from datetime import datetime, timezone
from email.utils import format_datetime
from typing import Optional

import pytest

from aiops_sdk.cli.way import clock

NOW = 1_700_000_000.0


def said(seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(NOW + seconds, timezone.utc), usegmt=True)


@pytest.mark.parametrize(
    ("theirs", "begun", "ended", "expected"),
    [
        (0.0, 0.0, 0.1, "ok"),
        # Whole seconds are said: theirs may be almost one later.
        (0.0, 0.9, 1.2, "ok"),
        # A slow answer is no wrong clock.
        (20.0, 0.0, 30.0, "ok"),
        (0.0, 90.0, 90.1, "89 s ahead of"),
        (3600.0, 0.0, 0.1, "3600 s behind"),
    ],
)
def test_a_clock_is_wrong_when_it_differs_by_more_than_the_way_explains(
    theirs: float, begun: float, ended: float, expected: str
):
    found = clock(said(theirs), NOW + begun, NOW + ended)
    assert found is not None
    assert found.line().startswith("ok " if expected == "ok" else "warning ")
    assert expected == "ok" or expected in found.said


@pytest.mark.parametrize("date", [None, "", "yesterday", "Sun, 99 Foo 2026 00:00:00 GMT"])
def test_a_platform_that_does_not_say_the_time_is_not_compared(date: Optional[str]):
    assert clock(date, NOW, NOW) is None
