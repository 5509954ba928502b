"""Fixes on pages: asked for beside an incident, decided, stopped, and by which policies; and what is shown of each."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from accessibility import grave_violations
from browsing import DESKTOP, PHONE
from fix_scene import ANA, DROP, RECYCLE, a_fix, offer, plant_fixes
from playwright.sync_api import expect
from scenes import HARM, LONG
from sqlalchemy import insert
from web_site import a_site

from aiops_platform.core.access import SESSION_COOKIE
from aiops_platform.core.alerting import links
from aiops_platform.core.alerting.wording import Place
from aiops_platform.core.facts import FactKind
from aiops_platform.core.fixing.fix import FixState
from aiops_platform.core.fixing.fixer import Fixer, Parameter
from aiops_platform.core.fixing.policy import FixPolicy, Mode
from aiops_platform.core.messages import message_from
from aiops_platform.core.people import Role
from aiops_platform.pipeline.alerting import Alerting
from aiops_platform.storage import schema
from aiops_platform.storage.alert_reads import SqlAlertReads
from aiops_platform.storage.transactions import SqlStore
from aiops_platform.web.origin import token_for

KEY = links.key_from(b"s" * 32)


class Room:
    """A site with fixes, and somebody who is signed in."""

    def __init__(self, site: Any, client: httpx.Client) -> None:
        self.site = site
        self.client = client
        self.session = site.session()
        self.planted = plant_fixes(site.seeds, site.project)
        self.fixes = site.app.state.site.fixes

    def get(self, path: str, session: str | None = None) -> httpx.Response:
        self.client.cookies.clear()
        return self.client.get(path, headers={"Cookie": f"{SESSION_COOKIE}={session or self.session}"})

    def post(self, path: str, session: str | None = None, **said: Any) -> httpx.Response:
        self.client.cookies.clear()
        session = session or self.session
        form = {"csrf": token_for(session, self.site.project)} | said
        return self.client.post(path, data=form, headers={"Cookie": f"{SESSION_COOKIE}={session}"})

    def state(self, name: str) -> FixState:
        return self.fixes.reads.one(self.site.project, self.planted.fixes[name]).fix.state


@pytest.fixture
def room():
    with a_site() as site, httpx.Client(base_url=site.url, timeout=60) as client:
        yield Room(site, client)


PAGES = ("/fixes", "/fixes?state=waiting", "/fixes/fixers", "/fixes/policies")


def test_every_fix_is_listed_with_how_it_stands(room):
    page = room.get("/fixes").text
    for word in ("Mended", "Not mended", "Failed", "Fate unknown", "being watched", "Running", "Queued", "Suggested"):
        assert word in page
    waiting = room.get("/fixes?state=waiting").text
    assert waiting.count('data-testid="fix"') == 2
    assert room.get("/fixes?state=nonsense&before=x&fixer=%00").status_code == 200
    narrowed = room.get(f"/fixes?fixer=drop-cache-entry&service={room.planted.service}").text
    assert 'data-testid="fix"' not in narrowed


def test_a_fix_shows_what_the_service_told_and_what_was_asked(room):
    page = room.get(f"/fixes/{room.planted.fixes['failed']}").text
    assert "OSError: the disk is full" in page
    assert "2 connections were opened anew" in page
    assert "pushed to the service" in page
    assert "Mend the pool" in page
    assert room.get("/fixes/999999").status_code == 404


def test_a_fix_shows_how_its_place_was_used_since(room):
    page = room.get(f"/fixes/{room.planted.fixes['mended']}").text
    assert "POST /pay answered 40 requests since without it" in page
    assert '<dd data-testid="answered">40 requests of <bdi>POST /pay</bdi> since</dd>' in page
    assert 'data-testid="answered"' not in room.get(f"/fixes/{room.planted.fixes['failed']}").text


def test_what_is_proposed_is_run_or_declined_once(room):
    for name, verb, state in (("waiting", "approve", "queued"), ("suggested", "decline", "declined")):
        number = room.planted.fixes[name]
        for done in (f"?done={verb}", ""):
            answer = room.post(f"/fixes/{number}/{verb}")
            assert (answer.status_code, answer.headers["location"]) == (303, f"/fixes/{number}{done}")
        assert room.state(name) == state
    assert room.post("/fixes/999999/approve").status_code == 404


def test_what_is_queued_is_taken_back_and_what_was_sent_is_not(room):
    room.post(f"/fixes/{room.planted.fixes['queued']}/cancel")
    assert room.state("queued") is FixState.CANCELLED
    answer = room.post(f"/fixes/{room.planted.fixes['running']}/cancel")
    assert answer.status_code == 422
    assert "nobody can take back" in answer.text
    assert room.state("running") is FixState.RUNNING


def test_all_is_stopped_and_allowed_and_every_page_says_so(room):
    assert room.post("/fixes/stop").headers["location"] == "/fixes?done=stopped"
    for path in ("/fixes", "/fixes/policies"):
        assert 'data-testid="stopped"' in room.get(path).text, path
    assert 'data-testid="fixes-stopped"' in room.get(f"/incidents/{room.planted.incident}").text
    assert room.state("queued") is FixState.CANCELLED
    asked = room.post(f"/incidents/{room.planted.incident}/fix", fixer=DROP.name, **{"param.entry": "x"})
    assert asked.status_code == 422
    assert "stopped" in asked.text
    room.post("/fixes/allow")
    assert 'data-testid="stopped"' not in room.get("/fixes").text


def test_an_incident_shows_what_its_service_offers_and_asks_for_it_with_parameters(room):
    path = f"/incidents/{room.planted.incident}"
    page = room.get(path).text
    for fixer in ("recycle-db-pool", "drop-cache-entry", "clear-memory"):
        assert f'data-testid="ask-{fixer}"' in page
    assert "<option>reports</option>" in page
    answer = room.post(f"{path}/fix", fixer=DROP.name, **{"param.entry": "bestsellers"})
    assert answer.status_code == 303
    number = int(answer.headers["location"].partition("?")[0].rpartition("/")[2])
    fix = room.fixes.reads.one(room.site.project, number).fix
    assert (fix.fixer, fix.params, fix.state) == (DROP.name, {"entry": "bestsellers"}, FixState.QUEUED)
    assert "bestsellers" in room.get(answer.headers["location"]).text


def test_a_fixer_with_many_parameters_has_a_page_of_its_own(room):
    params = tuple(Parameter(name=f"p{number}", type="boolean") for number in range(6))
    offer(room.site.seeds, room.planted.service, (Fixer(name="adjust", params=params),))
    path = f"/incidents/{room.planted.incident}"
    assert f'href="{path}/fix?fixer=adjust"' in room.get(path).text
    page = room.get(f"{path}/fix?fixer=adjust").text
    assert 'name="param.p5"' in page
    assert room.post(f"{path}/fix", fixer="adjust", **{"param.p5": "yes"}).status_code == 303
    for gone in ("fixer=other", ""):
        assert room.get(f"{path}/fix?{gone}").status_code == 404


def test_what_does_not_fit_is_said_and_nothing_is_asked(room):
    path = f"/incidents/{room.planted.incident}/fix"
    before = len(room.fixes.reads.page(room.site.project, limit=100).rows)
    for said, why in (
        ({"fixer": "recycle-db-pool", "param.seconds": "many"}, "whole number"),
        ({"fixer": "recycle-db-pool"}, "needs the parameter"),
        ({"fixer": "recycle-db-pool", "param.seconds": "1", "param.pool": "other"}, "one of"),
        ({"fixer": "rm-rf"}, "does not offer"),
        ({"fixer": DROP.name, "param.entry": "x", "param.more": "y"}, "no parameter"),
    ):
        answer = room.post(path, **said)
        assert answer.status_code == 422, said
        assert why in answer.text
    assert len(room.fixes.reads.page(room.site.project, limit=100).rows) == before


def test_a_policy_is_tried_kept_changed_switched_and_taken_away(room):
    said = {"name": "Shops", "match": "service:shop", "fixer": DROP.name, "params": "entry: 42\n", "mode": "ask"}
    said |= {"cool_down": "1h", "watch": "90s", "per_hour": "2", "per_day": "5", "at_once": "1", "enabled": "on"}
    tried = room.post("/fixes/policies", **said, do="try")
    assert tried.status_code == 200
    assert "in the last week" in tried.text
    assert room.post("/fixes/policies", **said, do="save").status_code == 303
    known = room.fixes.reads.policies(room.site.project)
    number, policy = max(known.items())
    assert (policy.params, policy.cool_down, policy.watch, policy.mode) == ({"entry": "42"}, 3600, 90, "ask")
    assert not policy.stop_after_failure
    page = room.get(f"/fixes/policies/{number}").text
    assert "entry: 42" in page
    assert 'value="1h"' in page
    room.post(f"/fixes/policies/{number}", **said | {"params": "entry: =tag.entry", "mode": "suggest"}, do="save")
    assert room.fixes.reads.policies(room.site.project)[number].params == {"entry": {"from": "tag.entry"}}
    room.post(f"/fixes/policies/{number}/switch", on="")
    assert not room.fixes.reads.policies(room.site.project)[number].enabled
    room.post(f"/fixes/policies/{number}/delete")
    assert number not in room.fixes.reads.policies(room.site.project)


def test_a_policy_that_is_not_understood_says_where_and_keeps_what_was_typed(room):
    said = {"name": "Shops", "match": "service:shop is:nonsense", "fixer": DROP.name, "params": "", "mode": "ask"}
    answer = room.post("/fixes/policies", **said, do="save")
    assert answer.status_code == 422
    assert "<mark>" in answer.text
    assert "service:shop is:nonsense" in answer.text
    for wrong in ({"match": ""}, {"fixer": "Not A Name"}, {"cool_down": "soon"}, {"params": "no colon"}, {"mode": "x"}):
        assert room.post("/fixes/policies", **said | {"match": "service:shop"} | wrong, do="save").status_code == 422


def test_a_policy_whose_parameters_do_not_fit_is_not_kept_nor_switched_on(room):
    said = {"name": "Shops", "match": "service:shop", "fixer": DROP.name, "params": "", "mode": "ask"}
    answer = room.post("/fixes/policies", **said, enabled="on", do="save")
    assert answer.status_code == 422
    assert "needs the parameter" in answer.text
    assert room.post("/fixes/policies", **said, do="save").status_code == 303
    number = max(room.fixes.reads.policies(room.site.project))
    answer = room.post(f"/fixes/policies/{number}/switch", on="on")
    assert answer.status_code == 422
    assert "needs the parameter" in answer.text
    room.post("/fixes/policies", **said | {"fixer": "gone"}, enabled="on", do="save")
    assert room.get("/fixes/policies").text.count('data-testid="unoffered"') == 1


def test_a_paused_policy_says_why_and_goes_on_when_somebody_wants(room):
    paused = next(each for each in room.fixes.reads.policies(room.site.project).values() if each.paused_at)
    assert "the disk is full" in room.get("/fixes/policies").text
    room.post(f"/fixes/policies/{paused.id}/resume")
    assert room.fixes.reads.policies(room.site.project)[paused.id].paused_at is None


def test_the_audit_log_is_had_as_lines(room):
    room.post("/fixes/stop")
    answer = room.get("/fixes/audit.jsonl")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert '"all_stopped"' in answer.text


def test_a_viewer_looks_and_has_no_buttons(room):
    session = room.site.somebody("Vera", Role.VIEWER)
    for path in (*PAGES, f"/incidents/{room.planted.incident}", f"/fixes/{room.planted.fixes['waiting']}"):
        page = room.get(path, session)
        assert page.status_code == 200, path
        for word in ("Run it", "Stop all fixes", "Add a policy", 'data-testid="approve"'):
            assert word not in page.text, (path, word)


def test_pages_stay_short_and_whole_whatever_a_service_says(room):
    params = tuple(Parameter(name=f"p{number}", type="string", description=LONG[:900]) for number in range(50))
    fixers = tuple(
        Fixer(name=f"fixer-{number}", description=(HARM + LONG)[:1000], params=params) for number in range(50)
    )
    offer(room.site.seeds, room.planted.service, fixers)
    for path in (
        *PAGES,
        f"/incidents/{room.planted.incident}",
        "/fixes/policies?fixer=fixer-1",
        f"/incidents/{room.planted.incident}/fix?fixer=fixer-1",
    ):
        page = room.get(path)
        assert page.status_code == 200, path
        assert len(page.content) <= 60_000, path
        assert "<script>window.harmed" not in page.text


def test_pages_without_anything_say_what_to_do(site, client):
    for path, word in (
        ("/fixes", "Nothing was asked for"),
        ("/fixes/fixers", "@aiops_sdk.fixer"),
        ("/fixes/policies", "no policies"),
    ):
        assert word in client.get(path).text


def told_of(room: Room) -> str:
    """A channel was told of the incident; what stands in the message under "Run a fix"."""
    site, seeds = room.site, room.site.seeds
    said = {
        "project_id": site.project,
        "uid": bytes(16),
        "name": "#ops",
        "kind": "webhook",
        "settings": b"",
        "hint": "",
    }
    said |= {"created_at": seeds.now, "created_by": "Ana", "failures": 0, "disabled_by": "", "disabled_why": ""}
    with seeds.database.begin() as connection:
        connection.execute(insert(schema.channels).values(**said))
    seeds.fact(site.project, FactKind.INCIDENT_OPENED, seeds.now, incident_id=room.planted.incident)
    station = Alerting(
        SqlStore(seeds.database), SqlAlertReads(seeds.database), Place(project="", address=site.url, key=KEY)
    )
    while station.step(seeds.now):
        pass
    with seeds.database.read() as connection:
        (message,) = [message_from(row.message) for row in connection.execute(schema.deliveries.select())]
    labels = {each.label: each.url for each in message.actions}
    return labels.get("Run a fix", "").removeprefix(site.url)


def declines(room: Room) -> None:
    """Somebody has said no to all that waited."""
    for name in ("waiting", "suggested"):
        room.fixes.decline(room.site.project, room.planted.fixes[name], ANA, room.site.seeds.now)


@pytest.mark.parametrize(("match", "leads"), [("type:OperationalError", True), ("type:KeyError", False)])
def test_a_message_leads_to_a_fix_only_where_a_policy_that_leaves_it_to_people_is_about_the_incident(
    room, match, leads
):
    declines(room)
    policy = FixPolicy(name="Maybe", match=match, fixer=RECYCLE.name, params={"seconds": 5}, mode=Mode.ASK)
    room.fixes.save_policy(room.site.project, policy, ANA, room.site.seeds.now - timedelta(hours=1))
    assert bool(told_of(room)) is leads


def test_a_message_leads_to_no_fix_where_policies_run_them_by_themselves(room):
    declines(room)
    for policy in room.fixes.reads.policies(room.site.project).values():
        automatic = replace(policy, mode=Mode.AUTOMATIC)
        room.fixes.save_policy(room.site.project, automatic, ANA, room.site.seeds.now - timedelta(hours=1))
    assert told_of(room) == ""


def test_a_link_of_an_alert_asks_first_and_runs_what_a_policy_proposed_and_nothing_else(room):
    link = told_of(room)
    for _ in range(2):
        page = room.client.get(link).text
        assert "Run recycle-db-pool?" in page
    assert room.state("suggested") is FixState.SUGGESTED
    assert room.client.post(link, data={"fix": str(room.planted.fixes["running"])}).status_code == 200
    assert room.state("running") is FixState.RUNNING
    for number in ("", "999999", "x"):
        assert room.client.post(link, data={"fix": number}).status_code == 404
    for _ in range(2):
        assert "queued" in room.client.post(link, data={"fix": str(room.planted.fixes["suggested"])}).text
    assert room.state("suggested") is FixState.QUEUED
    fix = room.fixes.reads.one(room.site.project, room.planted.fixes["suggested"]).fix
    assert fix.decided_by.name == "the link in #ops"
    room.fixes.decline(room.site.project, room.planted.fixes["waiting"], ANA, room.site.seeds.now)
    assert "Nothing waits to be run" in room.client.get(link).text


def test_a_link_cannot_run_a_fix_for_another_incident(room):
    link, site = told_of(room), room.site
    other = site.seeds.incident(site.project, room.planted.service, type="KeyError")
    with SqlStore(site.seeds.database).begin() as transaction:
        planned = a_fix(site.project, room.planted.service, other, site.seeds.now, state=FixState.SUGGESTED)
        (theirs,) = transaction.fixing.add([planned])
    assert room.client.post(link, data={"fix": str(theirs.id)}).status_code == 404
    assert room.fixes.reads.one(site.project, theirs.id).fix.state is FixState.SUGGESTED


def test_what_runs_turns_by_itself_and_a_press_runs_what_is_suggested(site, visit):
    planted = plant_fixes(site.seeds, site.project)
    window = visit()
    window.page.goto(f"/incidents/{planted.incident}")
    window.wait_until_live()
    window.mark()
    row = window.page.locator('[data-testid="incident-fix"][data-state="suggested"]')
    row.get_by_test_id("approve").click()
    expect(window.page.get_by_test_id("done")).to_contain_text("asked for")
    window.page.goto(f"/fixes/{planted.fixes['queued']}")
    window.wait_until_live()
    window.mark()
    site.app.state.site.fixes.cancel(site.project, planted.fixes["queued"], ANA, site.seeds.now)
    expect(window.page.get_by_test_id("means")).to_contain_text("taken back")
    assert window.is_same_document()


@pytest.mark.parametrize(
    "options",
    [{"size": DESKTOP, "color_scheme": "light"}, {"size": PHONE, "color_scheme": "dark"}],
    ids=["light", "dark"],
)
def test_axe_finds_nothing_serious_and_nothing_is_wider_than_a_phone(site, visit, options):
    planted = plant_fixes(site.seeds, site.project)
    window, found = visit(**options), {}
    for path in (*PAGES, f"/incidents/{planted.incident}", *(f"/fixes/{each}" for each in planted.fixes.values())):
        window.page.goto(path)
        if wrong := grave_violations(window.page):
            found[path] = wrong
        width = window.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert width <= 0, path
    assert found == {}


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
def test_a_fix_is_asked_for_by_hand(site, visit, javascript):
    planted = plant_fixes(site.seeds, site.project)
    page = visit(java_script_enabled=javascript).page
    page.goto(f"/incidents/{planted.incident}")
    page.locator("summary", has_text=DROP.name).click()
    page.get_by_label("entry").fill("bestsellers")
    page.get_by_test_id(f"ask-{DROP.name}").click()
    expect(page.get_by_test_id("done")).to_contain_text("Asked for")
    expect(page.locator("#fix-title")).to_have_text(DROP.name)
