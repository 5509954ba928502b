"""What is digested together is bounded in number and in bytes, for all of it is in memory at once."""

from hypothesis import given
from hypothesis import strategies as st
from made import a_parcel

from aiops_platform.pipeline.digest.parcels import Single, portions

MIB = 1024 * 1024


def sized(number: int, size: int) -> Single:
    return Single(number, a_parcel(number, b"x" * size))


def test_long_parcels_are_digested_few_at_a_time():
    parcels = [sized(number, MIB // 8) for number in range(20)]
    assert [len(portion) for portion in portions(parcels, 200)] == [8, 8, 4]


def test_a_parcel_that_is_too_long_ends_its_portion():
    parcels = [sized(1, 10), sized(2, 2 * MIB), sized(3, 10)]
    assert [[len(each.parcel.body) for each in portion] for portion in portions(parcels, 200)] == [[10, 2 * MIB], [10]]


@given(st.lists(st.integers(0, MIB // 2), max_size=20), st.integers(1, 5))
def test_none_is_left_out_and_none_is_taken_twice(sizes, most):
    parcels = [sized(number, size) for number, size in enumerate(sizes)]
    together = list(portions(parcels, most))
    assert [each for portion in together for each in portion] == parcels
    assert all(1 <= len(portion) <= most for portion in together)
