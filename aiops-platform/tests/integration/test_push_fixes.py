"""Fixes that are pushed: once, to an address that was proven, and to nobody else; what is not certain is not repeated."""

import json
import socket
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from ipaddress import ip_address
from typing import Any

import pytest
from infirmary import ANA, RECYCLE, Infirmary
from made import NOW, after
from receiver import Behaviour, Receiver, answering, closing, dripping, in_turn, receiving, silent

from aiops_platform.core.access import callback_secret_of
from aiops_platform.core.fixing import signing
from aiops_platform.core.fixing.fix import FixState, Wanted, Way
from aiops_platform.core.targets import Address, Policy, policy_from
from aiops_platform.pipeline.push_fixes import PushFixes
from aiops_platform.senders.guarded import Guarded
from aiops_platform.senders.service_calls import ServiceCalls
from aiops_platform.storage.access import SqlAccess
from aiops_platform.storage.fix_sending import SqlPushing
from aiops_platform.storage.fix_tables import fix_steps

SERVER_SECRET = b"s" * 32
PRIVATE = policy_from("yes")
SHOP = (1, "shop", "production")

Answered = Callable[[dict[str, Any]], tuple[int, dict[str, Any]]]


class Ward(Infirmary):
    """An infirmary that pushes. Its service listens where its beats say, and reports with a key."""

    def __init__(self, policy: Policy = PRIVATE, *, seconds: float = 5.0, resolve: Any = None) -> None:
        super().__init__()
        self.access = SqlAccess(self.database, server_secret=SERVER_SECRET)
        self.pushing = SqlPushing(self.database, server_secret=SERVER_SECRET)
        self.calls = ServiceCalls(Guarded(policy, agent="test", seconds=seconds, resolve=resolve))
        self.now = NOW
        self.keys: list[str] = []
        self.report_with(self.access.create_key(1, "shop", NOW))

    def report_with(self, key: str) -> None:
        """From now on the service reports with this key, too."""
        self.keys.append(key)
        holder = self.access.holder_of_key(key)
        assert holder is not None
        self.carrying.note_reporting({(*SHOP, holder.id): self.now})

    def open_incident(self, address: str) -> None:
        """Something is to be mended in the service, which says that it is there."""
        self.policy()
        self.beat(base_url=address, fixers=[RECYCLE])
        self.fail(after(seconds=1))
        self.look(after(seconds=2))

    def push(self, at: float = 3) -> None:
        """The station pushes what waits, with as many steps as a challenge and a push take."""
        self.now = after(seconds=at)
        for _ in range(3):
            station = PushFixes(self.pushing, lambda: self.calls, lambda: self.now)
            station.step(self.now)
            station.wait(30)


