"""What has been loaded is not gone through again by the collector; giving back is harmless anywhere."""

import gc

from aiops_platform.process import memory


def test_what_is_there_at_the_end_of_a_start_is_left_to_itself():
    loaded = [[] for _ in range(100)]
    try:
        memory.settle()
        assert gc.get_freeze_count() >= len(loaded)
        assert not any(each is loaded for each in gc.get_objects())
    finally:
        gc.unfreeze()


def test_what_is_given_back_was_free():
    kept = [bytes(1_000) for _ in range(1_000)]
    memory.give_back()
    assert kept == [bytes(1_000)] * 1_000
