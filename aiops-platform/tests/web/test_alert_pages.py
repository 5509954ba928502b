"""Alerts on pages: acknowledged there and by links in messages, rules tried and kept, steps, who is on call."""

import re
from collections.abc import Iterator
from datetime import time, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect
from sqlalchemy import insert, select
from web_site import RunningSite, a_site

from aiops_platform.client import Client
from aiops_platform.core.access import SESSION_COOKIE
from aiops_platform.core.alerting import links
from aiops_platform.core.alerting.links import Claim, LinkAct
from aiops_platform.core.alerting.quiet import QuietHours
from aiops_platform.core.alerting.wording import Place
from aiops_platform.core.people import Role
from aiops_platform.pipeline.alerting import Alerting
from aiops_platform.storage import schema
from aiops_platform.storage.alert_reads import SqlAlertReads
from aiops_platform.storage.transactions import SqlStore
from aiops_platform.web.origin import token_for

KEY = links.key_from(b"s" * 32)


class Room:
    """A site with some incidents of which #ops was told, and somebody who is signed in."""

    def __init__(self, site: RunningSite) -> None:
        self.site = site
        self.database = site.seeds.database
        self.now = site.seeds.now
        self.store, self.reads = SqlStore(self.database), SqlAlertReads(self.database)
        said = {
            "project_id": site.project,
            "uid": bytes(16),
            "name": "#ops",
            "kind": "webhook",
            "settings": b"",
            "hint": "",
        }
        said |= {"created_at": self.now, "created_by": "Ana", "failures": 0, "disabled_by": "", "disabled_why": ""}
        with self.database.begin() as connection:
            channel = insert(schema.channels).values(**said).returning(schema.channels.c.id)
            self.channel = connection.execute(channel).scalar_one()
        shop = site.seeds.service(site.project)
        for problem in ("KeyError", "ValueError", "<b>Odd</b>"):
            site.seeds.incident(site.project, shop, type=problem)
        self.tell()
        self.session = site.session()
        self.client = httpx.Client(base_url=site.url, timeout=60)

    def tell(self, **later: float) -> None:
        station = Alerting(self.store, self.reads, Place(project="", address=self.site.url, key=KEY))
        with self.database.begin() as connection:
            for row in connection.execute(schema.incidents.select()).all():
                fact = {"project_id": row.project_id, "kind": "incident_opened", "at": self.now, "data": {}}
                about = {"incident_id": row.id, "service_id": row.service_id}
                connection.execute(insert(schema.facts).values(**fact, **about))
        while station.step(self.now + timedelta(**later)):
            pass

    def get(self, path: str, session: str | None = None) -> httpx.Response:
        self.client.cookies.clear()
        return self.client.get(path, headers={"Cookie": f"{SESSION_COOKIE}={session or self.session}"})

    def post(self, path: str, session: str | None = None, **said: Any) -> httpx.Response:
        self.client.cookies.clear()
        session = session or self.session
        form = {"csrf": token_for(session, self.site.project)} | said
        return self.client.post(path, data=form, headers={"Cookie": f"{SESSION_COOKIE}={session}"})

    def alert(self) -> Any:
        return self.reads.page(self.site.project, state=None, before=None, limit=50).rows[-1].alert

    def link(self, act: LinkAct = LinkAct.ACKNOWLEDGE, **changed: Any) -> str:
        said = {"alert_id": self.alert().id, "act": act, "channel_id": self.channel}
        claim = Claim(**{**said, "expires_at": self.now + timedelta(hours=24)} | changed)
        return links.signed(claim, KEY)

    def by_link(self, verb: str, link: str) -> httpx.Response:
        self.client.cookies.clear()
        return self.client.request(verb, f"/act/{link}")


@pytest.fixture
def room() -> Iterator[Room]:
    with a_site() as site:
        made = Room(site)
        with made.client:
            yield made


def test_what_fires_is_listed_and_acknowledged_once(room: Room) -> None:
    page = room.get("/alerts")
    assert page.status_code == 200
    assert 'data-state="firing"' in page.text
    assert "#ops" in page.text
    assert "<b>Odd" not in page.text
    number = room.alert().id
    answer = room.post(f"/alerts/{number}/ack", back="/alerts?state=all")
    assert (answer.status_code, answer.headers["location"]) == (303, "/alerts?state=all&done")
    assert room.alert().state == "acknowledged"
    assert "acknowledged by" in room.get("/alerts?state=all").text
    assert room.get(f"/alerts/{number}").status_code == 200
    assert room.post(f"/alerts/{number}/ack", back="//evil.test").headers["location"] == "/alerts?done"
    assert len(room.get("/alerts?state=all").text) < 60_000


