"""What is buried is buried once, and digested again it counts once, wherever a crash comes between."""

from collections.abc import Collection, Iterator

import pytest
from made import NOW, a_body, a_parcel
from sqlalchemy import update
from workshop import Workshop

from aiops_platform.core.parcel import ParcelKind
from aiops_platform.intake.sqlite import SqliteIntake
from aiops_platform.pipeline.digest import Digest
from aiops_platform.pipeline.revive import Revive
from aiops_platform.ports import IntakeUnavailableError
from aiops_platform.storage import schema

UNREAD = b"nonsense"


@pytest.fixture
def shop() -> Iterator[Workshop]:
    workshop = Workshop()
    yield workshop
    workshop.close()


def numbers(shop: Workshop) -> dict[str, int]:
    return dict(shop.rows(schema.counters))


class Dying(SqliteIntake):
    """The worker dies before it can say that something is done."""

    def done(self, tickets: Collection[int]) -> None:
        raise IntakeUnavailableError(str(tickets))


def test_what_is_handed_out_again_after_a_crash_is_buried_once():
    dying = Dying(None)
    shop = Workshop()
    dying.append([a_parcel(1, UNREAD), a_parcel(2, UNREAD)]).result(60)
    with pytest.raises(IntakeUnavailableError):
        Digest(shop.store, dying).step(NOW)
    dying.release()
    with pytest.raises(IntakeUnavailableError):
        Digest(shop.store, dying).step(NOW)
    assert shop.rows(schema.buried, "id") == [1, 2]
    assert numbers(shop)["buried"] == 2
    assert shop.revision("buried") == 2
    dying.close()
    shop.close()


def understood(shop: Workshop) -> None:
    """As after an upgrade. No id is said: it is made of the parcel's."""
    body = a_parcel(1, a_body()).body
    with shop.database.begin() as connection:
        connection.execute(update(schema.buried).values(body=body, kind=ParcelKind.EXCEPTION))


def test_a_parcel_that_was_handed_on_before_a_crash_counts_once(shop):
    shop.receive(a_parcel(1, UNREAD))
    shop.digest_all()
    understood(shop)
    revive = Revive(shop.store, shop.intake)
    # Handed on twice, before it is gone here.
    with shop.store.begin() as transaction:
        ((_, parcel),) = transaction.buried(1, after=0, limit=9)
    shop.receive(parcel)
    assert revive.all(1) == 1
    shop.digest_all()
    assert shop.rows(schema.incidents, "count") == [1]
    assert (shop.count(schema.buried), numbers(shop)["buried"]) == (0, 0)


def test_what_still_cannot_be_digested_is_buried_again_even_before_the_first_is_gone(shop):
    shop.receive(a_parcel(1, UNREAD))
    shop.digest_all()
    with shop.store.begin() as transaction:
        ((number, parcel),) = transaction.buried(1, after=0, limit=9)
    shop.receive(parcel)
    shop.digest_all()
    with shop.store.begin() as transaction:
        transaction.unbury([number])
    assert shop.rows(schema.buried, "body") == [UNREAD]
    assert numbers(shop)["buried"] == 1


def test_a_number_is_never_that_of_another_parcel(shop):
    shop.receive(a_parcel(1, UNREAD), a_parcel(2, UNREAD))
    shop.digest_all()
    with shop.store.begin() as transaction:
        transaction.unbury([2])
    shop.receive(a_parcel(3, UNREAD))
    shop.digest_all()
    assert shop.rows(schema.buried, "id") == [1, 3]
