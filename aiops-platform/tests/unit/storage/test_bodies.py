"""Bodies of events are kept short, and open for ever."""

import json
import zlib

import pytest
from made import NOW, a_body, a_parcel, after
from sqlalchemy import select, update
from workshop import Workshop

from aiops_platform.storage import schema
from aiops_platform.storage.bodies import Bodies, DamagedBodyError


@pytest.fixture
def shop():
    workshop = Workshop()
    yield workshop
    workshop.close()


def a_failure(number: int) -> dict:
    frames = [
        {"file": f"/srv/shop/{name}.py", "function": name, "line": number, "in_app": True,
         "source": {"before": [f"def {name}(self):"], "line": f"    return self.{name}({number})", "after": [""]}}
        for name in ("checkout", "reserve", "weigh", "deliver", "charge")
    ]  # fmt: skip
    thrown = {"type": f"Failure{number % 20}", "value": f"order {number} was not taken", "frames": frames}
    return a_body(error_type=thrown["type"], message=thrown["value"], exceptions=[thrown])


def digest(shop: Workshop, *numbers: int) -> None:
    shop.receive(*(a_parcel(number, a_failure(number)) for number in numbers))
    shop.digest_all()


def test_what_is_packed_opens_again_with_the_first_dictionary_and_with_the_project_s_own(shop):
    digest(shop, *range(300))
    assert shop.store.train(after(minutes=1)) is True
    digest(shop, *range(300, 310))
    assert {body["message"] for body in shop.bodies()} == {f"order {number} was not taken" for number in range(310)}
    assert len(set(shop.rows(schema.events, "dictionary_id"))) == 2


def test_the_project_s_own_dictionary_makes_them_half_as_long(shop):
    digest(shop, *range(300))
    shop.store.train(after(minutes=1))
    digest(shop, *range(300, 400))
    sizes = [len(body) for body in shop.rows(schema.events, "body")]
    assert sum(sizes[300:]) / 100 < 0.5 * sum(sizes[:300]) / 300


def test_a_project_learns_once_until_it_has_ten_times_as_many_events(shop):
    digest(shop, *range(199))
    assert shop.store.train(NOW) is False
    digest(shop, 199)
    assert shop.store.train(NOW) is True
    assert shop.store.train(NOW) is False
    assert shop.rows(schema.dictionaries, "project_id") == [None, 1]


def test_what_a_project_has_learned_is_not_for_another_one(shop):
    digest(shop, *range(200))
    shop.store.train(after(minutes=1))
    shop.receive(a_parcel(900, a_failure(900), project_id=2))
    shop.digest_all()
    first, *_, others = shop.rows(schema.events, "dictionary_id")
    assert others == first


def test_what_an_earlier_program_packed_opens(shop):
    digest(shop, 1)
    with shop.database.begin() as connection:
        packed = zlib.compress(json.dumps({"message": "of old"}).encode())
        connection.execute(update(schema.events).values(body=packed, dictionary_id=None))
    assert shop.bodies() == [{"message": "of old"}]


@pytest.mark.parametrize("damage", [{"body": b"no body"}, {"dictionary_id": 7}, {"body": b"", "dictionary_id": None}])
def test_a_damaged_body_says_so(shop, damage):
    digest(shop, 1)
    with shop.database.begin() as connection:
        connection.execute(update(schema.events).values(**damage))
        row = connection.execute(select(schema.events)).one()
        with pytest.raises(DamagedBodyError, match="cannot be unpacked"):
            Bodies().open(connection, row.dictionary_id, row.body)