def test_a_link_only_asks_when_it_is_looked_at_and_acts_when_it_is_pressed(room: Room) -> None:
    link = room.link()
    for verb in ("GET", "HEAD"):
        assert room.by_link(verb, link).status_code in (200, 405)
    assert room.alert().state == "firing"
    assert "Acknowledge it?" in room.by_link("GET", link).text
    for _ in range(2):
        assert "Acknowledged" in room.by_link("POST", link).text
    assert room.alert().acknowledged_by == "the link in #ops"


def test_a_link_mutes_for_an_hour(room: Room) -> None:
    assert "Muted for an hour" in room.by_link("POST", room.link(LinkAct.MUTE)).text
    found = room.site.reads.incident(room.site.project, room.alert().incident_id, room.now)
    assert found is not None
    assert found.row.state == "muted"
    assert found.care.ends.startswith("until ")


def test_a_link_for_all_of_a_message_shows_what_it_would_do_and_does_it_when_it_is_pressed(room: Room) -> None:
    with room.database.read() as connection:
        message = connection.execute(select(schema.deliveries.c.message)).scalars().one()
    assert message["title"] == "3 alerts"
    (action,) = message["actions"]
    link = action["url"].rpartition("/")[2]
    asks = room.by_link("GET", link).text
    assert "Acknowledge all?" in asks
    assert "KeyError" in asks
    assert "<b>Odd</b>" not in asks
    assert room.alert().state == "firing"
    assert "Acknowledged: 3 alerts" in room.by_link("POST", link).text
    rows = room.reads.page(room.site.project, state=None, before=None, limit=50).rows
    assert {each.alert.acknowledged_by for each in rows} == {"the link in #ops"}
    for verb in ("GET", "POST"):
        assert "Nothing of it fires" in room.by_link(verb, link).text
    said, _, mac = link.rpartition(".")
    *some, telling = said.split(".")
    for wrong in (f"{'.'.join(some)}.{int(telling) + 1}.{mac}", f"{'.'.join(some)}.{mac}", f"{said}.0.{mac}"):
        assert room.by_link("POST", wrong).status_code == 404
    assert room.by_link("POST", room.link(LinkAct.ACKNOWLEDGE_ALL)).status_code == 404
    assert room.by_link("POST", room.link(LinkAct.ACKNOWLEDGE_ALL, telling_id=10_000)).status_code == 404


def test_a_link_that_is_not_right_does_nothing(room: Room) -> None:
    link, number = room.link(), room.alert().id
    said, _, mac = link.rpartition(".")
    _, _, channel, expires = said.split(".")
    attacks = {
        "forged": links.signed(
            Claim(alert_id=number, act=LinkAct.MUTE, channel_id=1, expires_at=room.now + timedelta(hours=1)),
            links.key_from(b"other"),
        ),
        "cut": link[:-1],
        "expired": room.link(expires_at=room.now - timedelta(seconds=1)),
        "other alert": f"{number + 1}.ack.{channel}.{expires}.{mac}",
        "other act": f"{number}.mute.{channel}.{expires}.{mac}",
        "other channel": room.link(channel_id=999),
    }
    for wrong, attack in attacks.items():
        for verb in ("GET", "POST"):
            answer = room.by_link(verb, attack)
            assert (answer.status_code, "does nothing" in answer.text) == (404, True), wrong
    assert room.alert().state == "firing"


def test_a_rule_is_tried_and_kept_and_switched_and_taken_away(room: Room) -> None:
    said = {"name": "Paying", "when": "new", "match": "service:shop*", "severity": "critical", "repeat": "4h"}
    tried = room.post("/alerts/rules", **said, do="try")
    assert tried.status_code == 200
    assert re.search(r"Would have told \d+ times? in the last week", tried.text)
    assert "Paying" not in room.get("/alerts/rules").text
    assert room.post("/alerts/rules", **said, channels=str(room.channel), do="save").status_code == 303
    rule = room.site.app.state.site.alerts.rules(room.site.project, room.now)[-1]
    assert (rule.name, rule.to.channels, rule.repeat) == ("Paying", (room.channel,), timedelta(hours=4))
    assert room.get(f"/alerts/rules/{rule.id}").status_code == 200
    assert room.post(f"/alerts/rules/{rule.id}/switch").status_code == 303
    assert room.post(f"/alerts/rules/{rule.id}", **said | {"name": "Paying more"}, do="save").status_code == 303
    assert "Paying more" in room.get("/alerts/rules").text
    assert room.post(f"/alerts/rules/{rule.id}/delete").status_code == 303
    assert "Paying" not in room.get("/alerts/rules").text


