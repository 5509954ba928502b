from datetime import UTC, datetime, timedelta

import pytest
from seeds import Seeds
from sqlalchemy import update
from tables import a_store

from aiops_platform.core.access import Scope
from aiops_platform.core.facts import FactKind
from aiops_platform.core.people import INVITATION_LASTS, PeopleError, Role
from aiops_platform.ports import Access, People
from aiops_platform.storage.access import SqlAccess
from aiops_platform.storage.database import Database
from aiops_platform.storage.invitations import SqlPeople
from aiops_platform.storage.passwords import Passwords
from aiops_platform.storage.reads import SqlReads
from aiops_platform.storage.schema import incidents, users

NOW = datetime(2026, 11, 22, 3, 14, tzinfo=UTC)
SECOND = timedelta(seconds=1)
GOOD = "blue horse lamp"
# A slow hash is tested where its slowness is the point.
QUICK = Passwords(memory_kib=8, rounds=1)


@pytest.fixture
def database():
    database = a_store()
    yield database
    database.close()


@pytest.fixture
def people(database: Database) -> People:
    return SqlPeople(database, QUICK)


@pytest.fixture
def access(database: Database) -> Access:
    return SqlAccess(database, server_secret=b"s" * 32)


@pytest.fixture
def project(access: Access) -> int:
    return access.ensure_project("default", "Default", NOW)[0]


@pytest.fixture
def owner(access, people, project) -> int:
    """The first admin, as they came in by the first link."""
    session = access.session(access.sign_in(access.create_signin(NOW), NOW), NOW)
    return session.user.id


def added(people, project, name="Ana", role=Role.MEMBER):
    return people.add_member(project, email=f"{name.lower()}@example.com", name=name, role=role, now=NOW)


def test_who_comes_first_is_an_admin_without_name_and_password(access, people, project):
    first, again = (access.session(access.sign_in(access.create_signin(NOW), NOW), NOW) for _ in range(2))
    assert (first.user, first.role) == (again.user, Role.ADMIN)
    assert (first.user.email, first.user.has_password, first.user.is_complete) == (None, False, False)
    assert [member.user for member in people.members(project)] == [first.user]


def test_a_link_for_nobody_is_for_the_first_admin_of_the_oldest_project(access, people, project, owner):
    other = people.add_project("Web shop", owner, NOW)
    ana, bo = (added(people, project, name, Role.ADMIN) for name in ("Ana", "Bo"))
    people.remove_member(project, owner, NOW)
    people.remove_member(project, ana.id, NOW)
    session = access.session(access.sign_in(access.create_signin(NOW), NOW), NOW)
    assert (session.user, session.project_id) == (bo, project)
    assert people.role(owner, other.id) is Role.ADMIN


def test_an_account_gets_its_name_and_address(people, owner):
    user = people.change_account(owner, name=" Ana  Lee ", email="Ana@Example.com")
    assert (user.name, user.email) == ("Ana Lee", "ana@example.com")
    assert people.user_with_email(" ANA@example.com") == people.user(owner) == user


def test_an_address_belongs_to_one(people, project, owner):
    added(people, project)
    with pytest.raises(PeopleError, match="already"):
        people.change_account(owner, name="Other", email="ANA@example.com")
    assert people.user(owner).email is None


def test_a_password_lets_in_whose_it_is(people, project):
    ana = added(people, project)
    assert people.knows_password("ana@example.com", GOOD) is None
    people.set_password(ana.id, GOOD)
    assert people.knows_password("ANA@example.com ", GOOD).id == ana.id
    assert people.knows_password("ana@example.com", GOOD + "!") is None
    assert people.knows_password("nobody@example.com", GOOD) is None
    assert people.knows_password("ana@example.com", "\ud800" * 12) is None


