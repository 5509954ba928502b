"""No secret gets from the intake into the store: not by events, nor by what is buried, nor by a project's own words."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from made import NOW, a_body, a_heartbeat_body, a_parcel, a_sample, read
from workshop import Workshop

from aiops_platform.core import gzipped, wire
from aiops_platform.core.parcel import Parcel, ParcelKind
from aiops_platform.core.scrubbing.rules import RuleKind
from aiops_platform.pipeline.hiding import Hiding
from aiops_platform.storage import schema

OURS = {"name": "aiops-sdk", "version": "0.2.0"}


@pytest.fixture
def shop() -> Iterator[Workshop]:
    workshop = Workshop()
    yield workshop
    workshop.close()


def a_batch(number: int, text: bytes) -> Parcel:
    return replace(a_parcel(number, gzipped.pack(text)), kind=ParcelKind.BATCH)


def test_an_event_is_stored_and_grouped_without_its_secrets(shop: Workshop):
    shop.receive(a_parcel(1, a_body(message="password=one")), a_parcel(2, a_body(message="password=two")))
    shop.digest_all()
    assert shop.rows(schema.incidents, "message", "count") == [("password=[hidden]", 2)]
    assert [body["message"] for body in shop.bodies()] == ["password=[hidden]"] * 2


def test_the_word_of_a_client_that_it_hides_secrets_is_not_taken(shop: Workshop):
    shop.receive(a_parcel(1, a_body(message="password=hunter2", sdk=OURS)))
    shop.digest_all()
    assert shop.bodies()[0]["message"] == "password=[hidden]"


def test_what_our_own_client_has_cleaned_stays_as_it_said_it(shop: Workshop):
    said = {**a_sample("event-everything"), "message": "password=[hidden] in Bearer [hidden]", "sdk": OURS}
    shop.receive(a_parcel(1, said))
    shop.digest_all()
    assert shop.bodies() == [json.loads(wire.write(read(said)))]


def test_a_projects_own_rules_hold_seconds_after_they_were_changed_and_for_it_alone(shop: Workshop):
    def send(number: int, at: timedelta, project_id: int = 1) -> str:
        said = a_body(message=f"iban=DE02-{number} Rumpelstilzchen")
        shop.receive(a_parcel(number, said, project_id=project_id, received_at=NOW + at))
        shop.digest_all(NOW + at)
        message: str = shop.bodies()[-1]["message"]
        return message

    assert send(1, timedelta()) == "iban=DE02-1 Rumpelstilzchen"
    hiding = Hiding(shop.store)
    hiding.add(1, RuleKind.NAME, "IBAN")
    hiding.add(1, RuleKind.VALUE, "Rumpelstilzchen")
    assert send(2, timedelta(seconds=3)) == "iban=[hidden] [hidden]"
    assert send(3, timedelta(seconds=4), project_id=2) == "iban=DE02-3 Rumpelstilzchen"
    assert hiding.remove(1, RuleKind.NAME, "IBAN")
    assert not hiding.remove(1, RuleKind.NAME, "IBAN")
    assert send(4, timedelta(seconds=7)) == "iban=DE02-4 [hidden]"


def test_a_heartbeat_is_stored_without_its_secrets(shop: Workshop):
    shop.receive(a_parcel(1, a_heartbeat_body(instance={"id": "a"}, stats={"last_error": "token=abc1 refused"})))
    shop.digest_all()
    assert "abc1" not in json.dumps([str(row) for row in shop.rows(schema.instances)])


@pytest.mark.parametrize(
    ("parcel", "kept"),
    [
        (a_parcel(1, b'{"password": "hunter2", broken'), b'{"password": "[hidden]", broken'),
        (a_parcel(1, {"signal_type": "password=hunter2"}), b'{"signal_type":"password=[hidden]"}'),
        (a_parcel(1, gzip.compress(b'{"password": "hunter2", broken')), b'{"password": "[hidden]", broken'),
        (a_parcel(1, gzip.compress(b'{"password": "hunter2", broken')[:-4]), b'{"password": "[hidden]", broken'),
    ],
)
def test_what_is_buried_is_cleaned_as_far_as_anybody_can_read_it(shop: Workshop, parcel: Parcel, kept: bytes):
    shop.receive(parcel)
    shop.digest_all()
    assert shop.rows(schema.buried, "body") == [kept]
    assert "hunter2" not in shop.rows(schema.buried, "reason")[0]


def test_a_broken_batch_is_buried_as_a_batch_without_secrets(shop: Workshop):
    shop.receive(a_batch(1, b'[1]\n{"signal_type":"exception","password":"hunter2"}\npassword=hunter2'))
    shop.digest_all()
    assert gzip.decompress(shop.rows(schema.buried, "body")[0]) == (
        b'[1]\n{"signal_type":"exception","password":"[hidden]"}\npassword=[hidden]'
    )
