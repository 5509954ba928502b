"""Fixes by the API, and by the typed client: offered, asked for, decided, stopped, by which policies, and the audit log."""

import json
import sys
from contextlib import nullcontext

import httpx
import pytest
from fix_scene import DROP, RECYCLE, plant_fixes

from aiops_platform.cli import main
from aiops_platform.cli.fix_policies import _Here
from aiops_platform.client import ApiError, Client
from aiops_platform.core.access import Scope
from aiops_platform.pipeline.fixing import FixDesk
from aiops_platform.storage.fix_reads import SqlFixReads
from aiops_platform.storage.transactions import SqlStore

POLICY = {"name": "Mend the cache", "match": "service:shop type:OperationalError", "fixer": DROP.name}


@pytest.fixture
def planted(site):
    return plant_fixes(site.seeds, site.project)


@pytest.fixture
def token(site):
    return site.access.create_token(site.project, "program", site.seeds.now)


@pytest.fixture
def fixes(site, token):
    return Client(site.url, token, patience=0).fixes


@pytest.fixture
def api(site, token):
    with httpx.Client(
        base_url=f"{site.url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=60
    ) as client:
        yield client


def test_what_services_offer_is_told_with_what_came_of_it(fixes, planted):
    found = {each.name: each for each in fixes.offered()}
    assert set(found) == {"recycle-db-pool", "drop-cache-entry", "clear-memory"}
    recycle = found["recycle-db-pool"]
    assert recycle.service_id == planted.service
    assert len(recycle.instances) == 2
    assert recycle.params["pool"] == {
        "type": "string",
        "required": False,
        "description": "Which one.",
        "choices": ["main", "reports"],
    }
    assert (recycle.mended, recycle.not_mended, recycle.failed) == (1, 1, 2)
    assert recycle.median_seconds == pytest.approx(0.042)


def test_fixes_are_listed_page_after_page_and_narrowed(api, fixes, planted, monkeypatch):
    monkeypatch.setattr("aiops_platform.client.fixing._ON_A_PAGE", 4)
    assert [each.id for each in fixes.all()] == sorted(planted.fixes.values(), reverse=True)
    assert {each.state for each in fixes.all("waiting")} == {"suggested", "waiting"}
    assert {each.state for each in fixes.all("unended")} == {"suggested", "waiting", "queued", "running"}
    assert list(fixes.all(incident=planted.incident + 1)) == []
    page = api.get("/fixes", params={"per_page": 1}).json()
    assert (page["waiting"], page["running"], len(page["items"])) == (2, 2, 1)
    failed = fixes.one(planted.fixes["failed"])
    assert failed.result["error"] == "OSError: the disk is full"
    assert (failed.policy, failed.way, failed.asked_by) == ("Mend the pool", "pushed", "the policy Mend the pool")
    for wrong in ({"state": "x"}, {"before": "0"}, {"stat": "all"}, {"per_page": "1000"}):
        assert api.get("/fixes", params=wrong).status_code == 400


