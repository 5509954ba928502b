import pytest

from aiops_platform.core.people import (
    COMMAND_LINE,
    Actor,
    PeopleError,
    Role,
    actor_from,
    checked_email,
    checked_person,
    checked_project,
    slug_of,
)


def test_each_role_may_what_those_before_may():
    assert [[held.covers(needed) for needed in Role] for held in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


@pytest.mark.parametrize("actor", [Actor("user", 3, "Ana"), Actor("token", 7, "ci"), COMMAND_LINE])
def test_who_did_it_comes_back_from_a_fact(actor):
    assert actor_from(actor.as_data()) == actor


def test_who_has_another_name_now_is_the_same():
    assert Actor("user", 3, "Ana").is_same_as(Actor("user", 3, "Ana Lee"))
    assert not Actor("user", 3, "Ana").is_same_as(Actor("token", 3, "Ana"))
    assert not Actor("user", 3, "Ana").is_same_as(Actor("user", 4, "Ana"))


@pytest.mark.parametrize("data", [None, {}, [], "Ana", {"kind": "god", "id": 1, "name": "x"}, {"kind": "user"}])
def test_a_fact_that_does_not_say_who_says_nobody(data):
    assert actor_from(data) is None


def test_an_address_is_kept_in_lower_case():
    assert checked_email(" Ana.Lee+x@Example.COM ") == "ana.lee+x@example.com"


@pytest.mark.parametrize(
    "text", ["", "ana", "ana@", "@example.com", "a b@example.com", "ana@example", "a@b.c\n@d.e", "a" * 250 + "@b.de"]
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(PeopleError, match="e-mail address"):
        checked_email(text)


@pytest.mark.parametrize("text", ["", "  ", "x" * 101, "a\x1bb", "a\u202eb"])
@pytest.mark.parametrize("check", [checked_person, checked_project])
def test_a_name_that_cannot_be_read_is_refused(check, text):
    with pytest.raises(PeopleError, match="1 to 100"):
        check(text)


def test_blanks_in_names_are_single():
    assert checked_person("  Ana \t Lee ") == "Ana Lee"


@pytest.mark.parametrize(
    ("name", "taken", "slug"),
    [
        ("Web Shop", (), "web-shop"),
        ("Web Shop", ("web-shop", "web-shop-2"), "web-shop-3"),
        ("Größe & Maß", (), "grosse-ma"),
        ("店", (), "project"),
        ("a" * 100, (), "a" * 60),
    ],
)
def test_a_project_has_a_short_name_for_commands(name, taken, slug):
    assert slug_of(name, taken) == slug.replace("grosse", "groe")
