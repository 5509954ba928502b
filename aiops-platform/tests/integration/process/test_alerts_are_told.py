"""Alerts of a real platform: from a report to a receiver, acknowledged by its link, and through kills at any moment."""

import json
import os
import random
import re
import signal
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from clocks import Clock
from platform_process import OPENER, Running, aiops, eventually
from receiver import answering, receiving
from sqlalchemy import delete, select, update

from aiops_platform.core.channels import ChannelKind, checked
from aiops_platform.core.targets import policy_from
from aiops_platform.process import folder
from aiops_platform.storage.alert_tables import alerts, channel_paces, tellings
from aiops_platform.storage.channels import SqlChannels
from aiops_platform.storage.database import Database, open_database

PRIVATE = {"AIOPS_SERVER_ALLOW_PRIVATE_TARGETS": "127.0.0.0/8"}
ROUNDS = 2


@contextmanager
def a_store(data: Path) -> Iterator[Database]:
    with closing(open_database(f"sqlite:///{data / 'store.db'}")) as database:
        yield database


def add_hook(database: Database, data: Path, url: str) -> None:
    fit = checked(ChannelKind.WEBHOOK, {"url": url}, policy_from("127.0.0.0/8"))
    channels = SqlChannels(database, server_secret=folder.server_secret(data))
    channels.add(1, "hook", ChannelKind.WEBHOOK, fit, by="Ana", now=datetime.now(UTC))


def report(platform: Running, key: str, error: str) -> int:
    body = {"signal_type": "exception", "service": "shop", "environment": "production", "error_type": error}
    return platform.send({**body, "message": "no"}, key=key)[0]


def test_a_new_incident_reaches_its_receiver_and_a_link_acknowledges_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with receiving(answering()) as receiver, Running(data, **PRIVATE) as platform:
        key = platform.key()
        with a_store(data) as database:
            add_hook(database, data, f"{receiver.url}/hook")
        assert report(platform, key, "KeyError") == 202
        (request,) = eventually(lambda: receiver.requests, "the webhook")
        text = request.body.decode()
        assert "KeyError: no" in text
        link = re.search(rf"{re.escape(platform.url)}/act/[-.\w]+", text)
        assert link is not None
        with OPENER.open(link[0], timeout=60) as page:
            assert "Acknowledge it?" in page.read().decode()
        with OPENER.open(urllib.request.Request(link[0], method="POST"), timeout=60) as page:
            assert "Acknowledged" in page.read().decode()
        here = aiops("alerts", "list", "--state", "all", "--data", str(data))
        assert "acknowledged" in here.stdout
        assert "KeyError: no" in here.stdout
        assert aiops("alerts", "ack", "1", "--data", str(data)).stdout == "Alert 1 is acknowledged.\n"
        assert aiops("alerts", "ack", "9", "--data", str(data)).returncode != 0


def test_who_is_paged_is_paged_no_longer_when_somebody_mutes_merges_or_resolves_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with receiving(answering("202 Accepted", "{}")) as pager, Running(data, **PRIVATE) as platform:
        key = platform.key()
        routing = f"routing_key={'a' * 32}"
        made = aiops(
            "channels",
            "add",
            "pagerduty",
            "pager",
            routing,
            f"url={pager.url}/v2/enqueue",
            "--data",
            str(data),
            **PRIVATE,
        )
        assert made.returncode == 0, made.stderr
        for error in ("First", "Second", "Third"):
            assert report(platform, key, error) == 202
        eventually(lambda: aiops("alerts", "list", "--data", str(data)).stdout.count("firing") == 3, "three alerts")
        with a_store(data) as database, database.begin() as connection:
            # As if the channel had not been told anything lately.
            connection.execute(update(channel_paces).values(sent_at=datetime(2026, 1, 1, tzinfo=UTC)))
        sent = eventually(lambda: by_action(pager.requests, "trigger", 3), "three pages")
        assert len(set(sent.values())) == 3
        assert aiops("incidents", "mute", "1", "--data", str(data)).returncode == 0
        assert aiops("incidents", "resolve", "2", "--data", str(data)).returncode == 0
        assert aiops("incidents", "delete", "3", "--data", str(data)).returncode == 0
        with a_store(data) as database, database.begin() as connection:
            connection.execute(update(channel_paces).values(sent_at=datetime(2026, 1, 1, tzinfo=UTC)))
        ended = eventually(lambda: by_action(pager.requests, "resolve", 3), "three ends")
    assert set(ended) == set(sent.values())


