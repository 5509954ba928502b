"""Whole stores for the eye: a young one, a busy one, one that is all too much, and one that means harm."""

import json
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from seeds import Seeds
from sqlalchemy import update

from aiops_platform.core.facts import FactKind
from aiops_platform.core.incident import IncidentKind, IncidentState
from aiops_platform.core.monitor import MonitorState
from aiops_platform.core.people import Role
from aiops_platform.core.scrubbing.rules import RuleKind
from aiops_platform.ports import Access, People
from aiops_platform.storage import schema
from aiops_platform.storage.transactions import SqlStore

SAMPLES = Path(__file__).parents[2] / "wire" / "samples"

# In every field of a hostile event. What it would run sets a mark on the window that a test looks for.
HARM = (
    '"><img src=x onerror="window.harmed=1"><script>window.harmed=1</script>{{ 7*7 }}{% raw %}${7*7}\'--'
    "</textarea></title><hx-partial hx-target='body'>harm</hx-partial><a href=\"javascript:window.harmed=1\">x</a>"
    "<svg onload=window.harmed=1> \u202eesrever\u202c \x00\x1b[31m \ufeff"
)
LONG = "Ünïcödé 🧨 עברית العربية 中文 <b>&amp;</b> " * 3000


def a_sample(name: str) -> dict[str, Any]:
    """A golden body."""
    body: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text())
    return body


def minutes(number: float) -> timedelta:
    """A span."""
    return timedelta(minutes=number)


def hours(number: float) -> timedelta:
    """A span."""
    return timedelta(hours=number)


def plant_services(seeds: Seeds, project: int) -> dict[str, int]:
    """Six services that live in six ways."""
    alive, late, silent, stopped = MonitorState.ALIVE, MonitorState.LATE, MonitorState.SILENT, MonitorState.STOPPED
    sdk = {"sdk": {"name": "aiops-sdk", "version": "0.2.0"}, "instance": {"host": "shop-1", "pid": 4711}}
    old = {"host": "batch-3"}
    lives: list[tuple[str, str, list[tuple[MonitorState, timedelta]] | None, dict[str, Any], str | None, timedelta]] = [
        (
            "shop",
            "production",
            [(alive, hours(190)), (silent, hours(11.4)), (alive, hours(10.6))],
            sdk,
            "https://shop.example",
            timedelta(seconds=12),
        ),
        (
            "shop",
            "staging",
            [(alive, hours(60)), (stopped, hours(16)), (alive, hours(5))],
            sdk,
            "https://staging.shop.example:8443",
            timedelta(seconds=4),
        ),
        (
            "payments",
            "production",
            [(alive, hours(300)), (late, minutes(0.2))],
            sdk,
            "http://10.4.0.12:8000",
            timedelta(seconds=72),
        ),
        (
            "mailer",
            "production",
            [(alive, hours(300)), (late, minutes(52)), (silent, minutes(51.5))],
            old,
            None,
            minutes(53),
        ),
        ("nightly-import", "production", [(alive, hours(8)), (stopped, hours(6.2))], sdk, None, hours(6.2)),
        ("legacy-crm", "production", None, {}, None, minutes(0)),
    ]
    ids = {}
    for name, environment, states, beat, url, ago in lives:
        ids[f"{name}/{environment}"] = seeds.service(project, name, environment, last_event_at=seeds.now - minutes(7))
        if states:
            seeds.monitor(ids[f"{name}/{environment}"], states, last_beat=beat, base_url=url, beat_ago=ago)
    return ids


