"""A store in which alerts fire, for the eye: channels in each state, rules, steps, who is on call, and what was told."""

from datetime import datetime, time, timedelta
from typing import Final

from scenes import HARM, plant_busy
from seeds import Seeds
from sqlalchemy import insert, update

from aiops_platform.core.alerting import links
from aiops_platform.core.alerting.policy import Policy, Step
from aiops_platform.core.alerting.quiet import QuietHours
from aiops_platform.core.alerting.rota import OnCall, Override, Rota
from aiops_platform.core.alerting.rules import Rule, To, When
from aiops_platform.core.alerting.wording import Place
from aiops_platform.core.backoff import Outcome, Refused, Retry, Sent, Standing, judge
from aiops_platform.core.channels import ChannelKind, checked
from aiops_platform.core.maintenance import Window
from aiops_platform.core.messages import Severity
from aiops_platform.core.people import Actor
from aiops_platform.core.targets import PUBLIC_ONLY
from aiops_platform.pipeline.alerting import AlertDesk, Alerting
from aiops_platform.pipeline.triage import Triage
from aiops_platform.storage import schema
from aiops_platform.storage.alert_reads import SqlAlertReads
from aiops_platform.storage.channels import SqlChannels
from aiops_platform.storage.outbox import SqlDeliveries
from aiops_platform.storage.transactions import SqlStore

SECRET: Final = b"s" * 32
LONG: Final = "a-name-that-is-longer-than-anybody-would-have-thought-" * 2
ANA: Final = Actor("user", 1, "Ana Lee")


def plant_alarms(seeds: Seeds, project: int, address: str) -> dict[str, int]:
    """A night with alerts. Returns numbers of telling things by name."""
    plant_busy(seeds, project)
    store, now = SqlStore(seeds.database), seeds.now
    reads, key = SqlAlertReads(seeds.database), links.key_from(SECRET)
    desk, station = AlertDesk(store, reads, key), Alerting(store, reads, Place(project="", address=address, key=key))
    before = now - timedelta(hours=5)
    station.step(before)
    ids = _channels(seeds, project)
    ids |= _settings(desk, project, ids, now)
    _fire(seeds, station, project, before + timedelta(hours=1))
    _deliver(seeds, address, before + timedelta(hours=1))
    _fire(seeds, station, project, before + timedelta(hours=2))
    firing = reads.page(project, state=None, before=None, limit=50).rows
    desk.acknowledge(project, firing[0].alert.id or 0, ANA, now - timedelta(hours=1))
    first, second = (row.alert.incident_id or 0 for row in firing[-2:])
    Triage(store).mute(project, first, now - timedelta(minutes=50), by=ANA)
    Triage(store).resolve(project, second, now - timedelta(minutes=40), by=ANA)
    while station.step(now - timedelta(minutes=30)):
        pass
    _deliver(seeds, address, now - timedelta(minutes=30))
    SqlChannels(seeds.database, server_secret=SECRET).switch(project, ids["off"], on=False, by="Ana Lee", now=now)
    return ids | {"alert": firing[0].alert.id or 0, "incident": firing[1].alert.incident_id or 0}


def alarm_pages(ids: dict[str, int]) -> dict[str, str]:
    """Where all of that is shown, by name."""
    return {
        "alerts": "/alerts",
        "alerts-all": "/alerts?state=all",
        "alert": f"/alerts/{ids['alert']}",
        "rules": "/alerts/rules",
        "rule": f"/alerts/rules/{ids['rule']}",
        "steps": "/alerts/escalation",
        "step": f"/alerts/escalation/{ids['policy']}",
        "on-call": "/alerts/oncall",
        "rota": f"/alerts/oncall/{ids['rota']}",
        "channels": "/settings/channels",
        "channel-that-waits": f"/settings/channels/{ids['our']}",
        "channel-off": f"/settings/channels/{ids['off']}",
        "channel-of-many": f"/settings/channels/{ids['a-name-th']}",
        "platform": "/platform",
    }