def test_a_password_that_will_not_do_changes_nothing(people, project):
    ana = added(people, project)
    people.set_password(ana.id, GOOD)
    with pytest.raises(PeopleError):
        people.set_password(ana.id, "password123")
    assert people.knows_password("ana@example.com", GOOD) is not None


def test_the_password_is_nowhere_in_the_store(people, project, database):
    people.set_password(added(people, project).id, GOOD)
    with database.read() as connection:
        (row,) = connection.execute(users.select())
    assert row.password.startswith("$argon2id$")
    assert GOOD not in str(row)


def test_a_new_password_ends_other_sessions(people, access, project):
    ana = added(people, project)
    mine, other = (access.open_session(ana.id, NOW) for _ in range(2))
    people.set_password(ana.id, GOOD, but=mine)
    assert (access.session(mine, NOW) is None, access.session(other, NOW) is None) == (False, True)
    people.drop_password(ana.id)
    assert access.session(mine, NOW) is None
    assert not people.user(ana.id).has_password


def test_a_password_of_older_parameters_is_hashed_anew_when_it_is_used(people, project, database):
    ana = added(people, project)
    people.set_password(ana.id, GOOD)
    stronger = SqlPeople(database, Passwords(memory_kib=16, rounds=1))
    assert stronger.knows_password("ana@example.com", "wrong") is None
    assert stronger.knows_password("ana@example.com", GOOD) is not None
    with database.read() as connection:
        assert "m=16," in connection.execute(users.select()).one().password
    assert stronger.knows_password("ana@example.com", GOOD) is not None


def test_a_hash_that_nobody_can_read_lets_nobody_in(people, project, database):
    ana = added(people, project)
    with database.begin() as connection:
        connection.execute(update(users).where(users.c.id == ana.id).values(password="sha1:of old"))
    assert people.knows_password("ana@example.com", GOOD) is None


def test_the_last_admin_stays(people, project, owner):
    for change in (
        lambda: people.remove_member(project, owner, NOW),
        lambda: people.set_role(project, owner, Role.MEMBER),
    ):
        with pytest.raises(PeopleError, match="last admin"):
            change()
    people.set_role(project, owner, Role.ADMIN)
    ana = added(people, project, role=Role.ADMIN)
    assert people.set_role(project, owner, Role.VIEWER).role is Role.VIEWER
    with pytest.raises(PeopleError, match="last admin"):
        people.remove_member(project, ana.id, NOW)
    people.remove_member(project, owner, NOW)
    assert [member.user.id for member in people.members(project)] == [ana.id]


def test_who_is_removed_is_out_at_once_and_keeps_the_name(people, access, project, owner):
    ana = added(people, project)
    session = access.open_session(ana.id, NOW)
    token = access.create_token(project, "laptop", NOW, user_id=ana.id)
    assert access.holder_of_token(token, NOW).actor == ana.actor
    people.remove_member(project, ana.id, NOW)
    assert access.session(session, NOW) is None
    assert access.holder_of_token(token, NOW) is None
    assert people.role(ana.id, project) is None
    assert people.user(ana.id).name == "Ana"
    with pytest.raises(PeopleError, match="no member"):
        people.remove_member(project, ana.id, NOW)
    assert added(people, project).id == ana.id
    assert access.holder_of_token(token, NOW) is None


@pytest.mark.parametrize("then", [Role.MEMBER, None])
def test_who_is_an_admin_no_longer_has_no_link_that_leads_back(people, project, owner, then):
    ana = people.add_member(project, email="ana@example.com", name="Ana", role=Role.ADMIN, now=NOW)
    other = people.add_project("Other", owner, NOW).id
    link, elsewhere = (people.invite(each, Role.ADMIN, email=None, by="Bo", now=NOW) for each in (project, other))
    people.set_role(project, ana.id, Role.ADMIN)
    assert people.invitation(link, NOW) is not None
    if then is None:
        people.remove_member(project, ana.id, NOW)
    else:
        people.set_role(project, ana.id, then)
    assert people.join(link, ana.id, NOW) is None
    assert people.invitation(elsewhere, NOW) is not None