class Service:
    """The other end: it signs its answers with these keys. `answers` says what it answers to a body, with which status."""

    def __init__(self, *keys: str, answers: Answered | None = None, at: datetime | None = None) -> None:
        self.secrets = [callback_secret_of(key) for key in keys]
        self.answers = answers or self.proves_and_begins
        self.at = at or after(seconds=3)

    @staticmethod
    def proves_and_begins(said: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """As a service does."""
        if said["type"] == "challenge":
            return 200, {**said, "type": "proof", "instance": "a"}
        told = {name: said[name] for name in ("request", "incident", "fix")}
        return 202, {"type": "result", "state": "running", "instance": "a", "began_at": NOW.isoformat(), **told}

    def __call__(self, connection: socket.socket, receiver: Receiver) -> None:
        asked = receiver.requests[-1]
        status, said = self.answers(json.loads(asked.body))
        body = json.dumps(said).encode()
        headers = signing.signed(self.secrets, asked.headers["webhook-id"], int(self.at.timestamp()), body)
        answering(f"{status} OK", body.decode(), **{name.replace("-", "_"): value for name, value in headers.items()})(
            connection, receiver
        )


@pytest.fixture
def ward() -> Iterator[Ward]:
    made = Ward()
    yield made
    made.close()


def types(receiver: Receiver) -> list[str]:
    """What was asked, in a word each."""
    return [json.loads(request.body)["type"] for request in receiver.requests]


def carried(ward: Ward) -> bool:
    """Whether the request goes the other way now."""
    fix = ward.only()
    return fix.way is Way.CARRIED and fix.state is FixState.QUEUED and len(ward.carried(after(seconds=5))) == 1


def test_the_address_is_proven_first_and_the_request_pushed_once(ward: Ward) -> None:
    with receiving(Service(*ward.keys)) as receiver:
        ward.open_incident(receiver.url)
        assert ward.only().way is Way.PUSHED
        ward.push()
        ward.push(at=4)
    assert types(receiver) == ["challenge", "fix"]
    challenge, fix = receiver.requests
    assert fix.line == "POST /_aiops/fix HTTP/1.1"
    assert json.loads(challenge.body)["address"] == receiver.url
    assert "instance" not in json.loads(fix.body)
    assert fix.body.decode() == ward.only().body
    secrets = [callback_secret_of(key) for key in ward.keys]
    assert signing.believed(secrets, fix.headers["webhook-id"], fix.headers, fix.body, ward.now.timestamp())
    assert (ward.only().state, ward.only().instance) == (FixState.RUNNING, "a")
    assert ward.carried(after(seconds=5)) == []


def test_a_proof_holds_for_the_next_fix_but_not_for_another_address_or_key(ward: Ward) -> None:
    with receiving(Service(*ward.keys)) as receiver, receiving(Service(*ward.keys)) as moved:
        ward.open_incident(receiver.url)
        ward.push()
        assert types(receiver) == ["challenge", "fix"]
        (push,) = _pushes(ward, receiver.url)
        assert push.is_proven
        (push,) = _pushes(ward, moved.url)
        assert not push.is_proven
        ward.report_with(ward.access.create_key(1, "new", NOW))
        (push,) = _pushes(ward, receiver.url)
        assert not push.is_proven
        assert len(push.keys) == 2


def _pushes(ward: Ward, address: str) -> Sequence[Any]:
    told = {"type": "result", "request": ward.all()[-1].request, "state": "succeeded"}
    ward.beat(after(seconds=5), base_url=address, fixes=[told])
    ward.desk.stop_all(1, ANA, after(seconds=5))
    ward.desk.allow(1, ANA, after(seconds=5))
    for each in ward.all():
        if not each.is_ended:
            ward.desk.cancel(1, each.id or 0, ANA, after(seconds=5))
    ward.desk.ask(1, 1, Wanted("recycle"), ANA, after(seconds=6))
    ward.look(after(seconds=6))
    return ward.pushing.waiting(after(seconds=6), 10)


def test_both_keys_sign_while_one_replaces_the_other_and_either_is_believed(ward: Ward) -> None:
    old = ward.keys[0]
    ward.report_with(ward.access.create_key(1, "new", NOW))
    with receiving(Service(old)) as receiver:
        ward.open_incident(receiver.url)
        ward.push()
    assert types(receiver) == ["challenge", "fix"]
    assert len(receiver.requests[1].headers["webhook-signature"].split()) == 2


def test_nothing_is_signed_with_the_secret_of_a_revoked_key(ward: Ward) -> None:
    revoked = ward.keys[0]
    ward.report_with(ward.access.create_key(1, "new", NOW))
    ward.access.revoke_key(1, "shop", NOW)
    with receiving(Service(ward.keys[1])) as receiver:
        ward.open_incident(receiver.url)
        ward.push()
    for request in receiver.requests:
        assert len(request.headers["webhook-signature"].split()) == 1
        secrets = [callback_secret_of(revoked)]
        assert (
            signing.believed(secrets, request.headers["webhook-id"], request.headers, request.body, NOW.timestamp())
            is None
        )


def test_without_a_key_in_force_nothing_is_pushed(ward: Ward) -> None:
    ward.access.revoke_key(1, "shop", NOW)
    with receiving(Service(*ward.keys)) as receiver:
        ward.open_incident(receiver.url)
        ward.push()
    assert receiver.requests == []
    assert carried(ward)


def test_keys_of_another_project_and_service_do_not_sign(ward: Ward) -> None:
    strange = ward.access.create_key(1, "billing", NOW)
    holder = ward.access.holder_of_key(strange)
    assert holder is not None
    ward.carrying.note_reporting({(1, "billing", "production", holder.id): NOW, (2, *SHOP[1:], holder.id): NOW})
    with receiving(Service(*ward.keys)) as receiver:
        ward.open_incident(receiver.url)
        ward.push()
    assert [len(request.headers["webhook-signature"].split()) for request in receiver.requests] == [1, 1]


def forged(said: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """A proof of something else."""
    return 200, {**said, "type": "proof", "challenge": "another"}


def elsewhere(said: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """A proof of another address."""
    return 200, {**said, "type": "proof", "address": "https://shop.example"}


def echoed(said: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """The challenge itself, sent back."""
    return 200, said


@pytest.mark.parametrize(
    "impostor",
    [
        answering(body='{"type":"proof"}'),
        Service("aiops_" + "x" * 43),
        Service("aiops_" + "x" * 43, answers=echoed),
        answering("302 Found", Location="http://127.0.0.1:1/"),
        answering("401 Unauthorized"),
        answering("500 Oops"),
        closing,
    ],
    ids=["unsigned", "another key", "another key's echo", "redirect", "refused", "error", "hangs up"],
)
def test_an_address_that_does_not_prove_itself_is_sent_nothing_else(ward: Ward, impostor: Behaviour) -> None:
    with receiving(impostor) as receiver:
        ward.open_incident(receiver.url)
        ward.push()
    assert types(receiver) == ["challenge"]
    assert carried(ward)
    assert not ward.reads.offered(1, after(seconds=5))[0].pushable


@pytest.mark.parametrize("answers", [forged, elsewhere, echoed])
def test_a_proof_of_something_else_is_none_though_it_is_signed(ward: Ward, answers: Answered) -> None:
    with receiving(Service(*ward.keys, answers=answers)) as receiver:
        ward.open_incident(receiver.url)
        ward.push()
    assert types(receiver) == ["challenge"]
    assert carried(ward)


def test_an_old_proof_is_none(ward: Ward) -> None:
    with receiving(Service(*ward.keys, at=after(seconds=-298))) as receiver:
        ward.open_incident(receiver.url)
        ward.push()
    assert types(receiver) == ["challenge"]


@pytest.mark.parametrize("behaviour", [silent, dripping], ids=["silent", "slow"])
def test_who_does_not_answer_the_challenge_in_time_has_not_proven_itself(behaviour: Behaviour) -> None:
    ward = Ward(seconds=0.3)
    with receiving(behaviour) as receiver:
        ward.open_incident(receiver.url)
        ward.push()
    assert carried(ward)
    ward.close()


@pytest.mark.parametrize(
    ("answer", "state", "way"),
    [
        (answering("401 Unauthorized", '{"error": "refused"}'), FixState.QUEUED, Way.CARRIED),
        (answering("307 Elsewhere", Location="http://127.0.0.1:1/"), FixState.QUEUED, Way.CARRIED),
        (answering("404 Not Found"), FixState.QUEUED, Way.CARRIED),
        (answering("500 Oops"), FixState.SENT, Way.PUSHED),
        (answering("202 Accepted", '{"state": "running"}'), FixState.SENT, Way.PUSHED),
        (answering("200 OK", "x" * 100_000), FixState.SENT, Way.PUSHED),
        (closing, FixState.SENT, Way.PUSHED),
    ],
    ids=["refused", "redirect", "no such path", "error", "unsigned", "oversize", "hangs up"],
)
def test_what_was_certainly_not_done_goes_the_other_way_and_what_may_have_been_does_not(
    ward: Ward, answer: Behaviour, state: FixState, way: Way
) -> None:
    with receiving(in_turn(Service(*ward.keys), answer)) as receiver:
        ward.open_incident(receiver.url)
        request = ward.only().request
        ward.push()
        ward.push(at=4)
    assert types(receiver) == ["challenge", "fix"]
    fix = ward.only()
    assert (fix.state, fix.way, fix.request) == (state, way, request)
    assert bool(ward.carried(after(seconds=5))) is (way is Way.CARRIED)
    if way is Way.CARRIED:
        assert json.loads(ward.only().body or "")["instance"] == "a"


def test_a_push_that_nobody_answered_is_told_by_a_beat_or_its_fate_is_unknown(ward: Ward) -> None:
    with receiving(in_turn(Service(*ward.keys), closing)) as receiver:
        ward.open_incident(receiver.url)
        ward.push()
    ward.look(after(minutes=30))
    assert ward.only().state is FixState.UNKNOWN
    ward.tell(ward.only().request, "succeeded", after(minutes=31))
    assert ward.only().state is FixState.SUCCEEDED


def test_a_worker_that_was_killed_after_it_had_written_that_it_sends_sends_no_more(ward: Ward) -> None:
    with receiving(Service(*ward.keys)) as receiver:
        ward.open_incident(receiver.url)
        ward.push(at=3)
        ward.desk.stop_all(1, ANA, after(seconds=4))
    with receiving(Service(*ward.keys)) as receiver:
        ward.desk.allow(1, ANA, after(seconds=5))
        (waiting,) = _pushes(ward, receiver.url)
        assert ward.pushing.send(waiting.fix.id or 0, after(seconds=6))
        # Here it dies. The next worker finds nothing to push.
        ward.push(at=7)
        assert not ward.pushing.send(waiting.fix.id or 0, after(seconds=8))
    assert "fix" not in types(receiver)


def test_what_was_cancelled_or_stopped_meanwhile_is_not_sent(ward: Ward) -> None:
    ward.open_incident("http://127.0.0.1:1")
    (push,) = ward.pushing.waiting(after(seconds=3), 10)
    ward.desk.cancel(1, push.fix.id or 0, ANA, after(seconds=3))
    assert not ward.pushing.send(push.fix.id or 0, after(seconds=4))


def test_into_private_networks_only_the_setting_lets_a_request() -> None:
    ward = Ward(policy_from("no"))
    with receiving(Service(*ward.keys)) as receiver:
        ward.open_incident(receiver.url)
        ward.push()
    assert receiver.requests == []
    assert carried(ward)
    ward.close()


@pytest.mark.parametrize(
    ("second", "told"),
    [("10.0.0.1", "private network"), ("127.0.0.1", "private network"), ("169.254.169.254", "hands out secrets")],
)
def test_a_name_that_leads_into_a_private_network_at_times_is_never_followed(second: str, told: str) -> None:
    places = iter([[ip_address("93.184.215.14"), ip_address(second)]] * 9)

    def resolve(_host: str, _port: int) -> Sequence[Address]:
        return next(places)

    ward = Ward(policy_from("192.168.0.0/16"), resolve=resolve)
    ward.open_incident("https://shop.example")
    ward.push()
    assert carried(ward)
    (why,) = (data["why"] for step, data in ward.rows(fix_steps, "step", "data") if step == "address_not_proven")
    assert told in why
    ward.close()


def test_a_fixer_of_each_process_is_never_pushed(ward: Ward) -> None:
    ward.policy(fixer="clear", params={"region": "eu"})
    with receiving(Service(*ward.keys)) as receiver:
        ward.beat(base_url=receiver.url)
        ward.fail(after(seconds=1))
        ward.look(after(seconds=2))
        ward.push()
    assert receiver.requests == []
    assert ward.only().way is Way.CARRIED


def test_who_can_connect_to_nobody_carries_instead(ward: Ward) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ward.open_incident(f"http://127.0.0.1:{port}")
    ward.push()
    assert carried(ward)


def test_what_was_pushed_in_vain_is_not_pushed_again_though_nobody_could_carry_it_then(ward: Ward) -> None:
    ward.open_incident("http://127.0.0.1:1")
    number = ward.only().id or 0
    assert ward.pushing.send(number, after(seconds=3))
    # Nobody has beaten for three intervals.
    ward.pushing.not_done(number, "It answered with 404", after(seconds=95))
    assert ward.only().way is None
    ward.beat(after(seconds=96), base_url="http://127.0.0.1:1", fixers=[RECYCLE])
    ward.look(after(seconds=97))
    assert ward.only().way is Way.CARRIED