def trend(seed: int, *, peak: int, since: int = 336, share: float = 0.5) -> dict[int, int]:
    """Events by hours ago, lively but always the same."""
    dice = random.Random(seed)
    return {ago: dice.randint(1, peak) for ago in range(since) if dice.random() < share} | {0: max(1, peak // 2)}


def plant_busy(seeds: Seeds, project: int) -> dict[str, int]:
    """A week in the life of a shop. Returns the ids of telling incidents by name."""
    at = plant_services(seeds, project)
    shop, staging, payments = at["shop/production"], at["shop/staging"], at["payments/production"]
    ids = {}
    everything = an_event_with_everything()
    ids["everything"] = seeds.incident(
        project, shop, type="OrderFailed", message="order 7 was not taken", place="take_order (orders.py)",
        hours=trend(1, peak=40), first_seen=timedelta(days=12), last_seen=minutes(0.4), path="/orders/<int:number>",
        release="2026.11.3", status_code=500, reopened=hours(5), logger="shop.orders",
        parts={"rule": "exception", "type": "OrderFailed", "frames": ["orders.take_order", "orders.reserve"], "message": "order <n> was not taken"},
        facts=[(FactKind.INCIDENT_OPENED, timedelta(days=12)), (FactKind.INCIDENT_RESOLVED, timedelta(days=3)), (FactKind.INCIDENT_REOPENED, hours(5))],
    )  # fmt: skip
    for ago in (900, 300, 12):
        seeds.event(ids["everything"], everything, ago=minutes(ago))
    seeds.event(ids["everything"], everything, ago=minutes(0.4))
    ids["silence"] = seeds.incident(
        project, at["mailer/production"], kind=IncidentKind.SILENCE, type="ServiceSilent",
        message=f"mailer has sent no heartbeat since {seeds.now - minutes(53):%Y-%m-%d %H:%M:%S} UTC", place="heartbeat", level="critical",
        first_seen=minutes(51.5), last_seen=minutes(51.5),
    )  # fmt: skip
    ids["group"] = seeds.incident(
        project, payments, type="ExceptionGroup", message="two steps of the order failed (2 sub-exceptions)",
        place="settle (orders.py)", level="critical", hours=trend(2, peak=9, since=30), first_seen=hours(30), last_seen=minutes(2),
    )  # fmt: skip
    seeds.event(ids["group"], a_sample("exception-group"), ago=minutes(2))
    ids["old"] = seeds.incident(
        project, at["legacy-crm/production"], type="ZeroDivisionError", message="division by zero", place="price_of (shop.py)",
        hours=trend(3, peak=3, since=80, share=0.2), first_seen=hours(80), last_seen=minutes(9),
    )  # fmt: skip
    seeds.event(ids["old"], a_sample("old-exception-flask"), ago=minutes(9))
    ids["http"] = seeds.incident(
        project, shop, kind=IncidentKind.HTTP_ERROR, type="AttributeError", message="'NoneType' object has no attribute 'total'",
        place="GET /orders/<int:number>", status_code=500, path="/orders/<int:number>", hours=trend(4, peak=300, share=0.9),
        first_seen=timedelta(days=14), last_seen=minutes(1),
    )  # fmt: skip
    seeds.event(ids["http"], a_sample("http-error"), ago=minutes(1))
    ids["log"] = seeds.incident(
        project, shop, kind=IncidentKind.LOG_ERROR, type="ERROR", message="stock of apple is below 5", place="shop.stock",
        logger="shop.stock", hours=trend(5, peak=4, share=0.15), first_seen=timedelta(days=14), last_seen=hours(2),
    )  # fmt: skip
    seeds.event(ids["log"], a_sample("log-error"), ago=hours(2))
    for type_, message, place, service, level, ago, seed in (
        ("TimeoutError", "The read operation timed out", "fetch_rates (rates.py)", shop, "error", 34, 6),
        ("IntegrityError", "UNIQUE constraint failed: baskets.token", "save (baskets.py)", shop, "error", 66, 7),
        ("PermissionError", "[Errno 13] Permission denied: '/var/spool/invoices'", "write_invoice (invoices.py)", staging, "error", 95, 8),
        ("DeprecatedPlanWarning", "plan ‘starter-2019’ is no longer sold", "shop.plans", shop, "warning", 200, 9),
        ("ConnectionError", "redis:6379 refused the connection", "publish (bus.py)", payments, "error", 1400, 10),
        ("RecursionError", "maximum recursion depth exceeded while calling a Python object", "walk (tree.py)", shop, "error", 2100, 11),
    ):  # fmt: skip
        incident = seeds.incident(
            project, service, type=type_, message=message, place=place, level=level, last_seen=minutes(ago),
            first_seen=timedelta(days=14), hours=trend(seed, peak=seed, share=0.25),
        )  # fmt: skip
        seeds.event(incident, {"signal_type": "exception", "error_type": type_, "message": message}, ago=minutes(ago))
    for number in range(4):
        seeds.incident(
            project,
            shop,
            type="ValueError",
            message=f"bad coupon: '{number}XA'",
            state=IncidentState.RESOLVED,
            last_seen=hours(20 + number),
        )
    seeds.incident(
        project,
        shop,
        type="BrokenPipeError",
        message="[Errno 32] Broken pipe",
        state=IncidentState.MUTED,
        last_seen=hours(3),
    )
    return ids


def plant_quiet(seeds: Seeds, project: int) -> int:
    """All is well: services live, and what went wrong was mended. Returns an incident that was."""
    shop = seeds.service(project, "shop", "production", last_event_at=seeds.now - hours(30))
    seeds.monitor(shop, [(MonitorState.ALIVE, hours(300))], base_url="https://shop.example")
    incident = seeds.incident(
        project,
        shop,
        state=IncidentState.RESOLVED,
        type="OrderFailed",
        message="order 7 was not taken",
        place="take_order (orders.py)",
        last_seen=hours(30),
        first_seen=hours(31),
        hours={30: 3, 31: 1},
        facts=[(FactKind.INCIDENT_OPENED, hours(31)), (FactKind.INCIDENT_RESOLVED, hours(30))],
    )
    seeds.event(incident, a_sample("event-everything") | {"message": "order 7 was not taken"}, ago=hours(30))
    return incident


def plant_many(seeds: Seeds, project: int) -> None:
    """A hundred services in every state, and more names than a list offers."""
    states = (
        MonitorState.ALIVE,
        MonitorState.STOPPED,
        MonitorState.LATE,
        MonitorState.SILENT,
        MonitorState.ALIVE,
        None,
    )
    for number in range(110):
        service = seeds.service(project, f"worker-{number:03}", f"region-{number % 7}", last_event_at=seeds.now)
        state = states[number % 6]
        if state is not None:
            beat_ago = (
                timedelta(seconds=12) if state is MonitorState.ALIVE else hours(number / 10) + timedelta(seconds=90)
            )
            seeds.monitor(
                service, [(MonitorState.ALIVE, hours(20 + number)), (state, hours(number / 10))], beat_ago=beat_ago
            )
            for each in range(12):
                seeds.instance(service, f"{number}-{each}", stats={"captured": 7, "delivered": 7, "memory": 84_000_000})
        if number % 3 == 0:
            seeds.incident(project, service, type=f"Error{number}", last_seen=minutes(number))


def spoil(seeds: Seeds, project: int) -> int:
    """An incident whose page cannot be made: what is kept of it is no incident. Returns it."""
    incident = seeds.incident(project, seeds.service(project))
    with seeds.database.begin() as connection:
        connection.execute(update(schema.incidents).where(schema.incidents.c.id == incident).values(kind="spoilt"))
    return incident


def in_a_framework(exceptions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same exceptions, with the calls of a web framework around the reported one."""
    packages = "/srv/shop/.venv/lib/python3.11/site-packages"
    library = [
        {"file": f"{packages}/flask/app.py", "function": "wsgi_app", "module": "flask.app", "line": 1511, "in_app": False},
        {"file": f"{packages}/flask/app.py", "function": "full_dispatch_request", "module": "flask.app", "line": 917, "in_app": False},
        {"file": f"{packages}/flask/app.py", "function": "dispatch_request", "module": "flask.app", "line": 902, "in_app": False},
    ]  # fmt: skip
    first, *others = exceptions
    return [first | {"frames": [*library, *first["frames"]]}, *others]


def plant_too_much(seeds: Seeds, project: int) -> int:
    """Names, numbers, texts and traces far beyond reason. Returns the incident that has it all."""
    service = seeds.service(
        project, "a-service-with-a-very-long-name-" * 6, "an-environment-" * 13, last_event_at=seeds.now
    )
    flapping = [
        state
        for number in range(300, 0, -1)
        for state in ((MonitorState.ALIVE, minutes(number * 4)), (MonitorState.SILENT, minutes(number * 4 - 2)))
    ]
    seeds.monitor(
        service,
        flapping,
        last_beat={"sdk": {"name": LONG, "version": LONG}, "host": LONG},
        base_url="https://" + "x" * 1900,
        beat_ago=minutes(3.5),
    )
    frames = [
        {
            "file": f"/srv/app/{'deep/' * 30}module_{number}.py", "function": f"function_{number}_" + "x" * 80,
            "module": f"app.module_{number}", "line": 100000 + number, "in_app": number % 3 == 0,
            "source": {"before": [LONG[:400]] * 5, "line": LONG[:4000], "after": ["    pass"] * 5},
            # What has all of it is enough: a hundred times as much takes seconds, and a page shows no more of it.
            "locals": {f"local_{each}": LONG[:1000] for each in range(40 if number % 50 in (0, 49) else 2)},
        }
        for number in range(500)
    ]  # fmt: skip
    frames += [{"file": "/srv/app/loop.py", "function": "again", "line": 4, "in_app": True}] * 900
    body = {
        "signal_type": "exception", "error_type": "E" * 5000, "message": LONG, "stack_trace": LONG,
        "exceptions": [{"type": "E" * 5000, "module": "m" * 500, "value": LONG, "frames": frames, "notes": [LONG] * 20}]
        + [{"type": f"Cause{number}", "value": LONG[:3000], "frames": frames[:3], "parent": number, "relation": "cause"} for number in range(60)],
        "request": {"method": "POST", "url": "https://shop.example/" + "u" * 9000, "query": "q" * 9000, "headers": {f"X-{n}-{'h' * 300}": "v" * 3000 for n in range(200)}, "body": {"text": LONG}},
        "user": {"id": "7" * 900, "name": LONG}, "tags": {f"tag {n} {'t' * 300}": "v" * 900 for n in range(300)},
        "contexts": {f"context {n}": {f"key {m}": "v" * 900 for m in range(100)} for n in range(50)},
        "breadcrumbs": [{"at": "2026-11-22T03:14:06Z", "category": "log" * 50, "level": "info", "message": LONG[:3000], "data": {"d": "x" * 3000}}] * 300,
        "fingerprint": ["f" * 900] * 50, "remarks": ["a remark " * 50] * 40,
    }  # fmt: skip
    incident = seeds.incident(
        project, service, type="E" * 200, message=LONG, place="p" * 400, hours={ago: 10**9 + ago for ago in range(336)},
        count=4_321_987_654_321, path="/" + "p" * 3000, logger="l" * 200, release="r" * 200, status_code=500,
        parts={f"part {n}": [LONG[:900]] * 40 for n in range(20)},
        facts=[(FactKind.INCIDENT_REOPENED, hours(n)) for n in range(80)],
    )  # fmt: skip
    seeds.event(incident, body)
    counts = {f"/{n}" + LONG[:150]: 10**12 + n for n in range(20)}
    stats = {
        "captured": 10**14,
        "last_error": LONG[:500],
        "dropped": counts,
        "answers": {str(n): counts for n in range(20)},
    }
    for number in range(40):
        seeds.instance(service, f"{number}", host=LONG[:200], stats=stats, lost_ago=minutes(1))
        runs = [
            {"state": "failed", "ago": hours(n), "duration": 10.0**n, "host": LONG[:200], "release": LONG[:200]}
            for n in range(8)
        ]
        seeds.job(service, f"{number}" + LONG[:190], runs * 13, schedule={LONG[:900]: LONG[:2000]})
    for number in range(60):
        seeds.incident(
            project,
            service,
            type="LongNamedError" * 12,
            message=LONG[number:9000],
            place="place" * 80,
            hours={ago: number * ago for ago in range(24)},
        )
    return incident


def plant_harm(seeds: Seeds, project: int) -> int:
    """The same hostile text in every field there is. Returns the incident."""
    service = seeds.service(project, HARM[:190], HARM[:190])
    seeds.monitor(
        service,
        [(MonitorState.SILENT, hours(1))],
        last_beat={"sdk": {"name": HARM, "version": HARM}, "host": HARM},
        base_url="javascript:window.harmed=1//" + HARM,
    )
    incident = seeds.incident(
        project, service, type=HARM[:190], message=HARM, place=HARM[:390], level=HARM[:20], path=HARM, logger=HARM[:190], release=HARM[:190],
        parts={HARM: HARM, "list": [HARM, {HARM: HARM}], "number": 7},
    )  # fmt: skip
    seeds.fact(project, FactKind.INCIDENT_REOPENED, seeds.now, incident_id=incident, why=HARM)
    frame = {
        "file": HARM,
        "function": HARM,
        "module": HARM,
        "line": 7,
        "in_app": True,
        "source": {"before": [HARM], "line": HARM, "after": [HARM]},
        "locals": {HARM: HARM},
    }
    body = {
        "signal_type": "exception", "error_type": HARM, "message": HARM, "stack_trace": HARM, "service": HARM, "environment": HARM,
        "host": HARM, "source": HARM, "release": HARM, "route": HARM, "logger": HARM, "template": HARM, "request_path": HARM,
        "exceptions": [{"type": HARM, "module": HARM, "value": HARM, "notes": [HARM], "frames": [frame, frame | {"in_app": False}]}],
        "request": {"method": HARM, "url": "javascript:window.harmed=1//" + HARM, "query": HARM, "headers": {HARM: HARM}, "body": HARM, "remote_addr": HARM},
        "user": {"id": HARM, "email": HARM, "name": HARM, "ip_address": HARM}, "tags": {HARM: HARM}, "contexts": {HARM: {HARM: HARM}},
        "breadcrumbs": [{"at": HARM, "category": HARM, "level": HARM, "message": HARM, "data": {HARM: HARM}}],
        "fingerprint": [HARM], "also_seen_by": [HARM], "sdk": {"name": HARM, "version": HARM}, "remarks": [HARM],
        "instance": {"id": HARM, "host": HARM, "pid": 7},
    }  # fmt: skip
    seeds.event(incident, body)
    seeds.instance(
        service, HARM[:190], host=HARM[:190],
        stats={"captured": 1, "last_error": HARM, "dropped": {HARM: 3}, "answers": {HARM: {HARM: 3}}}, lost_ago=minutes(1),
    )  # fmt: skip
    runs = [{"state": "failed", "ago": hours(1), "duration": 3.0, "host": HARM[:190], "release": HARM[:190]}]
    seeds.job(service, HARM[:190], runs, schedule={HARM: HARM})
    return incident


def plant_jobs(seeds: Seeds, project: int) -> dict[str, int]:
    """Jobs that live in every way there is. Returns their ids by name."""
    shop = seeds.service(project, "shop", "production", last_event_at=seeds.now - minutes(7))
    billing = seeds.service(project, "billing", "production", last_event_at=seeds.now - minutes(7))
    incident = seeds.incident(
        project, billing, type="TimeoutError", message="the bank did not answer", last_seen=hours(5)
    )
    failure = seeds.event(incident, {"signal_type": "exception", "error_type": "TimeoutError"}, ago=hours(5))
    dice = random.Random(7)

    def runs(many: int, each: timedelta, seconds: float, states: str = "") -> list[dict[str, Any]]:
        """So many runs, the newest first; of the newest ones the states by their first letters, all others succeeded."""
        told = {"s": "succeeded", "f": "failed", "r": "started"}
        return [
            {
                "state": told[states[number : number + 1] or "s"],
                "ago": each * (number + 0.4),
                "duration": seconds * dice.uniform(0.6, 1.4),
            }
            for number in range(many)
        ]

    ids = {
        "nightly-import": seeds.job(
            shop,
            "nightly-import",
            runs(100, hours(24), 240),
            schedule={"cron": "0 3 * * *", "timezone": "Europe/Berlin"},
        ),
        "settle-accounts": seeds.job(
            billing, "settle-accounts", runs(31, hours(12), 1800, "fsfsss"), schedule={"cron": "30 */12 * * *"}
        ),
        "send-reminders": seeds.job(shop, "send-reminders", runs(64, minutes(15), 4.2, "rs"), schedule={"every": 900}),
        "warm-cache": seeds.job(shop, "warm-cache", runs(40, minutes(5), 0.35, "ssrsss")),
        "reindex": seeds.job(billing, "reindex", runs(6, hours(160), 9000, "rfsr")),
        "first-time": seeds.job(billing, "first-time", runs(1, hours(0.2), 60, "r")),
    }
    seeds.explain(ids["settle-accounts"], failure)
    return ids


def plant_judged_jobs(seeds: Seeds, project: int) -> dict[str, int]:
    """Jobs of which something is expected, by name."""
    service = seeds.service(project, "batch", "production", last_event_at=seeds.now - minutes(7))

    def runs(many: int, each: timedelta, seconds: float, *states: str) -> list[dict[str, Any]]:
        told = [*states, *["succeeded"] * many]
        return [
            {"state": told[number], "ago": each * (number + 0.4), "duration": seconds + number % 7}
            for number in range(many)
        ]

    hourly = {"cron": "30 * * * *", "timezone": "America/New_York"}
    printed = runs(3, hours(1), 40, "failed")
    printed[0] |= {"exit_status": 3, "output": "copying /var/lib/shop …\n<b>disk full</b> & nothing to do\n" * 300}
    return {
        "backup": seeds.job(
            service, "backup", printed, settings={**hourly, "max_run": 60, "min_run": 5, "in_a_row": 2},
            state="wrong", trouble="failed", state_since=seeds.now - hours(1), expected_at=seeds.now + minutes(12),
        ),
        "late": seeds.job(
            service, "late", runs(20, hours(1), 40), schedule=hourly, state="late",
            state_since=seeds.now - minutes(3), expected_at=seeds.now - minutes(3),
        ),
        "missed": seeds.job(
            service, "missed", [], settings={"on_calendar": "Mon..Fri *-*-* 02:00\n*-*~1 06:00", "good_runs": 3},
            state="wrong", trouble="missed", state_since=seeds.now - hours(7), expected_at=seeds.now + hours(20),
        ),
        "on-time": seeds.job(
            service, "on-time", runs(100, minutes(5), 12.5), schedule={"every": 300, "max_run": 30}, state="on_time",
            state_since=seeds.now - hours(90), expected_at=seeds.now + minutes(2),
        ),
        "paused": seeds.job(service, "paused", runs(4, hours(2), 9), schedule=hourly, paused_at=seeds.now - hours(2)),
        "misspelt": seeds.job(service, "a-job-with-a-name-that-goes-on-" * 6, runs(2, hours(2), 9), schedule={"cron": "at night"}),
    }  # fmt: skip


def plant_processes(seeds: Seeds, project: int) -> None:
    """Services whose processes tell of their events: all is well, nothing gets through, some was lost."""
    fine = {
        "captured": 41_200,
        "delivered": 41_198,
        "queued": 2,
        "spooled": 0,
        "uptime": 93_412.5,
        "memory": 131_072_000,
    }
    answers = {"404": {"/orders/<int:id>": 311, "(none)": 1204, "/favicon.png": 3}, "429": {"/login": 17}}
    for name, stats, stuck, lost in (
        ("web", fine | {"answers": answers}, None, None),
        ("till", fine | {"queued": 12, "spooled": 380, "last_error": "503: the platform cannot store reports now"}, minutes(22), None),
        ("mailer", fine | {"dropped": {"queue_full": 812, "before_send": 40}, "last_error": "no answer within 10 s"}, None, minutes(3)),
        ("old", {}, None, None),
    ):  # fmt: skip
        service = seeds.service(project, name, "production", last_event_at=seeds.now - minutes(7))
        seeds.monitor(
            service, [(MonitorState.ALIVE, hours(90))], base_url=f"https://{name}.example", beat_ago=minutes(0.2)
        )
        for number in range(1 if name == "old" else 3):
            is_bad = number == 0
            plain = {key: value for key, value in fine.items() if stats}
            seeds.instance(
                service, f"{name}-{number}", pid=4700 + number, stats=stats if is_bad else plain,
                stuck=stuck if is_bad else None, lost_ago=lost if is_bad else None, closing=number == 2,
            )  # fmt: skip


def an_event_with_everything() -> dict[str, Any]:
    """All that our SDK can say of one failure."""
    body = a_sample("event-everything") | {"message": "order 7 was not taken"}
    body["exceptions"] = in_a_framework(body["exceptions"])
    body["contexts"] |= {
        "task": {"kind": "celery", "name": "shop.tasks.take_order", "id": "6f0c1d0e-5d6c-4c1b", "retries": 2, "queue": "orders"},
        "cart": {"items": 3, "total": "71.20", "coupon": None},
        "packages": {"sqlalchemy": "2.0.43 → 2.0.44", "stripe": "added: 12.1"},
    }  # fmt: skip
    body["request"] = body["request"] | {
        "body": {"order": 7, "items": [{"sku": "apple", "many": 3}], "card": "[hidden]"}
    }
    body["tags"] = {"tenant": "acme", "region": "eu-1", "order_id": "7"}
    body["breadcrumbs"] = [
        {"at": "2026-11-22T03:14:05.100000Z", "category": "http", "level": "info", "message": "GET https://bank.example/rates 200", "data": {"ms": 84}},
        {"at": "2026-11-22T03:14:05.931000Z", "category": "sql", "level": "debug", "message": "SELECT * FROM stock WHERE sku = ?", "data": {"ms": 1.4, "rows": 1}},
        {"at": "2026-11-22T03:14:06.020000Z", "category": "shop.stock", "level": "warning", "message": "stock of apple is below 5"},
        {"at": "2026-11-22T03:14:06.700000Z", "category": "bank", "level": "error", "message": "the card was declined: try another\nor pay later"},
        {"message": "the customer pressed “Buy”"},
    ]  # fmt: skip
    return body


def plant_buried(seeds: Seeds, project: int) -> None:
    """Reports that could not be digested, as many as fill two pages."""
    for _ in range(17):
        seeds.buried(project, "it could not be digested: ZeroDivisionError: division by zero", b'{"signal_type": "x"}')
        seeds.buried(project, "line 7 of a batch: the body is not JSON: " + "Expecting value, and so on, " * 12)
    seeds.buried(project, "<script>alert('the reason')</script>" + "wide" * 100, b"\x1b[31m" + b"\xff" * 2_000)


#: Rules for grouping as a team writes them over the years: some fit, some do not, some are long.
RULES = "\n".join(
    [
        "# what the shop calls",
        'message:"*could not connect*" !environment:staging -> db {{ tag.shard }}',
        "type:*Error service:shop -> {{ default }} {{ release }}",
        "type:*Wide* message:" + "wide" * 40 + "* -> wide",
        *(f"logger:shop.part{number}.* level:error -> part {number}" for number in range(30)),
    ]
)
WRONG_RULES = "typ:Error -> e\nnonsense\n" + RULES


def plant_people(people: People, project: int, now: datetime) -> str:
    """A team with names of every length, some invitations, and more than one project. Returns the path of an invitation."""
    days = timedelta(days=1)
    for age, name, role in (
        (90, "Ana Lee", Role.ADMIN),
        (60, "Bo", Role.MEMBER),
        (40, "מיכל " * 12, Role.VIEWER),
        (9, "Wolfeschlegelsteinhausenbergerdorff-" * 2, Role.MEMBER),
    ):
        email = f"{name.split()[0].lower()[:30]}@{'very-' * (age // 20)}long.example.com"
        people.add_member(
            project,
            email=email.encode("ascii", "replace").decode().replace("?", "x"),
            name=name,
            role=role,
            now=now - age * days,
        )
    for name in ("Web shop", "Warehouse " * 9, "店"):
        people.add_project(name, None, now)
    people.invite(project, Role.VIEWER, email="cy@example.com", by="Ana Lee", now=now - days)
    link = people.invite(project, Role.MEMBER, email=None, by="Ana Lee", now=now)
    return f"/invited/{link}"


def plant_keys(access: Access, project: int, now: datetime) -> None:
    """Keys and tokens of some months: in use, replaced, revoked, with names of every length."""
    days = timedelta(days=1)
    for age, name in ((90, "shop"), (60, "billing"), (45, "warehouse-" * 19), (2, "setup-20261120-0314-9f3c")):
        access.create_key(project, name, now - age * days)
    access.replace_key(project, "shop", now - 3 * days)
    access.revoke_key(project, "billing", now - 7 * days)
    access.note_keys_used({key.id: now - timedelta(minutes=key.id) for key in access.keys(project)[:3]})
    for name in ("laptop", "grafana"):
        access.create_token(project, name, now - 30 * days)
    access.revoke_token(project, "laptop", now - 1 * days)


def plant_rules(seeds: Seeds, project: int) -> None:
    """Rules for grouping, and more that is secret, beside the incidents of a busy day."""
    plant_busy(seeds, project)
    with SqlStore(seeds.database).begin() as transaction:
        transaction.save_group_rules(project, RULES)
        for word in ("iban", "customer_number", "wide" * 15):
            transaction.add_scrub_rule(project, RuleKind.NAME, word)
        for number in range(12):
            transaction.add_scrub_rule(project, RuleKind.VALUE, f"our secret {number}")