def test_a_fix_is_asked_for_once_however_often_the_same_is_sent(api, fixes, planted):
    body = {"incident": planted.incident, "fixer": DROP.name, "params": {"entry": "bestsellers"}}
    first, again = (api.post("/fixes", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    (asked,) = first.json()["items"]
    assert (asked["state"], asked["params"], asked["asked_by"]) == ("queued", {"entry": "bestsellers"}, "program")
    other = api.post("/fixes", json=body)
    assert other.status_code == 400
    assert "asked for already" in other.json()["detail"]
    assert fixes.cancel(asked["id"]).state == "cancelled"


def test_each_process_is_a_fix_of_its_own(fixes, planted):
    asked = fixes.ask(planted.incident, "clear-memory")
    assert {each.instance for each in asked} == {"shop-1:4711", "shop-1:4712"}
    assert len({each.together for each in asked}) == 1


@pytest.mark.parametrize(
    ("changed", "name", "why"),
    [
        ({"fixer": "other"}, "fixer", "'other': they offer clear-memory, drop-cache-entry, recycle-db-pool"),
        ({"params": {"entry": 7}}, "params", "is to be a text"),
        ({"params": {}}, "params", "needs the parameter"),
        ({"params": {"entry": "x", "y": "z"}}, "params", "no parameter 'y'"),
        ({"incident": 0}, None, ""),
        ({"params": {"entry": ["x"]}}, None, ""),
        ({"nonsense": 1}, None, ""),
    ],
)
def test_what_makes_no_sense_is_a_problem_that_says_why(api, planted, changed, name, why):
    body = {"incident": planted.incident, "fixer": DROP.name, "params": {"entry": "x"}} | changed
    answer = api.post("/fixes", json=body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert why in answer.json()["detail"]
    if name:
        assert answer.json()["errors"][0]["name"] == name


def test_what_is_proposed_is_decided_and_what_was_sent_is_not_taken_back(api, fixes, planted):
    assert fixes.approve(planted.fixes["waiting"]).state == "queued"
    assert fixes.decline(planted.fixes["suggested"]).state == "declined"
    for name, verb, state in (
        ("suggested", "approve", "declined"),
        ("waiting", "decline", "queued"),
        ("mended", "approve", "succeeded"),
    ):
        answer = api.post(f"/fixes/{planted.fixes[name]}/{verb}")
        assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
        assert answer.json()["detail"] == f"Fix {planted.fixes[name]} waits for nobody: it is {state}."
    assert fixes.cancel(planted.fixes["queued"]).state == "cancelled"
    for name, why in (
        ("running", "is running, and what a service was sent"),
        ("mended", "is succeeded, and that is its end"),
    ):
        answer = api.post(f"/fixes/{planted.fixes[name]}/cancel")
        assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
        assert f"Fix {planted.fixes[name]} cannot be cancelled: it {why}" in answer.json()["detail"]
    with pytest.raises(ApiError, match="no such fix"):
        fixes.approve(999_999)


def test_a_policy_is_tried_added_changed_and_taken_away(api, fixes, planted):
    tried = fixes.try_policy({**POLICY, "params": {"entry": {"from": "type"}}})
    assert tried.offered_by == ("shop (production)",)
    added = fixes.add_policy({**POLICY, "params": {"entry": {"from": "tag.entry"}}, "cool_down_seconds": 60})
    assert (added.mode, added.params, added.cool_down_seconds) == ("suggest", {"entry": {"from": "tag.entry"}}, 60)
    changed = fixes.change_policy(added.id, {**POLICY, "mode": "automatic", "resolve": True, "enabled": False})
    assert (changed.mode, changed.params, changed.enabled) == ("automatic", {}, False)
    assert changed in fixes.policies()
    fixes.drop_policy(added.id)
    with pytest.raises(ApiError, match="no such policy"):
        fixes.drop_policy(added.id)
    wrong = api.post("/fix-policies", json={**POLICY, "match": "service:shop is:nonsense"})
    assert (wrong.status_code, wrong.json()["errors"][0]["position"]) == (400, 16)
    for wrong in (
        {"mode": "x"},
        {"fixer": "X Y"},
        {"per_hour": 0},
        {"watch_seconds": 0},
        {"params": {"a": {"from": "x"}}},
    ):
        assert api.post("/fix-policies", json=POLICY | wrong).status_code == 400


def test_a_parameter_that_begins_with_an_equals_sign_means_the_same_as_in_the_form(api, planted):
    said = {"entry": "=tag.k", "other": "==tag.k", "plain": "a = b", "whole": {"from": "type"}}
    added = api.post("/fix-policies", json=POLICY | {"params": said, "fixer": "gone"}).json()
    assert added["params"] == said | {"entry": {"from": "tag.k"}}
    put = {name: added[name] for name in ("name", "match", "fixer", "params")}
    again = api.put(f"/fix-policies/{added['id']}", json=put).json()
    assert again["params"] == added["params"]
    for wrong in ("=nonsense", "=", {"from": "nonsense"}, "=tag."):
        answer = api.post("/fix-policies", json=POLICY | {"params": {"entry": wrong}})
        assert answer.status_code == 400
        assert '{"from": "tag.pool"}' in answer.json()["detail"]
        assert "tag.<name>" in answer.json()["detail"]


def test_a_policy_whose_parameters_do_not_fit_is_refused_and_one_that_nobody_can_answer_is_warned_of(api, planted):
    refused = api.post("/fix-policies", json=POLICY)
    assert (refused.status_code, refused.json()["errors"][0]["name"]) == (400, "params")
    assert "needs the parameter 'entry'" in refused.json()["detail"]
    assert api.post("/fix-policies", json=POLICY | {"params": {"entry": "x"}}).json()["warning"] is None
    gone = api.post("/fix-policies", json=POLICY | {"fixer": "gone"}).json()
    assert gone["warning"] == "No service offers the fixer gone now: nothing can be asked."
    listed = api.get("/fix-policies").json()["items"]
    assert [each["fixer"] for each in listed if each["warning"]] == ["gone"]


def test_a_paused_policy_is_resumed(fixes, planted):
    paused = next(each for each in fixes.policies() if each.paused_at)
    assert "the disk is full" in paused.paused_why
    assert fixes.resume_policy(paused.id).paused_at is None


def test_all_fixes_are_stopped_and_allowed(fixes, planted):
    assert not fixes.switch().stopped
    stopped = fixes.stop_all()
    assert (stopped.stopped, stopped.by, stopped.everywhere) == (True, "program", False)
    assert fixes.one(planted.fixes["queued"]).state == "cancelled"
    with pytest.raises(ApiError, match="stopped"):
        fixes.ask(planted.incident, DROP.name, {"entry": "x"})
    assert not fixes.allow().stopped


def test_the_audit_log_is_read_to_its_end_by_portions(fixes, planted, monkeypatch):
    monkeypatch.setattr("aiops_platform.api.fixes.MOST_LINES", 2)
    fixes.stop_all()
    fixes.allow()
    fixes.ask(planted.incident, DROP.name, {"entry": "x"})
    lines = [json.loads(line) for line in fixes.audit()]
    steps = [each["step"] for each in lines]
    assert steps[0] == "all_stopped"
    assert {"all_allowed", "fix_cancelled", "fix_queued"} <= set(steps)
    assert [each["id"] for each in lines] == sorted({each["id"] for each in lines})
    assert lines[0]["by"]["name"] == "program"


def test_a_token_that_reads_changes_nothing(site, planted):
    token = site.access.create_token(site.project, "reader", site.seeds.now, scope=Scope.READ)
    reader = Client(site.url, token, patience=0).fixes
    assert reader.offered()
    assert list(reader.all())
    for change in (reader.stop_all, reader.allow, lambda: reader.approve(1), lambda: reader.add_policy(POLICY)):
        with pytest.raises(ApiError, match="may only read"):
            change()


def test_what_has_not_changed_is_not_sent_again(api, planted):
    tag = api.get("/fixers").headers["etag"]
    assert api.get("/fixers", headers={"If-None-Match": tag}).status_code == 304


def test_the_shell_does_the_same_on_a_platform_elsewhere(site, token, planted, capsys, monkeypatch):
    monkeypatch.setenv("AIOPS_TOKEN", token)

    def said(*words):
        code = main(["fixes", *words, "--url", site.url])
        told = capsys.readouterr()
        return code, told.out + told.err

    assert RECYCLE.name in said("offered")[1]
    assert "not mended" in said("list")[1]
    assert said("list", "--state", "waiting", "--json")[1].count("\n") == 2
    code, number = said("ask", str(planted.incident), DROP.name, "entry=bestsellers")
    assert code == 0
    assert "entry = bestsellers" in said("show", number.strip())[1]
    assert "cancelled" in said("cancel", number.strip())[1]
    assert "declined" in said("decline", str(planted.fixes["waiting"]))[1]
    code, why = said("decline", str(planted.fixes["waiting"]))
    assert (code, "waits for nobody: it is declined" in why) == (1, True)
    assert "Mend the pool" in said("policies", "list")[1]
    assert "No service offers" not in said("policies", "list")[1]
    Client(site.url, token, patience=0).fixes.add_policy(POLICY | {"fixer": "gone"})
    assert "No service offers the fixer gone now" in said("policies", "list")[1]
    assert "entry: tag.entry of the newest event" in said("policies", "list")[1]
    assert "Stopped" in said("stop-all")[1]
    assert "again" in said("allow")[1]
    assert '"all_stopped"' in said("export")[1]
    for wrong in (("ask", "1", "other"), ("ask", "1", DROP.name, "entry"), ("show", "999999"), ("ask", "999999", "x")):
        assert said(*wrong)[0] != 0, wrong
    assert "Traceback" not in capsys.readouterr().err
    assert sys.exc_info() == (None, None, None)


@pytest.fixture(params=["elsewhere", "here"])
def policies(request, site, token, planted, capsys, monkeypatch):
    """`aiops fixes policies …`, by the API of the platform, or in its data folder; the code, and what it said."""
    monkeypatch.setenv("AIOPS_TOKEN", token)
    where = ["--url", site.url]
    if request.param == "here":
        database = site.seeds.database
        desk = FixDesk(SqlStore(database), SqlFixReads(database))
        monkeypatch.setattr(
            "aiops_platform.cli.fix_policies._place_of", lambda *_: nullcontext(_Here(site.project, desk))
        )
        where = []

    def said(*words):
        code = main(["fixes", "policies", *words, *where])
        told = capsys.readouterr()
        return code, told.out, told.err

    return said


def test_the_shell_makes_changes_switches_and_deletes_policies(policies):
    assert "Mend the pool" in policies("list")[1]
    words = ["--match", "service:shop type:CacheError", "--fixer", DROP.name, "--param", "entry==tag.k"]
    code, number, _ = policies(
        "make", "Mend the cache", *words, "--mode", "ask", "--cool-down", "2h", "--resolve", "yes"
    )
    number = number.strip()
    assert (code, number.isdigit()) == (0, True)
    shown = policies("show", number)[1]
    assert "Mend the cache, on" in shown
    assert "entry = tag.k of the newest event" in shown
    assert "again after 2 h" in shown
    # What is a text stays one, and what is not said stays as it was.
    assert "is changed, and on" in policies("set", number, "--param", "entry=007", "--environment", "production")[1]
    kept = json.loads(policies("show", number, "--json")[1])
    assert (kept["params"], kept["environments"], kept["mode"]) == ({"entry": "007"}, ["production"], "ask")
    assert (kept["cool_down_seconds"], kept["resolve"], kept["enabled"]) == (7200, True, True)
    assert "is off" in policies("pause", number)[1]
    assert "Mend the cache, off" in policies("show", number)[1]
    assert "is on" in policies("resume", number)[1]
    assert "Mend the cache, on" in policies("show", number)[1]
    assert "is deleted" in policies("delete", number)[1]
    assert "Mend the cache" not in policies("list")[1]


def test_the_shell_resumes_what_a_failure_has_paused(policies):
    paused = next(each for each in map(json.loads, policies("list", "--json")[1].splitlines()) if each["paused_at"])
    assert "the disk is full" in policies("show", str(paused["id"]))[1]
    assert policies("resume", str(paused["id"]))[0] == 0
    assert "Drop what is damaged, on" in policies("show", str(paused["id"]))[1]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["make", "x", "--match", "service:shop is:nonsense", "--fixer", DROP.name], "nonsense"),
        (["make", "x", "--match", "service:shop", "--fixer", DROP.name], "needs the parameter 'entry'"),
        (["make", "x", "--match", "service:shop", "--fixer", DROP.name, "--param", "entry"], "NAME=VALUE"),
        (["make", "x", "--match", "service:shop", "--fixer", DROP.name, "--cool-down", "soon"], "--cool-down"),
        (["set", "1", "--per-hour", "5000"], "1,000"),
        (["show", "999"], "`aiops fixes policies list`"),
        (["set", "999", "--name", "x"], "`aiops fixes policies list`"),
        (["pause", "999"], "`aiops fixes policies list`"),
        (["resume", "999"], "`aiops fixes policies list`"),
        (["delete", "999"], "`aiops fixes policies list`"),
    ],
)
def test_the_shell_says_what_is_wrong_with_a_policy(policies, words, why):
    code, out, err = policies(*words)
    assert (code, out) == (1, "")
    assert why in err
