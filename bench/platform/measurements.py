"""What is measured, a function for each group of rows: from a server's name to figures by the key of their row."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import prefilled
from bodies import Mail
from servers import Ours, Server, cpu_of
from trying import Bench, Generator, Tried, drain, load

Figures = dict[str, float]

_CONNECTIONS = 16
#: Requests that are made ready for each second of load; a server that takes more ends the load early, not wrongly.
_A_SECOND = {"long": 6_000, "short": 8_000, "loop": 8_000, "batch": 300, "beat": 9_000}
_A_SECOND_OF_THE_REST = 500
_FIRST, _MORE, _QUIET = 2_500, 5_000, 5.0  # events, events, seconds
_LIVES = (1.0, 4.0)  # seconds of load before a kill
_TIMES = 3


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How long each takes. `rest` is what the others get: they need a minute for what we do in a second."""

    seconds: float
    rest: float
    kills: int
    kills_of_the_rest: int
    quota_seconds: float
    digested: int


FULL = Effort(seconds=15, rest=15, kills=20, kills_of_the_rest=5, quota_seconds=30, digested=20_000)
QUICK = Effort(seconds=4, rest=4, kills=2, kills_of_the_rest=1, quota_seconds=12, digested=5_000)


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A group of rows. `of_all`: whether the others can be measured, too."""

    name: str
    take: Callable[[Bench, str, Effort], Figures]
    of_all: bool = True


def _throughput(form: str) -> Callable[[Bench, str, Effort], Figures]:
    def take(bench: Bench, name: str, effort: Effort) -> Figures:
        with bench.server(name) as (server, mails):
            _warm(server, mails[form])
            events_before, bytes_before = server.stored()
            seconds = effort.seconds if name == "ours" else effort.rest
            if form == "batch":
                seconds /= 5  # enough for as many events as the other forms bring
            tried = load(
                server, mails[form], connections=_CONNECTIONS, seconds=seconds, most=_most(name, form, seconds)
            )
            stored, size = server.stored()
        per_event = (size - bytes_before) / max(stored - events_before, 1)
        return _rates(form, tried) | ({"stored short": per_event} if form == "short" else {})

    return take


def _rates(form: str, tried: Tried) -> Figures:
    found = tried.found
    return {
        f"accepted {form}": tried.accepted / found.seconds,
        f"digested {form}": tried.digested / tried.seconds,
        f"cpu {form}": tried.cpu / max(tried.digested, 1) * 1000,
        f"load {form}": found.cpu / max(sum(found.statuses.values()), 1) * 1e6,
        f"memory {form}": tried.memory,
    }


def _stored(bench: Bench, name: str, effort: Effort) -> Figures:
    """A server may learn from the first events to keep the later ones shorter, so these are told by themselves."""
    found, share = {}, 1 if name == "ours" else 10
    with bench.server(name) as (server, mails):
        for key, many in (("stored first", _FIRST), ("stored long", _MORE)):
            events_before, bytes_before = server.stored()
            load(server, mails["long"], connections=_CONNECTIONS, seconds=300, most=many // share)
            events, size = server.stored()
            found[key] = (size - bytes_before) / (events - events_before)
            time.sleep(_QUIET)
    return found


def _latency(bench: Bench, name: str, effort: Effort) -> Figures:
    seconds = effort.seconds if name == "ours" else effort.rest
    with bench.server(name) as (server, mails):
        _warm(server, mails["long"])
        tried = load(
            server, mails["long"], connections=64, seconds=seconds, most=int(100 * seconds), rate=100.0, drained=False
        )
    return {"p50": tried.found.percentile(0.50) * 1000, "p99": tried.found.percentile(0.99) * 1000}


def _beats(bench: Bench, name: str, effort: Effort) -> Figures:
    with bench.server(name) as (server, mails):
        _warm(server, mails["long"])
        # Each of the thousand has been heard once: what is measured is a fleet that goes on beating.
        load(server, mails["beat"], connections=_CONNECTIONS, seconds=60, most=1_000)
        tried = load(
            server, mails["beat"], connections=_CONNECTIONS, seconds=effort.seconds,
            most=_most(name, "beat", effort.seconds),
        )  # fmt: skip
    return {
        "beats accepted": tried.accepted / tried.found.seconds,
        "beats": tried.accepted / tried.seconds,
        "cpu beat": tried.cpu / tried.accepted * 1000,
    }


def _kills(bench: Bench, name: str, effort: Effort) -> Figures:
    """Killed at a random moment under load, and started again on what is left; counted at the end of all rounds."""
    chance = random.Random()  # noqa: S311 (no secret)
    acknowledged: set[str] = set()
    rounds = effort.kills if name == "ours" else effort.kills_of_the_rest
    with bench.server(name) as (server, mails), TemporaryDirectory() as folder:
        ids = Path(folder) / "ids"
        for _ in range(rounds):
            generator = Generator(
                server, mails["long"], connections=_CONNECTIONS, seconds=_LIVES[1] + 5,
                most=_most(name, "long", _LIVES[1]), ids=str(ids),
            )  # fmt: skip
            generator.go()
            time.sleep(chance.uniform(*_LIVES))
            server.kill()
            generator.found()
            acknowledged |= set(ids.read_text().split())
            server.start()
        drain(server)
        counted = Counter(server.counted_ids())
    return {
        "kill rounds": float(rounds),
        "kill acknowledged": float(len(acknowledged)),
        "kill lost": float(len(acknowledged - set(counted))),
        "kill twice": float(sum(times - 1 for times in counted.values())),
    }


def _quota(bench: Bench, name: str, effort: Effort) -> Figures:
    """One loop, as fast as it can, against the quotas that are set when nobody sets any."""
    seconds = effort.quota_seconds
    with bench.server(name, limited=True) as (server, mails):
        tried = load(
            server, mails["loop"], connections=_CONNECTIONS, seconds=seconds, most=_most(name, "loop", seconds)
        )
    refused = sum(times for status, times in tried.found.statuses.items() if status in ("429", "503"))
    return {
        "quota accepted": float(tried.accepted),
        "quota refused": float(refused),
        "quota dropped": float(tried.accepted - tried.digested),
    }


def growth_to(many: int) -> Measurement:
    """What digesting costs over so many stored events, against ten thousand."""

    def take(bench: Bench, name: str, effort: Effort) -> Figures:
        with bench.server(name) as (server, mails):
            assert isinstance(server, Ours)
            load(server, mails["batch"], connections=4, seconds=120, most=100)
            few = _cost(server, mails["batch"], effort)
            server.stop()
            stored = prefilled.fill(server.data / "store.db", many)
            server.start()
            load(server, mails["batch"], connections=4, seconds=120, most=100)
            full = _cost(server, mails["batch"], effort)
        return {
            "growth stored": float(stored),
            "growth cpu": full.cpu / few.cpu,
            "growth seconds": full.seconds / few.seconds,
            "growth few": few.cpu * 1000,
            "growth many": full.cpu * 1000,
        }

    return Measurement(name="growth", take=take, of_all=False)


@dataclass(frozen=True)
class _Cost:
    cpu: float
    seconds: float


def _cost(server: Ours, mail: Mail, effort: Effort) -> _Cost:
    """Of the worker, for each event; the medians of some times."""
    tried = [_cost_once(server, mail, effort) for _ in range(_TIMES)]
    return _Cost(median(each.cpu for each in tried), median(each.seconds for each in tried))


def _cost_once(server: Ours, mail: Mail, effort: Effort) -> _Cost:
    before = cpu_of([server.worker()])
    tried = load(server, mail, connections=4, seconds=120, most=effort.digested // mail.events)
    return _Cost((cpu_of([server.worker()]) - before) / tried.digested, tried.seconds / tried.digested)


def _warm(server: Server, mail: Mail) -> None:
    """What only the first requests cost is not what is measured."""
    load(server, mail, connections=_CONNECTIONS, seconds=20, most=20)


def _most(name: str, form: str, seconds: float) -> int:
    return int(seconds * (_A_SECOND[form] if name == "ours" else _A_SECOND_OF_THE_REST))


MEASUREMENTS = [
    Measurement(name="short", take=_throughput("short")),
    Measurement(name="long", take=_throughput("long")),
    Measurement(name="batch", take=_throughput("batch"), of_all=False),
    Measurement(name="stored", take=_stored),
    Measurement(name="latency", take=_latency),
    Measurement(name="beats", take=_beats, of_all=False),
    Measurement(name="kills", take=_kills),
    Measurement(name="quota", take=_quota),
]
