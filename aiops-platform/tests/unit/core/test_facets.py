"""What events say in a word is counted by value as far as there is room, and the rest of it together."""

from hypothesis import given
from hypothesis import strategies as st
from made import an_event

from aiops_platform.core import facets

PAIRS = st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 200).map(str))


def counted(known, said):
    places = facets.places(known, said)
    total = {}
    for pair, count in said.items():
        total[places[pair]] = total.get(places[pair], 0) + count
    return total


def test_the_release_is_a_value_as_tags_are():
    event = an_event(release="7", tags={"region": "eu", "release": "mine", "empty": ""})
    assert facets.said_by(event) == [("region", "eu"), ("release", "7")]


def test_what_is_known_keeps_its_place_and_what_has_no_room_is_counted_with_the_rest():
    known = {("region", str(number)) for number in range(49)}
    said = {("region", "0"): 2, ("region", "new"): 3, ("region", "late"): 5, ("region", "later"): 7}
    assert counted(known, said) == {("region", "0"): 2, ("region", "new"): 3, ("region", ""): 12}


def test_there_is_room_for_so_many_names_and_always_for_the_release():
    known = {(f"tag{number}", "x") for number in range(30)}
    said = {("another", "x"): 1, ("tag7", "y"): 1, ("release", "8"): 1}
    assert counted(known, said) == {("", ""): 1, ("tag7", "y"): 1, ("release", "8"): 1}


@given(st.lists(st.dictionaries(PAIRS, st.integers(1, 9)), max_size=20))
def test_nothing_is_lost_and_rows_are_bounded(rounds):
    known, total = set(), 0
    for said in rounds:
        added = counted(known, said)
        assert sum(added.values()) == sum(said.values())
        known |= set(added)
        total += sum(said.values())
    assert all(sum(name == each for each, _ in known) <= 51 for name in "abcdefgh")
