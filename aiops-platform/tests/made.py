"""What tests are built with: only what matters to a test is said in it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from aiops_platform.core import wire
from aiops_platform.core.event import Event, Heartbeat, JobReport
from aiops_platform.core.parcel import Parcel, ParcelKind
from aiops_platform.core.service import Service, ServiceName

NOW = datetime(2026, 11, 22, 3, 14, 10, tzinfo=UTC)
SAMPLES = Path(__file__).parents[2] / "wire" / "samples"
SHOP = Service(1, ServiceName(1, "shop", "production"))


def after(**span: float) -> datetime:
    """NOW and a bit."""
    return NOW + timedelta(**span)


def a_sample(name: str) -> dict[str, Any]:
    """A golden body."""
    body: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text())
    return body


def a_body(**fields: Any) -> dict[str, Any]:
    """A small event's body."""
    return {"signal_type": "exception", "service": "shop", "environment": "production", **fields}


def a_heartbeat_body(**fields: Any) -> dict[str, Any]:
    """A small heartbeat's body."""
    return {"signal_type": "heartbeat", "service": "shop", "environment": "production", **fields}


def an_event(**fields: Any) -> Event:
    """An event as it comes off the wire."""
    return read(a_body(**fields))


def a_heartbeat(**fields: Any) -> Heartbeat:
    """A heartbeat as it comes off the wire."""
    heartbeat = wire.parse(json.dumps(a_heartbeat_body(**fields)).encode(), ParcelKind.HEARTBEAT)
    assert isinstance(heartbeat, Heartbeat)
    return heartbeat


def read(body: object) -> Event:
    """The event that a body holds."""
    event = wire.parse(json.dumps(body).encode(), ParcelKind.EXCEPTION)
    assert isinstance(event, Event)
    return event


def a_parcel(number: int, body: object, *, received_at: datetime = NOW, project_id: int = 1) -> Parcel:
    """A parcel with this body (JSON, or bytes as they are); the body says through which door it came."""
    signal = body.get("signal_type") if isinstance(body, dict) else None
    kinds = {"heartbeat": ParcelKind.HEARTBEAT, "job": ParcelKind.JOB}
    return Parcel(
        id=number.to_bytes(16, "big"),
        project_id=project_id,
        kind=kinds.get(str(signal), ParcelKind.EXCEPTION),
        received_at=received_at,
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
    )


def a_job_body(state: str = "started", *, run: int = 1, **fields: Any) -> dict[str, Any]:
    """A word on a run of a job."""
    run_id = str(UUID(int=run))
    said = {"service": "shop", "environment": "production", "job": "nightly-import", "run_id": run_id, "state": state}
    return {"signal_type": "job", **said, **fields}


def a_job_report(state: str = "started", **fields: Any) -> JobReport:
    """A word on a run of a job as it comes off the wire."""
    report = wire.parse(json.dumps(a_job_body(state, **fields)).encode(), ParcelKind.JOB)
    assert isinstance(report, JobReport)
    return report