def _channels(seeds: Seeds, project: int) -> dict[str, int]:
    channels, made = SqlChannels(seeds.database, server_secret=SECRET), {}
    for name, kind, settings in (
        ("ops chat", ChannelKind.SLACK, {"url": "https://hooks.slack.com/services/T000/B000/XXXX"}),
        ("pager", ChannelKind.PAGERDUTY, {"routing_key": "a" * 32}),
        ("our hook", ChannelKind.WEBHOOK, {"url": "https://example.com/alerts"}),
        ("off", ChannelKind.NTFY, {"url": "https://ntfy.sh/our-alerts-7Hs2k"}),
        (LONG[:80], ChannelKind.MAIL, {"to": ", ".join(f"somebody{n}@{LONG[:50]}.example.com" for n in range(9))}),
    ):
        channel, _ = channels.add(
            project, name, kind, checked(kind, settings, PUBLIC_ONLY), by="Ana Lee", now=seeds.now - timedelta(days=9)
        )
        made[name.split(" ", maxsplit=1)[0][:9]] = channel.id
    return made


def _settings(desk: AlertDesk, project: int, ids: dict[str, int], now: datetime) -> dict[str, int]:
    people = tuple(OnCall(name=name, channel=ids["pager"]) for name in ("Ana Lee", "Ben", LONG[:90]))
    stands_in = Override(name="Ben", since=now + timedelta(days=2), until=now + timedelta(days=4))
    first = now.date() - timedelta(days=now.weekday())
    rota = Rota(name="Nights", zone="Europe/Berlin", at=time(9), first=first, people=people, overrides=(stands_in,))
    rota_id = desk.save_rota(project, rota) or 0
    steps = (
        Step(after=timedelta(0), to=To(channels=(ids["ops"],))),
        Step(after=timedelta(minutes=10), to=To(rota=rota_id)),
        Step(after=timedelta(minutes=30), to=To()),
    )
    policy_id = desk.save_policy(project, Policy(name="Late at night", steps=steps)) or 0
    rules = (
        Rule(
            name="Paying", when=When.NEW, match="service:payments", to=To(policy=policy_id), severity=Severity.CRITICAL
        ),
        Rule(name="Many people", when=When.MANY, people=50, minutes=15, repeat=timedelta(hours=4)),
        Rule(
            name=LONG[:100], when=When.WORTH, events=1_000_000, people=900, match="tag.region:eu " * 20, enabled=False
        ),
    )
    saved = [desk.save_rule(project, rule, now) for rule in rules]
    hours = QuietHours(begin=time(22), end=time(7), zone="Europe/Berlin")
    desk.set_quiet(project, ids["our"], hours)
    return {"rota": rota_id, "policy": policy_id, "rule": (saved[1].id if saved[1] else 0) or 0}


def _fire(seeds: Seeds, station: Alerting, project: int, at: datetime) -> None:
    """Each open incident has just been opened."""
    with seeds.database.begin() as connection:
        rows = connection.execute(schema.incidents.select().where(schema.incidents.c.state == "open")).all()
        connection.execute(update(schema.incidents).where(schema.incidents.c.id == rows[-1].id).values(message=HARM))
        for row in rows:
            about = {"incident_id": row.id, "service_id": row.service_id, "project_id": project}
            connection.execute(insert(schema.facts).values(kind="incident_opened", at=at, data={}, **about))
    with SqlStore(seeds.database).begin() as transaction:
        held = Window(
            id=None,
            project_id=project,
            name="Move the warehouse",
            services=("warehouse",),
            since=at,
            until=seeds.now + timedelta(hours=1),
            made_by="Ana Lee",
            made_at=at,
        )
        transaction.maintenance.add(held)
    while station.step(at):
        pass


def _deliver(seeds: Seeds, address: str, at: datetime) -> None:
    """What is due is taken, refused, or tried again, by its channel."""
    deliveries = SqlDeliveries(seeds.database, server_secret=SECRET, address=address)
    answers: dict[str, Outcome] = {
        "ops chat": Sent(200, "ok"),
        "pager": Sent(202, '{"status":"success","message":"Event processed"}'),
        "our hook": Retry("upstream connect error or disconnect/reset before headers " * 5, 503),
        "off": Refused("topic reserved", 403, for_good=True),
    }
    for turn in range(10):
        now = at + timedelta(minutes=3 * turn)
        for each in deliveries.claim(now, now + timedelta(minutes=2), busy=(), limit=20, in_trouble=20):
            outcome = answers.get(each.to.channel.name, Sent(250, "queued"))
            channel = each.to.channel
            stood = Standing(
                wanted_at=each.wanted_at,
                attempts=each.attempts,
                failures=channel.failures,
                failing_since=channel.failing_since,
            )
            deliveries.conclude(each, outcome, judge(outcome, stood, now, 0.5), now)