def test_what_somebody_cared_for_is_nobody_s_once_they_are_removed(people, access, database, project, owner):
    ana, seeds = added(people, project), Seeds(database, NOW)
    mine, other = (seeds.incident(project, seeds.service(project, name)) for name in ("shop", "billing"))
    with database.begin() as connection:
        connection.execute(update(incidents).where(incidents.c.id == mine).values(assigned_to=ana.id))
        connection.execute(update(incidents).where(incidents.c.id == other).values(assigned_to=owner))
    people.remove_member(project, ana.id, NOW)
    reads = SqlReads(database)
    assert reads.incident(project, mine, NOW).care.assigned_to is None
    assert reads.incident(project, other, NOW).care.assigned_to.id == owner
    newest = reads.incident(project, mine, NOW).facts[0]
    assert (newest.kind, newest.data["why"]) == (FactKind.INCIDENT_ASSIGNED, "to nobody")


def test_who_is_removed_from_one_project_goes_on_in_the_other(people, access, project, owner):
    other = people.add_project("Web shop", owner, NOW)
    ana = added(people, project)
    added(people, other.id)
    session = access.open_session(ana.id, NOW, project_id=other.id)
    assert (access.session(session, NOW).project_id, access.session(session, NOW).projects) == (other.id, 2)
    people.remove_member(other.id, ana.id, NOW)
    assert access.session(session, NOW).project_id == project


def test_a_session_shows_only_projects_of_its_user(people, access, project, owner):
    other = people.add_project("Web shop", owner, NOW)
    ana = added(people, project)
    session = access.open_session(ana.id, NOW, project_id=other.id)
    access.show_project(session, other.id)
    assert access.session(session, NOW).project_id == project
    added(people, other.id)
    access.show_project(session, other.id)
    assert access.session(session, NOW).project_id == other.id


def test_who_is_a_member_of_nothing_has_no_session(people, access, project, owner):
    ana = added(people, project)
    people.remove_member(project, ana.id, NOW)
    assert access.open_session(ana.id, NOW) is None
    assert access.sign_in(access.create_signin(NOW, ana.id), NOW) is None


@pytest.mark.parametrize(
    ("role", "scope", "may"),
    [
        (Role.ADMIN, Scope.ACT, Role.ADMIN),
        (Role.MEMBER, Scope.ACT, Role.MEMBER),
        (Role.VIEWER, Scope.ACT, Role.VIEWER),
        (Role.ADMIN, Scope.READ, Role.VIEWER),
    ],
)
def test_a_personal_token_may_no_more_than_its_user(people, access, project, role, scope, may):
    ana = added(people, project, role=role)
    token = access.create_token(project, "laptop", NOW, scope, user_id=ana.id)
    assert access.holder_of_token(token, NOW).may is may


def test_a_personal_token_is_touched_by_its_user_or_by_its_number(people, access, project):
    ana, bo = (added(people, project, name) for name in ("Ana", "Bo"))
    tokens = {user.id: access.create_token(project, "laptop", NOW, user_id=user.id) for user in (ana, bo)}
    access.create_token(project, "laptop", NOW)
    assert [token.owner for token in access.tokens(project)] == ["Ana", "Bo", None]
    (of_ana,) = access.tokens(project, user_id=ana.id)
    assert access.revoke_token(project, str(of_ana.id), NOW, user_id=bo.id) is None
    assert access.revoke_token(project, "laptop", NOW).user_id is None
    assert access.revoke_token(project, "laptop", NOW, user_id=bo.id).user_id == bo.id
    assert access.holder_of_token(tokens[ana.id], NOW) is not None
    assert access.revoke_token(project, str(of_ana.id), NOW) is not None