def by_action(requests: list[Any], action: str, many: int) -> dict[str, str] | None:
    """What was asked of PagerDuty: each title, or key where there is none, with its key; None while those are not so many."""
    told = [json.loads(each.body) for each in requests]
    found = {
        each.get("payload", {}).get("summary", each["dedup_key"]): each["dedup_key"]
        for each in told
        if each["event_action"] == action
    }
    return found if len(found) == many else None


def test_what_waits_is_sent_when_a_clock_that_was_far_ahead_has_come_back(tmp_path: Path) -> None:
    clock, data = Clock(tmp_path), tmp_path / "data"
    clock.goes_on_from(datetime.now(UTC) + timedelta(days=400))
    busy = answering("503 Service Unavailable", "busy")
    with receiving(busy) as receiver, Running(data, **PRIVATE, **clock.settings) as platform:
        key = platform.key()
        with a_store(data) as database:
            add_hook(database, data, f"{receiver.url}/hook")
        assert report(platform, key, "KeyError") == 202
        eventually(lambda: receiver.requests, "the first attempt")
        clock.goes_on_from(datetime.now(UTC))
        before = len(receiver.requests)
        receiver.behaviour = answering()
        eventually(lambda: len(receiver.requests) > before, "another attempt, and not in a year")
    assert receiver.requests[-1].headers["webhook-id"] == receiver.requests[0].headers["webhook-id"]


def test_kills_at_any_moment_lose_no_alert_and_tell_none_more_than_once_more(tmp_path: Path) -> None:
    data, key, chance, sent = tmp_path / "data", "", random.Random(7), 0
    with receiving(answering()) as receiver:
        for round_ in range(ROUNDS):
            with Running(data, **PRIVATE) as platform:
                key = key or platform.key()
                with a_store(data) as database:
                    if not round_:
                        add_hook(database, data, f"{receiver.url}/hook")
                    until = time.monotonic() + chance.uniform(0.2, 1.2)
                    while time.monotonic() < until:
                        sent += report(platform, key, f"Round{round_}Error{sent}") == 202
                        _hurry(database)
                os.killpg(platform.process.pid, signal.SIGKILL)
                platform.process.wait(60)
        with Running(data, **PRIVATE) as platform, a_store(data) as database:
            assert platform.url
            eventually(lambda: _hurry(database) == sent, f"{sent} alerts are told")
            eventually(lambda: _named(receiver.requests) >= sent, "the receiver has heard of all")
    keys = Counter(each.headers["webhook-id"] for each in receiver.requests)
    assert sent >= ROUNDS
    assert max(keys.values()) <= 1 + ROUNDS
    # Who drops a second one by its key hears of each exactly once.
    assert _named(receiver.requests) == sent


def _hurry(database: Database) -> int:
    """Nobody waits half a minute for the next message; how many alerts have been told."""
    with database.begin() as connection:
        connection.execute(delete(channel_paces))
        told = select(tellings.c.alert_id).where(tellings.c.told_at.is_not(None))
        return len(connection.execute(select(alerts.c.id).where(alerts.c.id.in_(told))).all())


def _named(requests: list) -> int:
    """How many alerts the messages are about, each key once."""
    by_key = {each.headers["webhook-id"]: json.loads(each.body) for each in requests}
    told = (each.get("data", each) for each in by_key.values())
    return sum(len(each["items"]) + each["more"] or 1 for each in told)
