"""Requests to run a fixer: the golden ones mean to the SDK what they say, and both sides agree on how they are signed."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from msgspec.structs import replace as replace_struct
from standardwebhooks import webhooks
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

import aiops_sdk
from aiops_platform.core import access
from aiops_platform.core.event import Event, Heartbeat
from aiops_platform.core.fixing import exercise, requests
from aiops_platform.core.fixing import signing as platform_signing
from aiops_platform.core.fixing.fix import Fix, FixState
from aiops_platform.core.opening import Opened, Opener
from aiops_platform.core.parcel import ParcelKind
from aiops_platform.core.people import PLATFORM
from aiops_platform.core.scrubbing import Scrubber
from aiops_platform.core.service import ServiceName
from aiops_sdk import fixing
from aiops_sdk.client import Client, current
from aiops_sdk.config import Config
from aiops_sdk.delivery.transport import Accepted, outcome_of
from aiops_sdk.fixing import declaring, signing
from aiops_sdk.fixing.desk import Desk
from aiops_sdk.frozen import replace
from aiops_sdk.testing import capture_events

WIRE = Path(__file__).parents[1]
SCHEMA = json.loads((WIRE / "v1.schema.json").read_text(encoding="utf-8"))
REQUESTS = [json.loads(line) for line in (WIRE / "fixes.jsonl").read_text(encoding="utf-8").splitlines()]
BEAT = json.loads((WIRE / "samples" / "heartbeat-fixes.json").read_text(encoding="utf-8"))
GOOD = [each for each in REQUESTS if each["expect"] != "refused"]


def problems(body: object, definition: str) -> list[str]:
    schema = {"$ref": f"#/$defs/{definition}", "$defs": SCHEMA["$defs"]}
    return [error.message for error in Draft202012Validator(schema).iter_errors(body)]


def clear_cache(region: str) -> dict[str, str]:
    return {"cleared": region}


def recycle() -> None: ...


class Service:
    """The service of the golden requests, at this moment."""

    def __init__(self, folder: Path, key: str, now: float) -> None:
        self.client = Client(Config(api_key=key, service_name="shop", spool=(str(folder),)))
        given = dict(self.client.origin.__dict__)
        self.client.origin = type(self.client.origin)(**{**given, "instance_id": BEAT["instance"]["id"]})
        registry = declaring.Registry()
        cache, pool = BEAT["fixers"]
        where = {"region": {key: value for key, value in cache["params"]["region"].items() if key != "required"}}
        registry.add(self._fixer(cache, clear_cache, where))
        registry.add(self._fixer(pool, recycle, {}))
        self.desk = Desk(self.client, registry, clock=lambda: now)
        self.desk.heard(Accepted(project="7"))

    def _fixer(self, told: dict[str, Any], function: Any, params: Any) -> declaring.Fixer:
        return declaring.declared(
            told["name"],
            function,
            description=told["description"],
            params=params,
            each_instance=told["each_instance"],
            timeout=told["timeout"],
        )

    def ask(self, request: dict[str, Any]) -> tuple[str, Any]:
        """What it does with the request, and what it says."""
        if request["way"] == "carried":
            carried = {**request["headers"], "body": request["body"]}
            answer = {"accepted": 1, "rejected": [], "capabilities": ["fixes"], "project": "7", "fixes": [carried]}
            self.desk.heard(outcome_of(202, None, json.dumps(answer).encode(), 0.0))
            beat: Any = self.desk.for_beat()
            (result,) = beat["fixes"]
            return "refused" if result["state"] == "refused" else "taken", result
        answered = self.desk.push(request["headers"], request["body"].encode())
        told: Any = json.loads(answered.body)
        if answered.status == 401:
            return "refused", told
        return {"proof": "proven", "result": "taken"}[told["type"]], told


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Any]:
    made: list[Service] = []

    def make(request: dict[str, Any]) -> Service:
        made.append(Service(tmp_path, request["key"], request["now"]))
        return made[-1]

    yield make
    for each in made:
        each.client.close(0.0)


@pytest.mark.parametrize("request_", REQUESTS, ids=[each["case"] for each in REQUESTS])
def test_a_golden_request_means_what_it_says(request_: dict[str, Any], services: Any) -> None:
    done, told = services(request_).ask(request_)
    assert done == request_["expect"]
    if request_["way"] == "pushed" and done == "refused":
        assert told == {"error": "refused"}
    else:
        assert problems(told, "fix_proof" if done == "proven" else "fix_result") == []


@pytest.mark.parametrize("request_", GOOD, ids=[each["case"] for each in GOOD])
def test_what_is_good_fits_the_schema(request_: dict[str, Any]) -> None:
    assert problems(json.loads(request_["body"]), "fix_request") == []
    assert problems({**request_["headers"], "body": request_["body"]}, "carried_fix") == []


def test_the_answer_among_the_samples_carries_a_golden_one() -> None:
    answer = json.loads((WIRE / "samples" / "answer-fixes.json").read_text(encoding="utf-8"))
    (carried,) = answer["fixes"]
    assert {**carried} in [{**each["headers"], "body": each["body"]} for each in GOOD if each["way"] == "carried"]


def test_every_field_of_a_request_and_of_what_comes_of_it_is_explained_in_the_prose() -> None:
    prose = (WIRE / "v1.md").read_text(encoding="utf-8")
    named = {
        name for each in ("fix_request", "fix_result", "fix_proof") for name in SCHEMA["$defs"][each]["properties"]
    }
    states = SCHEMA["$defs"]["fix_result"]["properties"]["state"]["enum"]
    assert [name for name in sorted(named | set(states)) if f"`{name}`" not in prose and f'"{name}"' not in prose] == []


def test_what_a_beat_of_the_sdk_says_of_fixers_fits_the_schema_and_is_the_sample(services: Any) -> None:
    told = services(REQUESTS[0]).desk.for_beat()
    assert told["fixers"] == BEAT["fixers"]
    assert problems({"signal_type": "heartbeat", **told}, "heartbeat") == []


def test_both_sides_derive_the_same_secret_from_a_key() -> None:
    for key in (REQUESTS[0]["key"], access.api_key_from(bytes(32))):
        assert signing.secret_of(key) == access.callback_secret_of(key)


def library(key: str) -> Webhook:
    return Webhook("whsec_" + base64.b64encode(access.callback_secret_of(key)).decode())


def at(now: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the library's clock show this."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "Clock":
            return cls.fromtimestamp(now, tz)

    monkeypatch.setattr(webhooks, "datetime", Clock)


def test_what_the_library_of_the_standard_signs_the_sdk_believes() -> None:
    request = REQUESTS[0]
    body, message_id = request["body"], request["headers"][signing.ID]
    moment = datetime.fromtimestamp(request["now"], UTC)
    signature = library(request["key"]).sign(message_id, moment, body)
    assert signature == request["headers"][signing.SIGNATURE]
    headers = {**request["headers"], signing.SIGNATURE: signature}
    assert signing.verify([signing.secret_of(request["key"])], headers, body.encode(), request["now"]) == message_id


@pytest.mark.parametrize("request_", GOOD, ids=[each["case"] for each in GOOD])
def test_the_library_believes_what_the_sdk_signs(
    request_: dict[str, Any], services: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(request_["now"], monkeypatch)
    if request_["way"] == "carried":
        return
    answer = services(request_).desk.push(request_["headers"], request_["body"].encode())
    assert library(request_["key"]).verify(answer.body, dict(answer.signed)) == json.loads(answer.body)
    with pytest.raises(WebhookVerificationError):
        library(request_["key"]).verify(answer.body + b" ", dict(answer.signed))


# The platform's side.


@pytest.mark.parametrize("golden", GOOD, ids=lambda each: each["case"])
def test_the_platform_signs_as_the_golden_requests_are_signed(golden: dict[str, Any]) -> None:
    headers, body = golden["headers"], golden["body"].encode()
    told = platform_signing.signed(
        [access.callback_secret_of(golden["key"])], headers["webhook-id"], int(headers["webhook-timestamp"]), body
    )
    assert told["webhook-signature"] in headers["webhook-signature"].split()
    assert {**told, "webhook-signature": headers["webhook-signature"]} == headers


@pytest.mark.parametrize("instance", [None, BEAT["instance"]["id"]], ids=["pushed", "carried"])
def test_the_platform_writes_a_request_as_the_golden_ones_are_written(instance: str | None) -> None:
    golden = next(each for each in GOOD if each["way"] == ("pushed" if instance is None else "carried"))
    said = json.loads(golden["body"])
    asked = a_fix(request=said["request"], fixer=said["fix"], params=said["params"], incident_id=int(said["incident"]))
    named = ServiceName(int(said["project"]), said["service"], said["environment"])
    deadline = datetime.fromtimestamp(said["deadline"], UTC)
    assert requests.body_of(asked, named, deadline=deadline, off=0.0, instance=instance) == golden["body"]


def test_the_platform_asks_for_a_proof_as_the_golden_challenge_does_and_believes_the_answer(tmp_path: Path) -> None:
    golden = next(each for each in GOOD if each["case"] == "a challenge")
    said = json.loads(golden["body"])
    named = ServiceName(int(said["project"]), said["service"], said["environment"])
    asked = requests.challenge_of(said["request"], named, challenge=said["challenge"], address=said["address"])
    assert asked == golden["body"].encode()
    answer = Service(tmp_path, golden["key"], golden["now"]).desk.push(golden["headers"], asked)
    headers = {name.lower(): value for name, value in answer.headers}
    secrets = [access.callback_secret_of("aiops_another"), access.callback_secret_of(golden["key"])]
    proof = platform_signing.believed(secrets, said["request"], headers, answer.body, golden["now"])
    assert proof is not None
    assert requests.is_proof(proof, asked)
    assert platform_signing.believed(secrets[:1], said["request"], headers, answer.body, golden["now"]) is None
    assert platform_signing.believed(secrets, said["request"], headers, answer.body + b" ", golden["now"]) is None
    assert platform_signing.believed(secrets, said["request"], headers, answer.body, golden["now"] + 301) is None
    assert platform_signing.believed(secrets, "another", headers, answer.body, golden["now"]) is None
    for field in ("challenge", "address", "service", "environment", "project"):
        assert not requests.is_proof({**proof, field: "another"}, asked)


def a_fix(**given: Any) -> Fix:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    usual: dict[str, Any] = {"together": "", "project_id": 7, "service_id": 1, "timeout": 60.0, "watch": 600}
    usual |= {"state": FixState.QUEUED, "state_since": now, "asked_at": now, "asked_by": PLATFORM}
    return Fix(**usual | given)


@pytest.mark.parametrize(
    "route", ["/pay/<int:number>", "/password/reset/<int:number>", "/of/ana@example.com/<int:number>"]
)
def test_what_was_answered_well_is_of_the_place_that_the_event_of_a_failure_there_tells(
    route: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(declaring, "REGISTRY", declaring.Registry())
    aiops_sdk.fixer("mend")(lambda: None)
    app = Flask("shop")

    @app.post(route)
    def pay(number: int) -> str:
        return {1: "paid"}[number]

    with capture_events() as events:
        client = current()
        assert client is not None
        client.config = replace(client.config, spool=(str(tmp_path),))
        fixing.install(client)
        aiops_sdk.init_flask(app)
        for number in (1, 2, 1, 1):
            app.test_client().post(route.replace("<int:number>", str(number)))
        assert client.fixes is not None
        body = {"signal_type": "heartbeat", "service": "shop", **client.fixes.for_beat()}
        event = json.dumps(events[0]).encode()
    assert problems(body, "heartbeat") == []
    opener = Opener(Scrubber())
    failure, beat = (
        opener.open(event, ParcelKind.EXCEPTION),
        opener.open(json.dumps(body).encode(), ParcelKind.HEARTBEAT),
    )
    assert isinstance(failure, Opened)
    assert isinstance(beat, Opened)
    assert isinstance(failure.report, Event)
    assert isinstance(beat.report, Heartbeat)
    now = datetime.now(UTC)
    used = exercise.heard(
        exercise.begun(failure.report, now), "a", replace_struct(beat.report, stats={"uptime": 0}), now
    )
    assert used.place.startswith("POST /")
    assert used.good == 3