def test_a_rule_about_many_is_kept_with_the_unit_that_was_chosen(room: Room) -> None:
    said = {"name": "Many", "when": "many", "people": "20", "within": "15", "unit": "minutes"}
    tried = room.post("/alerts/rules", **said, do="try").text
    assert "When people came is kept of the last time only" in tried
    assert room.post("/alerts/rules", **said, do="save").status_code == 303
    rule = room.site.app.state.site.alerts.rules(room.site.project, room.now)[-1]
    assert (rule.people, rule.minutes, rule.hours) == (20, 15, None)
    page = room.get(f"/alerts/rules/{rule.id}").text
    assert "<option selected>minutes</option>" in page
    assert 'name="within" min="1" max="180" value="15"' in page
    assert "20 people within 15 min" in room.get("/alerts/rules").text
    for wrong in ({"unit": "years"}, {"within": "0"}, {"people": "2000"}):
        assert room.post("/alerts/rules", **said | wrong, do="save").status_code == 422


def test_a_rule_that_is_not_understood_says_where(room: Room) -> None:
    answer = room.post("/alerts/rules", name="It", when="new", match="level:critical servce:shop", do="save")
    assert answer.status_code == 422
    assert "<mark>s</mark>" in answer.text
    assert "level:critical servce:shop" in answer.text
    for wrong in (
        {"repeat": "soon"},
        {"when": "many"},
        {"channels": "999"},
        {"when": "silence", "match": "level:error"},
    ):
        assert room.post("/alerts/rules", **{"name": "It", "when": "new", "do": "save"} | wrong).status_code == 422


def test_steps_and_who_is_on_call_are_kept_and_shown(room: Room) -> None:
    who = {
        "name": "Nights",
        "first": "2026-11-16",
        "at": "09:00",
        "zone": "Europe/Berlin",
        "who0": "Ana",
        "who1": "Ben",
    }
    channels = {"channel0": "#ops", "channel1": "#ops"}
    assert room.post("/alerts/oncall", **who, **channels).status_code == 303
    page = room.get("/alerts/oncall").text
    assert "Handed over" in page
    assert "Europe/Berlin" in page
    steps = {"name": "Late", "after0": "0", "to0": "all", "after1": "10", "to1": "rota:1"}
    assert room.post("/alerts/escalation", **steps).status_code == 303
    assert "who is on call: Nights" in room.get("/alerts/escalation").text
    assert room.get("/alerts/escalation/1").status_code == 200
    assert room.get("/alerts/oncall/1").status_code == 200
    override = {"who": "Ben", "since": "2026-12-24T08:00", "until": "2026-12-26T08:00"}
    assert room.post("/alerts/oncall/1/overrides", **override).status_code == 303
    assert "stands in" in room.get("/alerts/oncall").text or "Remove" in room.get("/alerts/oncall").text
    assert room.post("/alerts/oncall/1/overrides/0/remove").status_code == 303
    assert room.post("/alerts/oncall", name="No", first="soon", at="09:00").status_code == 422
    assert room.post("/alerts/oncall", **who, channel0="#nowhere").status_code == 422
    assert room.post("/alerts/escalation", name="No", after0="0", to0="all", after1="x", to1="all").status_code == 422


def test_whoever_knows_the_address_reads_the_calendar_and_nobody_else(room: Room) -> None:
    said = {
        "name": "Nights",
        "first": "2026-11-16",
        "at": "09:00",
        "zone": "UTC",
        "who0": "Ana",
        "channel0": "#ops",
    }
    room.post("/alerts/oncall", **said)
    found = re.search(r"/oncall/([-\w]{43}\.ics)", room.get("/alerts/oncall").text)
    assert found is not None
    room.client.cookies.clear()
    answer = room.client.get(f"/oncall/{found[1]}")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.text.startswith("BEGIN:VCALENDAR\r\n")
    assert "SUMMARY:On call: Ana" in answer.text
    assert room.client.get("/oncall/guess.ics").status_code == 404
    viewer = room.site.somebody("Vera", Role.VIEWER)
    assert found[1] not in room.get("/alerts/oncall", viewer).text


