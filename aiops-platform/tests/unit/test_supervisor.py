from hypothesis import given, settings
from hypothesis import strategies as st

from aiops_platform.supervisor import pause_before


def test_the_first_pause_is_short_and_later_ones_double():
    assert [pause_before(failures) for failures in range(1, 5)] == [0.5, 1.0, 2.0, 4.0]


@settings(deadline=None)
@given(st.integers(min_value=1))
def test_no_pause_is_longer_than_half_a_minute(failures):
    assert 0.5 <= pause_before(failures) <= 30
