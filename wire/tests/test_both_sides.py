"""What the SDK really says fits the contract, and the platform understands every golden body as the contract promises."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, abort, jsonify
from jsonschema import Draft202012Validator

import aiops_sdk
from aiops_platform.api.ingest import answers
from aiops_platform.core import batch, grouping, gzipped, wire
from aiops_platform.core.event import Event, Heartbeat
from aiops_platform.core.parcel import Parcel, ParcelKind
from aiops_platform.core.quota import Category, HeldBack
from aiops_platform.core.wire import Unreadable
from aiops_sdk.client import Client
from aiops_sdk.config import Config
from aiops_sdk.delivery.batch import encode
from aiops_sdk.delivery.parcel import Parcel as Packed
from aiops_sdk.delivery.transport import Accepted, Refused, Retry, outcome_of
from aiops_sdk.event import Beat
from aiops_sdk.testing import capture_events

WIRE = Path(__file__).parents[1]
SCHEMA = json.loads((WIRE / "v1.schema.json").read_text(encoding="utf-8"))
SAMPLES = sorted((WIRE / "samples").glob("*.json"))
READABLE = [path for path in SAMPLES if not path.name.startswith(("invalid-", "refused-", "answer-"))]
Body = dict[str, Any]


def problems(body: object, definition: str) -> list[str]:
    """Where a body breaks the schema, and which of its fields the schema does not know."""
    schema = {"$ref": f"#/$defs/{definition}", "$defs": SCHEMA["$defs"]}
    broken = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(body)]
    return broken + list(_strangers(body, SCHEMA["$defs"][definition], "$"))


def _strangers(value: object, schema: Body, at: str) -> Iterator[str]:
    """Unknown fields are allowed by the schema, so that sides may be of different age; ours are all to be in it."""
    known = _properties(schema)
    if isinstance(value, dict) and known:
        for name, inner in value.items():
            if name in known:
                yield from _strangers(inner, known[name], f"{at}.{name}")
            elif "additionalProperties" not in _resolved(schema):
                yield f"{at}.{name} is not in the schema"
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _strangers(inner, _resolved(schema).get("items", {}), f"{at}[{index}]")


def _resolved(schema: Body) -> Body:
    name = schema.get("$ref", "").removeprefix("#/$defs/")
    return {**_resolved(SCHEMA["$defs"][name]), **schema} if name else schema


def _properties(schema: Body) -> Body:
    name = schema.get("$ref", "").removeprefix("#/$defs/")
    return {**(_properties(SCHEMA["$defs"][name]) if name else {}), **schema.get("properties", {})}


def shop() -> Flask:
    app = Flask(__name__)
    aiops_sdk.init_flask(app)

    @app.get("/orders/<int:number>")
    def order(number: int) -> str:
        return {1: "apples"}[number]

    @app.get("/quote")
    def quote() -> tuple[Response, int]:
        return jsonify({"message": "'NoneType' object has no attribute 'total'"}), 500

    @app.get("/admin")
    def admin() -> str:
        abort(403)

    return app


def a_chain() -> None:
    try:
        try:
            raise OSError("full")
        except OSError:
            raise KeyError(1)  # noqa: B904 - without a cause, it has a context
    except KeyError as error:
        raise RuntimeError("no order") from error


def a_group() -> None:
    failure = ValueError("declined")
    failure.add_note("card 4242")
    raise ExceptionGroup("two steps failed", [failure, ExceptionGroup("inner", [TimeoutError("late")])])


def captured(fail: Callable[[], object]) -> None:
    try:
        fail()
    except Exception as error:
        aiops_sdk.capture_exception(error)


WAYS_TO_FAIL: dict[str, Callable[[], object]] = {
    "a chain of exceptions": lambda: captured(a_chain),
    "an exception group": lambda: captured(a_group),
    "an error log": lambda: logging.getLogger("shop.stock").error("%s is below %d", "apple", 5),
    "an error log with a traceback": lambda: logging.getLogger("shop").error("no", exc_info=ValueError("pear")),
    "a view that raises": lambda: shop().test_client().get("/orders/7?gift=yes"),
    "a view that swallows": lambda: shop().test_client().get("/quote"),
    "an answer of 403": lambda: shop().test_client().get("/admin"),
}


@pytest.mark.parametrize("way", WAYS_TO_FAIL)
def test_what_the_sdk_says_of_a_failure_fits_the_schema_and_loses_nothing_on_the_platform(way: str) -> None:
    with capture_events(Config(api_key="test", release="7")) as events:
        WAYS_TO_FAIL[way]()
    assert len(events) == 1
    assert problems(events[0], "event") == []
    event = wire.parse(json.dumps(events[0]).encode(), ParcelKind.EXCEPTION)
    assert isinstance(event, Event)
    assert event.remarks == ()


def test_what_the_sdk_says_in_a_batch_is_what_it_says_one_by_one() -> None:
    with capture_events(Config(api_key="test", release="7")) as events:
        for fail in (*WAYS_TO_FAIL.values(), *WAYS_TO_FAIL.values()):
            fail()
    alone = [json.dumps(event).encode() for event in events]
    told = [Packed.from_body(body) for body in alone]
    text, carried = encode(Client(Config(api_key="test", release="7")).origin.head(), told)
    assert carried == len(alone) == 2 * len(WAYS_TO_FAIL)
    looked = batch.look(text, batch.Limits())
    assert isinstance(looked, batch.Looked)
    assert (looked.accepted, looked.rejected) == (carried, {})
    whole = Parcel(
        id=bytes(16), project_id=1, kind=ParcelKind.BATCH, body=gzipped.pack(text), received_at=datetime.now(UTC)
    )
    for body, parcel in zip(alone, batch.parcels(whole), strict=True):
        by_itself, in_batch = wire.parse(body, ParcelKind.EXCEPTION), wire.parse(parcel.body, parcel.kind)
        assert isinstance(by_itself, Event)
        assert isinstance(in_batch, Event)
        assert (in_batch.event_id, in_batch.remarks) == (by_itself.event_id, ())
        assert grouping.key_for(in_batch) == grouping.key_for(by_itself)
        assert in_batch.exceptions == by_itself.exceptions


@pytest.mark.parametrize("closing", [False, True])
def test_the_sdks_heartbeat_fits_the_schema_and_loses_nothing_on_the_platform(closing: bool) -> None:
    client = Client(Config(api_key="test"))
    beat = Beat(at=datetime.now(UTC), base_url="https://shop", interval=30.0, closing=closing, stats=client.stats())
    body = beat.to_wire(client.origin)
    assert problems(body, "heartbeat") == []
    heartbeat = wire.parse(json.dumps(body).encode(), ParcelKind.HEARTBEAT)
    assert isinstance(heartbeat, Heartbeat)
    assert heartbeat.remarks == ()
    assert heartbeat.closing is closing


def read(path: Path) -> wire.AnyReport | Unreadable:
    text = path.read_bytes()
    kinds = {b'"heartbeat"': ParcelKind.HEARTBEAT, b'"job"': ParcelKind.JOB}
    return wire.parse(text, next((kind for word, kind in kinds.items() if word in text), ParcelKind.EXCEPTION))


def samples(*beginnings: str) -> list[Path]:
    return [path for path in SAMPLES if path.name.startswith(beginnings)]


def told(value: object) -> object:
    """The value without what says nothing: nulls and empty lists, objects and texts."""
    if isinstance(value, dict):
        return {name: told(inner) for name, inner in value.items() if inner not in (None, "", [], {})}
    return [told(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.stem)
def test_the_platform_keeps_everything_that_a_sample_tells(path: Path) -> None:
    report = read(path)
    assert not isinstance(report, Unreadable)
    assert report.remarks == ()
    defaults = {"service": "unknown-service", "environment": "production", "closing": False}
    kept = defaults | json.loads(wire.write(report))
    said = defaults | json.loads(path.read_text(encoding="utf-8"))
    for field in STRANGE.get(path.stem, ()):
        del said[field]
    for each in (kept, said):
        each["fixers"] = [{"params": {}, "each_instance": False, **fixer} for fixer in each.get("fixers", ())]
    # What it reads out of an old client's text traceback, it adds.
    assert told({name: kept.get(name) for name in said}) == told(said)


# Fields, or parts of them, that only a later version knows.
STRANGE = {
    "event-from-the-future": ("weather", "till", "instance", "sdk"),
}


def batch_parcel(text: bytes) -> Parcel:
    now = datetime.now(UTC)
    return Parcel(id=bytes(16), project_id=1, kind=ParcelKind.BATCH, received_at=now, body=gzipped.pack(text))


def test_the_platform_reads_a_batch_as_the_single_bodies_that_it_stands_for() -> None:
    text, singles = ((WIRE / "samples" / f"{name}.jsonl").read_bytes() for name in ("batch", "batch-written-out"))
    read = [wire.parse(each.body, each.kind) for each in batch.parcels(batch_parcel(text))]
    assert read == [wire.parse(line, ParcelKind.EXCEPTION) for line in singles.splitlines()]
    assert [event.remarks for event in read if isinstance(event, Event)] == [()] * 4
    assert all(problems(json.loads(line), "event") == [] for line in singles.splitlines())


def test_the_platform_answers_each_event_of_a_batch() -> None:
    text = (WIRE / "samples" / "batch-partly-refused.jsonl").read_bytes()
    looked = batch.look(text, batch.Limits())
    assert isinstance(looked, batch.Looked)
    answer = answers.of_batch(looked.accepted, looked.rejected, {})
    assert answer.status == 202
    # The words of a reason may change with Python's version.
    said, golden = sent(answer), json.loads((WIRE / "samples" / "answer-batch.json").read_bytes())
    for each in said["rejected"] + golden["rejected"]:
        assert each.pop("why")
    assert said == golden


def test_a_number_of_frames_before_its_stack_or_of_a_damaged_one_costs_the_frames_only() -> None:
    text = (WIRE / "samples" / "batch-partly-refused.jsonl").read_bytes()
    found = [wire.parse(each.body, each.kind) for each in batch.parcels(batch_parcel(text))]
    told = [event.exceptions[0] for event in found if isinstance(event, Event)]
    assert [(each.type, len(each.frames)) for each in told] == [("KeyError", 0), ("KeyError", 1)]


@pytest.mark.parametrize("path", samples("refused-"), ids=lambda path: path.stem)
def test_the_platform_refuses_what_it_cannot_place(path: Path) -> None:
    assert isinstance(read(path), Unreadable)


@pytest.mark.parametrize("path", samples("invalid-"), ids=lambda path: path.stem)
def test_a_mistake_in_one_field_does_not_cost_the_report(path: Path) -> None:
    assert not isinstance(read(path), Unreadable)


TOO_MANY = HeldBack(
    category=Category.REPEAT,
    why="more than 1 repeated events a second of this service: send it again later",
    seconds=7,
)
ANSWERS = {
    "accepted": answers.accepted(),
    "not understood": answers.not_understood("message: expected text"),
    "unknown key": answers.unknown_key("was it revoked?"),
    "too large": answers.too_large(1024, closes=False),
    "too many": answers.held_back(TOO_MANY),
    "not now": answers.not_now(answers.Reason.UNAVAILABLE, "busy", seconds=5),
    "some of a batch": answers.of_batch(2, {1: "signal_type: missing"}, {2: TOO_MANY}),
    "nothing of a batch": answers.of_batch(0, {0: "signal_type: missing"}, {}),
    "nothing of a batch now": answers.of_batch(0, {0: "signal_type: missing"}, {1: TOO_MANY}),
    "too much in a batch": answers.too_much("more than the 1000 events that this server takes in a batch"),
}


def sent(answer: answers.Answer) -> Any:
    body = bytearray()

    async def collect(message: MutableMapping[str, Any]) -> None:
        body.extend(message.get("body", b""))

    asyncio.run(answer.send(collect))
    return json.loads(body)


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_what_the_platform_answers_fits_the_schema(answer: answers.Answer) -> None:
    assert problems(sent(answer), "answer") == []


@pytest.mark.parametrize(
    "sample", ["answer-accepted", "answer-capable", "answer-batch", "answer-fixes", "answer-old-server"]
)
def test_the_sdk_takes_any_2xx_as_a_delivery(sample: str) -> None:
    outcome = outcome_of(202, None, (WIRE / "samples" / f"{sample}.json").read_bytes(), 0.0)
    assert isinstance(outcome, Accepted)
    capable = {"batch", "fixes", "gzip", "jobs"}
    told = dict.fromkeys(("answer-capable", "answer-batch", "answer-fixes"), capable)
    assert outcome.capabilities == told.get(sample, outcome.capabilities)


def test_of_a_batch_the_sdk_keeps_what_the_platform_holds_back() -> None:
    golden = (WIRE / "samples" / "answer-held-back.json").read_bytes()
    outcome = outcome_of(202, None, golden, 0.0)
    assert isinstance(outcome, Accepted)
    assert (outcome.rejected, outcome.later) == (((1, "signal_type: missing"),), ((2, 7.0),))
    assert sent(answers.of_batch(1, {1: "signal_type: missing"}, {2: TOO_MANY})) == json.loads(golden)


def test_a_batch_of_which_nothing_is_taken_now_is_to_come_again() -> None:
    answer = answers.of_batch(0, {0: "signal_type: missing"}, {1: TOO_MANY})
    assert isinstance(outcome_of(answer.status, "7", b"", 0.0), Retry)


def test_the_sdk_repeats_why_it_was_refused() -> None:
    refused = outcome_of(400, None, (WIRE / "samples" / "answer-rejected.json").read_bytes(), 0.0)
    assert isinstance(refused, Refused)
    assert "message: expected text, found a number" in refused.why


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_the_sdk_tries_again_when_the_server_cannot_now(status: int) -> None:
    outcome = outcome_of(status, "7", b"", 0.0)
    assert isinstance(outcome, Retry)
    assert outcome.after == 7.0
