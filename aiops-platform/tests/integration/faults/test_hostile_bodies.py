"""Bodies that somebody or something has spoilt: what the door takes is digested, and shown on every page, without a fault.

Golden bodies are the seed; parts of them are replaced by what programs trip over.
"""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made import SAMPLES
from sqlalchemy import func, select
from web_site import RunningSite, a_site

from aiops_platform.core import wire
from aiops_platform.core.access import SESSION_COOKIE
from aiops_platform.core.parcel import Parcel, ParcelKind
from aiops_platform.core.wire import Unreadable
from aiops_platform.intake.sqlite import SqliteIntake
from aiops_platform.pipeline.digest import Digest
from aiops_platform.process.clock import utc_now
from aiops_platform.storage import schema
from aiops_platform.storage.transactions import SqlStore

GOLDEN = [json.loads(path.read_text()) for path in sorted(SAMPLES.glob("*.json")) if "answer" not in path.name]
DEEP: Any = "deep"
for _ in range(400):
    DEEP = [DEEP]
HOSTILE = [
    None, True, -1, 0, 2**63, -(2**63) - 1, 10**400, 1e308, float("nan"), float("inf"), "", " ", "\0", "\ud800", "\udfff\ud800",
    "\u202eabc", "\ufeff", "a\r\nb", "</script><script>", "{{7*7}}", "%00%s%n", "../../etc/passwd", "javascript:alert(1)",
    "0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:60.000000Z", "x" * 70_000, "🧨" * 5_000, [], {}, [[]], [None] * 300, DEEP,
    {f"tag{number}": "v" for number in range(10_000)}, {"": {"": {"": None}}}, {"a": float("nan")},
]  # fmt: skip


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in it: a container and a key of that."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from places(value[key])


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    body = json.loads(json.dumps(GOLDEN[draw(st.integers(0, len(GOLDEN) - 1))]))
    # Of the golden body only: what has been put in belongs to all.
    found = list(places(body))
    for _ in range(draw(st.integers(1, 4)) if found else 0):
        container, key = found[draw(st.integers(0, len(found) - 1))]
        container[key] = HOSTILE[draw(st.integers(0, len(HOSTILE) - 1))]
    raw = json.dumps(body, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    at, cut = (
        draw(st.integers(0, len(raw))),
        draw(st.sampled_from([None, None, None, b"", b"\0", b"\xff\xfe", b"}", b'"'])),
    )
    return raw if cut is None else raw[:at] + cut + raw[at + 1 :]


@pytest.fixture(scope="module")
def site() -> Iterator[RunningSite]:
    with a_site() as running:
        yield running


def test_what_the_door_takes_of_spoilt_bodies_is_digested_and_shown(site):
    database = site.seeds.database
    intake = SqliteIntake(None)
    digest = Digest(SqlStore(database), intake)
    client = httpx.Client(base_url=site.url, cookies={SESSION_COOKIE: site.session()}, timeout=60)
    token = {"Authorization": f"Bearer {site.access.create_token(site.project, 'fuzz', site.seeds.now)}"}

    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(spoilt(), min_size=3, max_size=3))
    def check(bodies: list[bytes]) -> None:
        for body in bodies:
            for kind in (ParcelKind.EXCEPTION, ParcelKind.HEARTBEAT, ParcelKind.JOB):
                if not isinstance(wire.glance(body, kind), Unreadable):
                    taken = Parcel(
                        id=uuid4().bytes, project_id=site.project, kind=kind, received_at=utc_now(), body=body
                    )
                    intake.append([taken]).result(60)
        while digest.step(utc_now()):
            pass
        with database.read() as connection:
            buried = connection.execute(select(schema.buried.c.reason, schema.buried.c.body)).all()
            newest = connection.execute(select(func.max(schema.events.c.incident_id))).scalar_one()
        assert buried == []
        pages = ["/incidents", "/services", "/jobs"]
        if newest is not None:
            pages.append(f"/incidents/{newest}")
            for path in (f"/api/v1/incidents/{newest}", f"/api/v1/incidents/{newest}/events/newest"):
                answer = client.get(path, headers=token)
                assert answer.status_code == 200
                answer.json()
        assert [client.get(page).status_code for page in pages] == [200] * len(pages)

    check()
    client.close()
    intake.close()
