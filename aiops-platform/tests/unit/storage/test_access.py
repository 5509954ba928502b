from datetime import UTC, datetime, timedelta

import pytest
from tables import a_store

from aiops_platform.core.access import SESSION_LASTS, SIGNIN_LASTS, AccessError, Holder, Scope
from aiops_platform.ports import Access
from aiops_platform.storage.access import SqlAccess
from aiops_platform.storage.database import Database
from aiops_platform.storage.schema import api_keys

NOW = datetime(2026, 11, 22, 3, 14, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def database():
    database = a_store()
    yield database
    database.close()


@pytest.fixture
def access(database: Database) -> Access:
    return SqlAccess(database, server_secret=b"s" * 32)


@pytest.fixture
def project(access: Access) -> int:
    return access.ensure_project("default", "Default", NOW)[0]


def test_a_project_is_created_once(access):
    first, created = access.ensure_project("default", "Default", NOW)
    again, created_again = access.ensure_project("default", "Another name", NOW)

    assert first == again == access.first_project()
    assert (created, created_again) == (True, False)


def test_before_the_first_start_there_is_no_project(access):
    assert access.first_project() is None


def test_a_key_lets_in_until_it_is_revoked(access, project):
    key = access.create_key(project, "shop", NOW)
    holder = access.holder_of_key(key)

    assert holder == Holder(access.keys(project)[0].id, project)
    assert access.revoke_key(project, "shop", NOW).revoked_at == NOW
    assert access.holder_of_key(key) is None


def test_a_key_can_be_revoked_by_its_id(access, project):
    key = access.create_key(project, "shop", NOW)

    assert access.revoke_key(project, str(access.keys(project)[0].id), NOW).name == "shop"
    assert access.holder_of_key(key) is None


@pytest.mark.parametrize("unknown", ["nobody", "99", "9" * 40, "", "²"])
def test_revoking_what_is_not_there_is_none(access, project, unknown):
    access.create_key(project, "shop", NOW)

    assert access.revoke_key(project, unknown, NOW) is None


def test_a_key_is_revoked_once(access, project):
    access.create_key(project, "shop", NOW)
    access.revoke_key(project, "shop", NOW)

    assert access.revoke_key(project, "shop", NOW + SECOND) is None
    assert access.keys(project)[0].revoked_at == NOW


def test_a_replaced_key_lets_in_until_it_is_revoked(access, project):
    old = access.create_key(project, "shop", NOW)
    new = access.replace_key(project, "shop", NOW + SECOND)

    assert access.holder_of_key(old) != access.holder_of_key(new)
    first, second = access.keys(project)
    assert second.name == "shop"
    assert first.name == f"shop (until {NOW + SECOND:%Y-%m-%d %H:%M:%S})"
    assert access.sealed_secrets_open()
    access.revoke_key(project, str(first.id), NOW)
    assert access.holder_of_key(old) is None
    assert access.holder_of_key(new) == Holder(second.id, project)


def test_a_key_is_replaced_once_a_second_and_then_by_its_id_or_name(access, project):
    access.create_key(project, "x" * 200, NOW)
    assert access.replace_key(project, "x" * 200, NOW) is not None
    with pytest.raises(AccessError, match="already"):
        access.replace_key(project, "x" * 200, NOW)
    assert access.replace_key(project, str(access.keys(project)[-1].id), NOW + SECOND) is not None
    assert {len(key.name) for key in access.keys(project)} == {200}


@pytest.mark.parametrize("unknown", ["nobody", "99", "9" * 40, "", "²"])
def test_what_is_not_there_or_revoked_cannot_be_replaced(access, project, unknown):
    access.create_key(project, "shop", NOW)
    access.revoke_key(project, "shop", NOW)

    assert access.replace_key(project, unknown, NOW) is None
    assert access.replace_key(project, "shop", NOW) is None
    assert len(access.keys(project)) == 1


def test_the_key_itself_is_nowhere_in_the_store(access, project, database):
    key = access.create_key(project, "shop", NOW)

    with database.read() as connection:
        row = connection.execute(api_keys.select()).one()
    assert not any(key[6:] in str(value) or key.encode()[6:] in bytes(str(value), "utf-8") for value in row)
    assert row.hint == f"aiops_{key[6:8]}…{key[-2:]}"


def test_a_name_belongs_to_one_key_in_force(access, project):
    access.create_key(project, "shop", NOW)

    with pytest.raises(AccessError, match="There is a key named 'shop' already"):
        access.create_key(project, " shop ", NOW)
    access.revoke_key(project, "shop", NOW)
    access.create_key(project, "shop", NOW)
    assert [key.revoked_at for key in access.keys(project)] == [NOW, None]


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "x" * 201, "\x1b[31m", "17"])
def test_a_name_that_cannot_be_read_or_told_from_an_id_is_refused(access, project, name):
    with pytest.raises(AccessError):
        access.create_key(project, name, NOW)


