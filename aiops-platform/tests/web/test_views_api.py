"""Saved views of the list of incidents, as programs keep them."""

from secrets import token_hex
from urllib.parse import parse_qs

import pytest
from web_site import a_site

from aiops_platform.api.insight_shapes import Shown
from aiops_platform.client import ApiError, Client
from aiops_platform.core.access import Scope
from aiops_platform.core.listing import Sort
from aiops_platform.core.people import Role


@pytest.fixture(scope="module")
def site():
    """One for all: each test has people of its own."""
    with a_site() as running:
        yield running


@pytest.fixture
def client_of(site):
    """Somebody with a token of their own; without a name a token that is nobody's."""

    def made(name=None, role=Role.MEMBER, scope=Scope.ACT):
        user = None
        if name is not None:
            site.somebody(name, role)
            user = site.people.user_with_email(f"{name.lower()}@example.com").id
        token = site.access.create_token(site.project, token_hex(8), site.seeds.now, scope, user_id=user)
        return Client(site.url, token, patience=0)

    return made


def test_a_view_is_kept_changed_and_deleted(client_of):
    ana = client_of("Ana")
    made = ana.save_view("Shop", Shown(query='service:"the shop" is:new', sort=Sort.MATTERS, time="7d"))
    assert (made.is_mine, made.shared, made.is_default, made.owner) == (True, False, False, "Ana")
    assert parse_qs(made.address) == {"query": ['service:"the shop" is:new'], "sort": ["matters"], "time": ["7d"]}
    assert ana.views() == (made,)
    changed = ana.change_view(made.id, "The shop", Shown(state="all", since="2026-11-20"), shared=True)
    assert (changed.name, changed.shows.state, changed.shows.since) == ("The shop", "all", "2026-11-20")
    assert changed.shared
    ana.drop_view(made.id)
    assert ana.views() == ()


def test_one_begins_with_a_view_or_with_none(client_of):
    bo = client_of("Bo")
    made = bo.save_view("Everything", Shown())
    assert made.address == "state=open"
    bo.begin_with(made.id)
    assert [each.is_default for each in bo.views()] == [True]
    bo.begin_with(None)
    assert [each.is_default for each in bo.views()] == [False]
    with pytest.raises(ApiError, match="no such view"):
        bo.begin_with(999_999)


def test_what_is_shared_everybody_sees_and_only_its_owner_or_an_admin_changes(client_of):
    cy, dee, boss, nobody = client_of("Cy"), client_of("Dee"), client_of("Boss", Role.ADMIN), client_of()
    shared = cy.save_view("Ours", Shown(), shared=True)
    cy.save_view("Mine", Shown())
    for other in (dee, nobody):
        assert "Mine" not in {each.name for each in other.views()}
        assert (shared.id, False) in {(each.id, each.is_mine) for each in other.views()}
    for act in (lambda: dee.drop_view(shared.id), lambda: dee.change_view(shared.id, "x", Shown())):
        with pytest.raises(ApiError) as refused:
            act()
        assert refused.value.status == 404
    boss.drop_view(shared.id)
    assert "Ours" not in {each.name for each in cy.views()}


def test_who_may_only_read_keeps_no_view_and_neither_does_a_token_of_nobody(client_of):
    for reader in (client_of("Eve", scope=Scope.READ), client_of("Vic", Role.VIEWER), client_of()):
        with pytest.raises(ApiError) as refused:
            reader.save_view("x", Shown())
        assert refused.value.status == 403


@pytest.mark.parametrize(
    ("shows", "said"),
    [
        (Shown(query="service:shop ("), "parenthes|bracket|missing|Something"),
        (Shown(since="soon"), "days or moments"),
        (Shown(since="2026-11-20", time="7d"), "either `time`"),
        (Shown(query="x" * 600), "room for 500"),
    ],
)
def test_a_view_that_shows_nothing_is_refused(client_of, shows, said):
    with pytest.raises(ApiError, match=said) as refused:
        client_of("Fay").save_view("x", shows)
    assert refused.value.status == 400
