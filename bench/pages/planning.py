"""Who fails, how and when: twenty services over thirty days, a few loud incidents and very many quiet ones. Pure, by seed."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from typing import Any

Body = dict[str, Any]

SEED = 7
_NAMES = (
    "shop cart checkout payments billing invoices mailer search catalogue stock warehouse shipping returns reviews accounts "
    "sessions gateway reports exports importer"
)
SERVICES = _NAMES.split()
ENVIRONMENTS = ("production", "staging")
SPAN = timedelta(days=29)  # within any retention
_KINDS = (("exception", 14), ("http_error", 3), ("log_error", 3))
_TENANTS = [f"tenant-{number}" for number in range(40)]
_REGIONS = ("eu-1", "eu-2", "us-1")
# The n-th loudest incident has a share of 1 / n to this power.
_STEEPNESS = 0.8
_EACH_HOUR = 3600
PLACE = "~place~"  # stands in a template where each event has words of its own


@dataclass(frozen=True, kw_only=True)
class Plan:
    """An incident to be: `body` is its event as a text with places in it, `times` when it happens, in order."""

    number: int
    service: str
    environment: str
    body: str
    releases: tuple[str, ...]
    state: str
    times: tuple[datetime, ...]

    def event(self, place: int) -> str:
        """The body of one event: who met it, in which release."""
        dice = random.Random(self.number * 1_000_003 + place)  # noqa: S311 (the same each time)
        share = place / max(1, len(self.times))
        words = {
            "release": self.releases[int(share * len(self.releases))],
            "user": str(dice.randrange(400 if self.number % 3 else 20_000)),
            "tenant": dice.choice(_TENANTS),
            "region": dice.choice(_REGIONS),
            "trace": f"{dice.getrandbits(128):032x}",
        }
        text = self.body
        for name, word in words.items():
            text = text.replace(f"{PLACE}{name}", word)
        return text


def plans(kinds: list[Body], *, incidents: int, events: int, now: datetime) -> list[Plan]:
    """The incidents, the loudest first: so many events together, nearly."""
    dice = random.Random(SEED)  # noqa: S311 (the same each time)
    weights = [1 / (rank + 1) ** _STEEPNESS for rank in range(incidents)]
    whole = sum(weights)
    made = []
    for number, weight in enumerate(weights):
        many = max(1, round(events * weight / whole))
        made.append(_plan(number, kinds, many, now, dice))
    return made


def in_order(made: list[Plan]) -> Iterator[tuple[datetime, int, int]]:
    """Every event as it comes: when, of which plan, and the how manieth of it."""
    return merge(*map(_times_of, made))


def _times_of(plan: Plan) -> Iterator[tuple[datetime, int, int]]:
    return ((at, plan.number, place) for place, at in enumerate(plan.times))


def _plan(number: int, kinds: list[Body], many: int, now: datetime, dice: random.Random) -> Plan:
    service = SERVICES[number % len(SERVICES)]
    environment = ENVIRONMENTS[dice.random() < 0.2]
    kind = dice.choices([name for name, _ in _KINDS], [weight for _, weight in _KINDS])[0]
    began = now - SPAN * dice.random()
    lasting = (now - began) * min(1.0, dice.random() * 2)
    # In bursts, as things fail: most of an incident's events come in a few of its hours.
    bursts = [began + lasting * dice.random() for _ in range(1 + many // 40)]
    times = sorted(
        min(now, dice.choice(bursts) + timedelta(seconds=dice.expovariate(2 / _EACH_HOUR))) for _ in range(many)
    )
    month = [f"2026.{10 + day // 15}.{day % 15}" for day in range(30)]
    first = min(29, int((began - (now - SPAN)) / timedelta(days=1)))
    body = {"exception": _exception, "http_error": _http_error, "log_error": _log_error}[kind](
        number, kinds[number % len(kinds)], dice
    )
    return Plan(
        number=number,
        service=service,
        environment=environment,
        body=json.dumps(body | _told(service, environment)),
        releases=tuple(month[first:]) or (month[-1],),
        state=dice.choices(("open", "resolved", "muted"), (30, 64, 6))[0],
        times=tuple(times),
    )


def _told(service: str, environment: str) -> Body:
    return {
        "service": service,
        "environment": environment,
        "release": f"{PLACE}release",
        "user": {"id": f"{PLACE}user", "email": f"user{PLACE}user@example.com"},
        "tags": {"tenant": f"{PLACE}tenant", "region": f"{PLACE}region", "trace_id": f"{PLACE}trace"},
    }


def _exception(number: int, kind: Body, _: random.Random) -> Body:
    """A recorded one, moved to a module of its own: so it is an incident of its own."""
    where = kind["exceptions"][0]["frames"][-1]["module"]
    text = json.dumps(
        {name: value for name, value in kind.items() if name not in ("event_id", "sent_at", "occurred_at")}
    )
    moved: Body = json.loads(text.replace(where, f"{where}_{number}"))
    return moved


def _http_error(number: int, kind: Body, dice: random.Random) -> Body:
    status = dice.choice((500, 502, 503, 504))
    route = f"/{dice.choice(SERVICES)}/{number}/<int:id>"
    request = kind["request"] | {"url": f"https://shop.example.com/{number}/4711"}
    return {
        "signal_type": "http_error", "source": "http", "status_code": status, "route": route, "level": "error",
        "request_path": route.replace("<int:id>", "4711"), "error_type": "HTTPError", "request": request,
        "message": f"{request['method']} {route} returned {status}", "stack_trace": "",
    }  # fmt: skip


def _log_error(number: int, kind: Body, dice: random.Random) -> Body:
    template = f"{dice.choice(SERVICES)} could not reach %s after %s tries (part {chr(97 + number % 26)}{number // 26})"
    return {
        "signal_type": "log_error", "source": "logging", "level": dice.choice(("error", "error", "warning", "critical")),
        "logger": f"{dice.choice(SERVICES)}.part_{number}", "template": template, "message": template % ("10.0.0.7", number % 9),
        "error_type": "ERROR", "stack_trace": "", "breadcrumbs": kind.get("breadcrumbs", []),
    }  # fmt: skip


def endless(service: str) -> Body:
    """An event that has far too much of everything, and is nearly as long as may be: a megabyte."""
    long = "Ünïcödé and a very long explanation that nobody will ever read to its end. " * 1300
    frames = [
        {
            "file": f"/srv/app/{'deep/' * 20}module_{number}.py", "function": f"function_{number}", "line": 1000 + number,
            "module": f"app.module_{number}", "in_app": number % 3 == 0, "locals": {f"local_{each}": long[:70] for each in range(6)},
            "source": {"before": [long[:50]] * 5, "line": long[:80], "after": ["    pass"] * 5},
        }
        for number in range(500)
    ]  # fmt: skip
    return {
        "signal_type": "exception", "service": service, "environment": "production", "error_type": "EndlessError",
        "message": long, "exceptions": [{"type": "EndlessError", "value": long, "frames": frames}],
        "tags": {f"tag {number}": "v" * 190 for number in range(200)},
        "contexts": {f"context {number}": {f"key {each}": "v" * 100 for each in range(10)} for number in range(30)},
        "breadcrumbs": [{"at": "2026-11-22T03:14:06Z", "category": "log", "level": "info", "message": long[:300]}] * 100,
        "request": {"method": "POST", "url": "https://shop.example.com/", "headers": {f"X-{n}": "v" * 200 for n in range(100)}, "body": long[:20000]},
    }  # fmt: skip