def test_a_project_has_a_name_of_its_own(people, access, project, owner):
    shop = people.add_project("Web shop", owner, NOW)
    assert (shop.slug, people.role(owner, shop.id)) == ("web-shop", Role.ADMIN)
    with pytest.raises(PeopleError, match="already"):
        people.add_project("WEB SHOP", owner, NOW)
    assert people.rename_project(shop.id, "Web Shop").slug == "web-shop"
    assert people.rename_project(shop.id, "Apples").name == "Apples"
    assert [(each.name, each.role) for each in people.projects(owner)] == [
        ("Apples", Role.ADMIN),
        ("Default", Role.ADMIN),
    ]
    assert people.add_project("Web shop", None, NOW).slug == "web-shop-2"
    assert [each.name for each in people.projects()] == ["Apples", "Default", "Web shop"]


def test_an_invitation_makes_somebody_new_a_member_once(people, project):
    link = people.invite(project, Role.MEMBER, email=None, by="Ana", now=NOW)
    assert people.invitation(link, NOW).role is Role.MEMBER
    user = people.accept(link, name="Bo", email="Bo@example.com", password=GOOD, now=NOW)
    assert people.role(user, project) is Role.MEMBER
    assert people.knows_password("bo@example.com", GOOD).name == "Bo"
    assert people.invitation(link, NOW) is None
    assert people.accept(link, name="Cy", email="cy@example.com", password=GOOD, now=NOW) is None
    assert people.user_with_email("cy@example.com") is None


def test_an_invitation_ends_after_a_week_or_when_it_is_withdrawn(people, project):
    first, second = (people.invite(project, Role.VIEWER, email=None, by="Ana", now=NOW) for _ in range(2))
    assert people.invitation(first, NOW + INVITATION_LASTS - SECOND) is not None
    assert people.accept(first, name="Bo", email="b@example.com", password=GOOD, now=NOW + INVITATION_LASTS) is None
    assert {each.by for each in people.invitations(project, NOW)} == {"Ana"}
    assert people.withdraw(project + 1, people.invitation(second, NOW).id) is False
    assert people.withdraw(project, people.invitation(second, NOW).id) is True
    assert people.withdraw(project, "no id") is False
    assert people.invitation(second, NOW) is None
    assert len(people.invitations(project, NOW)) == 1


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"name": ""}, "Give a name"),
        ({"email": "bo"}, "e-mail"),
        ({"password": "short"}, "10 characters"),
        ({"email": "ana@example.com"}, "sign in"),
    ],
)
def test_what_will_not_do_uses_no_invitation_up(people, project, said, why):
    added(people, project)
    link = people.invite(project, Role.MEMBER, email=None, by="Ana", now=NOW)
    with pytest.raises(PeopleError, match=why):
        people.accept(link, now=NOW, **{"name": "Bo", "email": "bo@example.com", "password": GOOD} | said)
    assert people.invitation(link, NOW) is not None
    assert len(people.users()) == 1


def test_an_invitation_for_an_address_is_for_nobody_else(people, project, owner):
    link = people.invite(project, Role.MEMBER, email="Bo@example.com", by="Ana", now=NOW)
    ana = added(people, project)
    with pytest.raises(PeopleError, match=r"for bo@example\.com"):
        people.join(link, ana.id, NOW)
    user = people.accept(link, name="Bo", email="other@example.com", password=GOOD, now=NOW)
    assert people.user(user).email == "bo@example.com"


def test_who_is_known_joins_and_loses_no_rights(people, project, owner):
    other = people.add_project("Web shop", owner, NOW)
    ana = added(people, project)
    for role, then in ((Role.VIEWER, Role.VIEWER), (Role.ADMIN, Role.ADMIN), (Role.MEMBER, Role.ADMIN)):
        link = people.invite(other.id, role, email=None, by="Bo", now=NOW)
        assert people.join(link, ana.id, NOW).project == "Web shop"
        assert people.role(ana.id, other.id) is then
        assert people.join(link, ana.id, NOW) is None