def test_programs_read_acknowledge_and_rule(room: Room) -> None:
    token = room.site.access.create_token(room.site.project, "program", room.now)
    admin = {"Authorization": f"Bearer {token}"}
    room.client.cookies.clear()
    page = room.client.get("/api/v1/alerts", params={"per_page": 1}, headers=admin).json()
    assert (page["firing"], len(page["items"]), page["next"]) == (page["firing"], 1, page["items"][0]["id"])
    number = page["items"][0]["id"]
    done = room.client.post(f"/api/v1/alerts/{number}/acknowledge", headers=admin).json()
    assert (done["state"], done["acknowledged_by"], done["told"]) == ("acknowledged", "program", ["#ops"])
    assert room.client.get("/api/v1/alerts/999", headers=admin).status_code == 404
    rule = {"name": "Loud", "when": "many", "events": 100, "hours": 2, "match": "service:shop"}
    tried = room.client.post("/api/v1/alert-rules/try", json=rule, headers=admin).json()
    assert set(tried) == {"told", "is_more", "examples"}
    made = room.client.post("/api/v1/alert-rules", json=rule, headers=admin)
    assert (made.status_code, made.json()["hours"]) == (201, 2)
    at = f"/api/v1/alert-rules/{made.json()['id']}"
    assert room.client.put(at, json=rule | {"enabled": False}, headers=admin).json()["enabled"] is False
    wrong = room.client.put(at, json=rule | {"match": "level:critical servce:shop"}, headers=admin)
    assert (wrong.status_code, wrong.json()["errors"][0]["position"]) == (400, 15)
    assert room.client.delete(at, headers=admin).status_code == 204
    assert room.client.delete(at, headers=admin).status_code == 404
    client = Client(room.site.url, token, patience=0)
    assert client.acknowledge(number).state == "acknowledged"
    assert {each.state for each in client.alerts("all")} == {"firing", "acknowledged"}
    assert len(client.alert_rules()) == 7


def test_quiet_hours_are_kept_and_taken_away(room: Room) -> None:
    at = f"/settings/channels/{room.channel}"
    said = {"begin": "22:00", "end": "07:00", "zone": "Europe/Berlin", "but_critical": "on"}
    assert room.post(f"{at}/quiet", **said).status_code == 303
    assert room.reads.quiet(room.channel) == QuietHours(begin=time(22), end=time(7), zone="Europe/Berlin")
    assert room.post(f"{at}/quiet", **said | {"zone": "Mars"}).status_code == 422
    assert room.post("/settings/channels/999/quiet", **said).status_code == 404
    assert room.post(f"{at}/quiet").status_code == 303
    assert room.reads.quiet(room.channel) is None


def test_what_fires_appears_by_itself_and_a_press_acknowledges_it(site: RunningSite, visit: Any) -> None:
    window = visit()
    window.page.goto("/alerts")
    window.wait_until_live()
    expect(window.page.locator("#alerts")).to_contain_text("Nothing fires")
    with Room(site).client:
        row = window.page.get_by_test_id("alert").first
        expect(row).to_contain_text("told in #ops")
        window.page.get_by_test_id("ack").first.click()
        expect(window.page.get_by_test_id("done")).to_be_visible()
        window.page.get_by_role("link", name="Rules").click()
        window.page.get_by_label("Name").fill("Mine")
        window.page.get_by_test_id("try").click()
        expect(window.page.get_by_test_id("tried")).to_contain_text("Would have told")
        expect(window.page.get_by_label("Name")).to_have_value("Mine")


def test_who_hears_of_the_platform_is_shown_and_handed_over_by_its_admins(room: Room) -> None:
    site = room.site
    ana, vic = site.somebody("Ana", Role.ADMIN), site.somebody("Vic", Role.VIEWER)
    ids = {name: getattr(site.people.user_with_email(f"{name}@example.com"), "id", None) for name in ("ana", "vic")}
    page = room.get("/platform", ana).text
    assert re.search(r"who-is-told.*This project, by.*The platform itself", page, re.DOTALL)
    assert "Tell this one from now on" not in page, "There is no other project."
    other = site.people.add_project("Operations", ids["ana"], room.now).id
    theirs = site.people.add_project("Secret affairs", ids["vic"], room.now).id
    assert "Tell this one from now on" in room.get("/platform", ana).text
    for to in ("999", "", str(theirs)):
        assert room.post("/platform/told", ana, project=to).status_code == 404
    assert room.post("/platform/told", vic, project=str(theirs)).status_code == 403
    assert room.post("/platform/told", ana, project=str(other)).status_code == 303
    assert room.reads.told_of_platform() == other
    assert "The project <bdi>Operations</bdi>" in room.get("/platform", ana).text
    assert "Operations" not in room.get("/platform", vic).text, "Who is not in it hears no name."
    assert room.post("/platform/told", ana, project=str(site.project)).status_code == 404, "It is theirs to give."
