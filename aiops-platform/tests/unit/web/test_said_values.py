"""Which part of an incident's events said which value of a tag."""

from aiops_platform.core.views import ValueCount
from aiops_platform.web import said_values


def counts(**tags):
    return [
        ValueCount(name=name, value=value or None, count=many)
        for name, values in tags.items()
        for value, many in values.items()
    ]


def test_the_values_that_most_said_come_first_and_the_others_are_one():
    (said,) = said_values.of(counts(tenant={"": 50, "d": 1, "a": 900, "c": 9, "b": 40}))
    assert [(each.text, each.part) for each in said.values] == [
        ("a", "90 %"),
        ("b", "4 %"),
        ("c", "1 %"),
        ("others", "5 %"),
    ]


def test_a_tag_that_each_event_says_otherwise_gives_way_to_those_that_tell():
    ids = {str(number): 1 for number in range(3)}
    tags = {f"id_{number}": ids for number in range(5)} | {
        f"tag_{number}": {"x": 2, "y": 3, "z": 4} for number in range(5)
    }
    assert [each.name for each in said_values.of(counts(**tags))] == [*(f"tag_{number}" for number in range(5)), "id_0"]


def test_nothing_is_rounded_to_none_or_to_all():
    (said,) = said_values.of(counts(tenant={"a": 9_999, "b": 1}))
    assert [each.part for each in said.values] == ["99 %", "< 1 %"]


def test_what_has_no_room_in_an_address_is_no_link_and_neither_is_what_the_table_cannot_be_asked_for():
    tenants = {"a b": 4, "x" * 200: 3, 'a "quoted" one': 2}
    (said,) = said_values.of(counts(tenant=tenants))
    assert [each.find for each in said.values] == ['tag.tenant:"a b"', "", ""]
    assert said_values.of([ValueCount(name="a name", value="v", count=1)])[0].values[0].find == ""


def test_tags_for_which_there_was_no_room_are_left_out():
    assert said_values.of([ValueCount(name=None, value=None, count=7)]) == ()


def test_what_they_take_on_the_page_is_bounded():
    tags = {f"tag_{number}": {'"' * 39 + str(each): 5 for each in range(3)} for number in range(6)}
    assert len(said_values.of(counts(**tags))) == 4
