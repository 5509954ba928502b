"""Whom incidents affected is counted as events come: each person once, a bounded number exactly, and nobody by name."""

import itertools
from types import SimpleNamespace

import pytest
from made import NOW, a_body, a_parcel
from sqlalchemy import insert, select
from workshop import in_memory

from aiops_platform.core.affected import hashed
from aiops_platform.storage import people_affected, schema
from aiops_platform.storage.erasing import erase

NUMBERS = itertools.count(1)


def crashes(*users, message="no"):
    return [a_parcel(next(NUMBERS), a_body(message=message, user=user)) for user in users]


def counted(workshop):
    return workshop.rows(schema.incidents, "people")


def test_each_person_counts_once_however_often_and_by_whatever_name_they_come():
    ada, bob = {"id": "7", "email": "ada@example.com"}, {"id": "8"}
    workshop = in_memory(crashes(ada, ada, bob, {}))
    workshop.receive(*crashes({"id": "7", "email": "other@example.com"}, {"id": "9"}, bob))
    workshop.digest_all()
    assert counted(workshop) == [3]
    assert workshop.count(schema.incident_people) == 5
    workshop.close()


def test_who_has_forgotten_whom_it_has_noted_counts_nobody_twice():
    workshop = in_memory(crashes({"id": "7"}, {"id": "8"}))
    workshop.store._memory.affected.forget_all()
    workshop.receive(*crashes({"id": "7"}, {"id": "9"}))
    workshop.digest_all()
    assert counted(workshop) == [3]
    workshop.close()


def test_beyond_the_bound_nobody_is_noted(monkeypatch):
    monkeypatch.setattr(people_affected, "MOST_PEOPLE", 3)
    monkeypatch.setattr(people_affected, "MOST_NAMES", 4)
    workshop = in_memory(crashes(*({"id": str(number), "name": f"n{number}"} for number in range(10))))
    workshop.receive(*crashes({"id": "77"}))
    workshop.digest_all()
    assert counted(workshop) == [2]
    assert workshop.count(schema.incident_people) == 4
    workshop.close()


def test_what_is_remembered_is_bounded_and_the_count_stays_right(monkeypatch):
    monkeypatch.setattr(people_affected, "_REMEMBERED", 2)
    monkeypatch.setattr(people_affected, "_INCIDENTS", 1)
    workshop = in_memory(
        [each for number in range(3) for each in crashes({"id": "7"}, {"id": str(number)}, message=f"m{number}")],
        together=2,
    )
    assert sum(counted(workshop)) == workshop.count(schema.incident_people)
    workshop.close()


def test_a_transaction_that_is_undone_leaves_nobody_remembered():
    workshop = in_memory(crashes({"id": "7"}))
    (incident,) = workshop.rows(schema.incidents, "id")
    change = SimpleNamespace(people={(hashed("8", 1),): NOW})

    def breaking_down():
        with workshop.store.begin() as transaction:
            transaction._affected.note(transaction._connection, [(incident, change)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        breaking_down()
    workshop.receive(*crashes({"id": "8"}))
    workshop.digest_all()
    assert counted(workshop) == [2]
    workshop.close()


def test_who_is_erased_is_found_by_any_of_their_names_and_the_numbers_stay():
    workshop = in_memory(crashes({"id": "7", "email": "ada@example.com", "name": "Ada"}, {"id": "8"}))
    with workshop.database.begin() as connection:
        row = connection.execute(select(schema.incident_people)).mappings().first()
        connection.execute(insert(schema.incident_people).values({**row, "name": b"8" * 8, "person": b"9" * 8}))
    erase(workshop.database, "ada@example.com", lambda _: None)
    assert counted(workshop) == [2]
    assert sorted(workshop.rows(schema.incident_people, "name")) == sorted([hashed("8", 1), b"8" * 8])
    workshop.close()