def test_the_last_use_of_a_key_never_goes_back(access, project):
    access.create_key(project, "shop", NOW)
    key_id = access.keys(project)[0].id

    access.note_keys_used({key_id: NOW + SECOND})
    access.note_keys_used({key_id: NOW, 99: NOW})
    access.note_keys_used({})

    assert access.keys(project)[0].last_used_at == NOW + SECOND


def test_another_server_secret_does_not_open_what_was_sealed(access, project, database):
    assert access.sealed_secrets_open()
    access.create_key(project, "shop", NOW)

    assert access.sealed_secrets_open()
    assert not SqlAccess(database, server_secret=b"t" * 32).sealed_secrets_open()


def test_a_token_lets_in_until_it_is_revoked(access, project):
    token = access.create_token(project, "laptop", NOW)

    assert access.holder_of_token(token, NOW).project_id == project
    assert access.revoke_token(project, "laptop", NOW) is not None
    assert access.holder_of_token(token, NOW) is None


def test_a_token_may_do_what_it_was_made_for(access, project):
    reads, acts = (access.create_token(project, scope, NOW, scope) for scope in (Scope.READ, Scope.ACT))

    assert access.holder_of_token(reads, NOW).scope is Scope.READ
    assert access.holder_of_token(acts, NOW).scope is Scope.ACT
    assert [token.scope for token in access.tokens(project)] == [Scope.READ, Scope.ACT]


def test_sessions_are_listed_and_ended(access, project):
    first, second, third = (access.sign_in(access.create_signin(NOW), NOW, agent) for agent in ("a", "b" * 300, "c"))
    user = access.session(first, NOW).user.id

    assert sorted(session.agent[:3] for session in access.sessions(user, NOW)) == ["a", "bbb", "c"]
    assert {len(session.id) for session in access.sessions(user, NOW)} == {64}
    assert access.sessions(user, NOW + SESSION_LASTS) == []
    assert access.end_sessions(user, only=access.session(first, NOW).id) == 1
    assert access.end_sessions(user, only="no id") == 0
    assert access.end_sessions(user + 1) == 0
    assert access.end_sessions(user, but=second) == 1
    assert access.session(third, NOW) is None
    assert access.session(second, NOW).agent == "b" * 200


def test_a_key_is_no_token_and_a_token_no_key(access, project):
    assert access.holder_of_token(access.create_key(project, "shop", NOW), NOW) is None
    assert access.holder_of_key(access.create_token(project, "laptop", NOW)) is None


def test_the_use_of_a_token_is_noted_once_a_minute(access, project):
    token = access.create_token(project, "laptop", NOW)

    for seconds in (0, 59):
        access.holder_of_token(token, NOW + seconds * SECOND)
    assert access.tokens(project)[0].last_used_at == NOW
    access.holder_of_token(token, NOW + 60 * SECOND)
    assert access.tokens(project)[0].last_used_at == NOW + 60 * SECOND


def test_a_sign_in_link_works_once(access, project):
    link = access.create_signin(NOW)
    session = access.sign_in(link, NOW)

    assert access.session(session, NOW).project_id == project
    assert access.sign_in(link, NOW) is None


def test_it_is_known_whether_anyone_was_invited(access, project):
    assert not access.anyone_invited()
    access.create_signin(NOW)
    assert access.anyone_invited()


def test_a_sign_in_link_expires(access, project):
    link = access.create_signin(NOW)

    assert access.sign_in(link, NOW + SIGNIN_LASTS) is None
    assert access.sign_in("no such link", NOW) is None


def test_a_session_ends_after_a_month_or_when_signed_out(access, project):
    session = access.sign_in(access.create_signin(NOW), NOW)

    assert access.session(session, NOW + SESSION_LASTS - SECOND) is not None
    assert access.session(session, NOW + SESSION_LASTS) is None
    access.sign_out(session)
    access.sign_out(session)
    assert access.session(session, NOW) is None
    assert access.session("no such session", NOW) is None
