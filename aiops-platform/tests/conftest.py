"""What holds for all tests of the platform."""

import gc
import os
import threading

import pytest
from hypothesis import HealthCheck, settings

# A machine that is busy with something else takes its time: what is tried is what comes of it, not when.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
# Nearly every test of the pages makes an application of its own, and a third of what that took was looking for garbage.
gc.set_threshold(50_000, 20, 50)


@pytest.fixture(autouse=True)
def nothing_that_ends_this_process_later():
    """A last resort that a test leaves behind would end some other test, minutes later, and all after it."""
    yield
    left = [each for each in threading.enumerate() if isinstance(each, threading.Timer) and each.function is os._exit]
    for each in left:
        each.cancel()
    assert left == []
