"""The door's rule: what is understood is kept, what never will be is refused with the reason."""

import json

import pytest
from made import NOW, SAMPLES, a_body, a_sample

from aiops_platform.core.parcel import ParcelKind
from aiops_platform.intake.sqlite import SqliteIntake
from aiops_platform.pipeline.ingest import Ingest, Refused
from aiops_platform.ports import IntakeUnavailableError


@pytest.fixture
def intake():
    intake = SqliteIntake(None)
    yield intake
    intake.close()


def test_what_is_taken_lies_in_the_intake_as_it_was_said(intake):
    raw = json.dumps(a_body(message="no")).encode()
    taken = Ingest(intake).take(raw, ParcelKind.EXCEPTION, project_id=7, now=NOW)
    assert not isinstance(taken, Refused)
    taken.result(30)
    (leased,) = intake.lease(10, NOW)
    assert (leased.parcel.body, leased.parcel.project_id, leased.parcel.received_at) == (raw, 7, NOW)
    assert len(leased.parcel.id) == 16


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("refused-*.json")), ids=lambda path: path.stem)
def test_what_is_no_event_is_refused(intake, path):
    refused = Ingest(intake).take(path.read_bytes(), ParcelKind.EXCEPTION, project_id=1, now=NOW)
    assert isinstance(refused, Refused)
    assert refused.why
    assert intake.waiting() == 0


def test_an_event_is_refused_at_the_heartbeats_door(intake):
    raw = json.dumps(a_sample("old-http-error")).encode()
    assert isinstance(Ingest(intake).take(raw, ParcelKind.HEARTBEAT, project_id=1, now=NOW), Refused)


def test_a_closed_intake_is_said_to_the_door(intake):
    intake.close()
    with pytest.raises(IntakeUnavailableError):
        Ingest(intake).take(json.dumps(a_body()).encode(), ParcelKind.EXCEPTION, project_id=1, now=NOW)
