"""The door's rule: what is understood is taken, what is too much is held back, what never will be understood is refused."""

import gzip
import json

import pytest
from made import NOW, SAMPLES, a_body, a_heartbeat_body, a_job_body, a_sample, after

from aiops_platform.core import batch
from aiops_platform.core.access import Holder
from aiops_platform.core.parcel import Parcel, ParcelKind
from aiops_platform.core.quota import Allowance, Category, HeldBack, Quotas
from aiops_platform.pipeline.ingest import Ingest, Refused, TakenBatch

HOLDER = Holder(3, 7)


def take(ingest: Ingest, body: object, kind: ParcelKind = ParcelKind.EXCEPTION, *, now=NOW):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return ingest.take(raw, None, kind, holder=HOLDER, now=now)


def strict(**allowance: float) -> Ingest:
    return Ingest(quotas=Quotas(Allowance(saved_seconds=1, **allowance)))


def test_what_is_taken_becomes_a_parcel_with_the_body_as_it_was_said():
    raw = json.dumps(a_body(message="no")).encode()
    taken = take(Ingest(), raw)
    assert isinstance(taken, Parcel)
    assert (taken.body, taken.project_id, taken.received_at, taken.reports) == (raw, 7, NOW, 1)
    assert len(taken.id) == 16


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("refused-*.json")), ids=lambda path: path.stem)
def test_what_is_no_event_is_refused(path):
    refused = take(Ingest(), path.read_bytes())
    assert isinstance(refused, Refused)
    assert refused.why


def test_an_event_is_refused_at_the_heartbeats_door():
    assert isinstance(take(Ingest(), a_sample("old-http-error"), ParcelKind.HEARTBEAT), Refused)


def test_a_loud_loop_is_held_back_and_what_is_new_and_beats_and_jobs_pass():
    ingest = strict(per_service=4)
    loop = [take(ingest, a_body(error_type="E", message=f"no order {number}")) for number in range(9)]
    assert [isinstance(each, Parcel) for each in loop] == [True] * 3 + [False] * 6
    assert all(each.category is Category.REPEAT for each in loop[3:] if isinstance(each, HeldBack))
    assert isinstance(take(ingest, a_body(error_type="F", message="no customer")), Parcel)
    assert isinstance(take(ingest, a_heartbeat_body(), ParcelKind.HEARTBEAT), Parcel)
    assert isinstance(take(ingest, a_job_body(), ParcelKind.JOB), Parcel)
    assert isinstance(take(ingest, a_body(error_type="E", message="no order 9"), now=after(seconds=1)), Parcel)


def test_of_a_batch_each_event_is_asked_for_and_only_what_passes_is_kept():
    said = [
        {"service": "shop"},
        *({"signal_type": "exception", "error_type": "E", "message": f"no order {number}"} for number in range(4)),
        {"signal_type": "metric"},
        {"signal_type": "exception", "error_type": "F", "service": "till"},
    ]
    text = "\n".join(map(json.dumps, said)).encode()
    taken = strict(per_service=2).take_batch(text, gzip.compress(text), holder=HOLDER, now=NOW)
    assert isinstance(taken, TakenBatch)
    assert taken.parcel is not None
    assert (taken.accepted, list(taken.rejected), list(taken.held_back)) == (3, [4], [2, 3])
    assert taken.parcel.reports == 3
    assert [json.loads(each.body).get("message") for each in batch.parcels(taken.parcel)] == [
        "no order 0",
        "no order 1",
        None,
    ]


def test_of_a_batch_that_is_held_back_whole_there_is_nothing_to_keep():
    text = b'{}\n{"signal_type": "exception"}'
    ingest = strict(per_key=1)
    assert ingest.take_batch(text, None, holder=HOLDER, now=NOW).accepted == 1
    again = ingest.take_batch(text, None, holder=HOLDER, now=NOW)
    assert again.accepted == 1, "The first was a new problem, this is a repeated one."
    again = ingest.take_batch(text, None, holder=HOLDER, now=NOW)
    assert (again.parcel, again.accepted, list(again.held_back)) == (None, 0, [0])


def test_every_parcel_has_an_id_of_its_own():
    ingest, body = Ingest(), json.dumps(a_body(message="no")).encode()
    ids = [take(ingest, body).id for _ in range(1_000)]
    assert len(set(ids)) == 1_000
    assert {len(each) for each in ids} == {16}
