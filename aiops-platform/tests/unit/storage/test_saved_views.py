"""Views of the list under a name: one's own, and those that are shared in the project."""

import pytest
from seeds import NOW, Seeds
from tables import a_store

from aiops_platform.core import saved_views
from aiops_platform.core.saved_views import ViewError
from aiops_platform.storage import schema, views_saved
from aiops_platform.storage.erasing import erase
from aiops_platform.storage.views_saved import SqlSavedViews


@pytest.fixture
def people():
    seeds = Seeds(a_store())
    projects = seeds.project(), seeds.project("other")
    ana, bo = (seeds._insert(schema.users, name=name, created_at=NOW) for name in ("Ana", "Bo"))
    return SqlSavedViews(seeds.database), projects, ana, bo


def save(views, project, user, name, *, shared=False, query="query=a"):
    return views.save(project, user, name=name, query=query, shared=shared, now=NOW)


def names(views, project, user):
    return [view.name for view in views.of(project, user)]


def test_one_sees_ones_own_views_and_what_others_share_in_the_same_project(people):
    views, (project, other), ana, bo = people
    save(views, project, ana, "mine")
    save(views, project, bo, "his")
    save(views, project, bo, "Ours", shared=True)
    save(views, other, ana, "elsewhere")
    assert names(views, project, ana) == ["mine", "Ours"]
    (_, ours) = views.of(project, ana)
    assert (ours.owner, ours.is_mine, ours.shared, ours.query) == ("Bo", False, True, "query=a")


def test_nobody_changes_or_drops_what_is_not_theirs(people):
    views, (project, other), ana, bo = people
    view = save(views, project, bo, "Ours", shared=True)
    assert not views.change(project, ana, view, name="Mine", shared=False)
    assert not views.change(other, bo, view, name="Mine", shared=False)
    assert not views.drop(project, ana, view)
    assert names(views, project, ana) == ["Ours"]
    assert views.change(project, bo, view, name="Renamed", shared=True)
    assert views.drop(project, bo, view)
    assert names(views, project, ana) == []


def test_an_admin_drops_what_is_shared_and_nothing_that_is_not(people):
    views, (project, other), ana, bo = people
    shared, own = save(views, project, bo, "Ours", shared=True), save(views, project, bo, "his")
    assert not views.drop(project, ana, own, rules=True)
    assert not views.drop(other, ana, shared, rules=True)
    assert views.drop(project, ana, shared, rules=True)
    assert names(views, project, bo) == ["his"]


def test_somebody_begins_with_a_view_until_they_see_it_no_longer(people):
    views, (project, other), ana, bo = people
    view = save(views, project, bo, "Ours", shared=True)
    assert views.default(project, ana) is None
    assert views.begin_with(project, ana, view)
    assert views.begin_with(project, bo, view)
    assert (views.default(project, ana), views.default(other, ana)) == ("query=a", None)
    assert [each.is_default for each in views.of(project, ana)] == [True]
    assert views.change(project, bo, view, name="Mine", shared=False)
    assert (views.default(project, ana), views.default(project, bo)) == (None, "query=a")
    assert not views.begin_with(project, ana, view)
    assert views.begin_with(project, bo, None)
    assert views.default(project, bo) is None
    views.begin_with(project, bo, view)
    views.drop(project, bo, view)
    assert views.default(project, bo) is None


def test_who_is_erased_is_looked_for_no_longer(people):
    views, (project, _), ana, _ = people
    save(views, project, ana, "Ada, ada@example.com", query="query=user%3Aada%40example.com+b&time=7d")
    erase(views._database, "ada@example.com", lambda _: None)
    (view,) = views.of(project, ana)
    assert (view.name, view.query) == ("Ada, [erased]", "query=user%3A[erased]+b&time=7d")


def test_views_are_bounded_in_number_and_length(people, monkeypatch):
    views, (project, _), ana, _ = people
    monkeypatch.setattr(views_saved, "MOST_VIEWS", 1)
    with pytest.raises(ViewError, match="1 to 80"):
        save(views, project, ana, " \n")
    with pytest.raises(ViewError, match="1 to 80"):
        save(views, project, ana, "x" * 81)
    with pytest.raises(ViewError, match="too long"):
        save(views, project, ana, "x", query="q" * (saved_views.LONGEST_QUERY + 1))
    save(views, project, ana, "one")
    with pytest.raises(ViewError, match="delete one first"):
        save(views, project, ana, "two")
