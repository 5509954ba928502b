"""For pytest, which finds it by itself: the fixture ``aiops_events``. Where it is not asked for, nothing is loaded or hooked."""

from __future__ import annotations

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator

    from aiops_sdk.testing import CapturedEvents


@pytest.fixture
def aiops_events() -> Iterator[CapturedEvents]:
    """What the program reports during the test, as ``aiops_sdk.testing.capture_events`` has it."""
    from aiops_sdk.testing import capture_events

    with capture_events() as events:
        yield events
