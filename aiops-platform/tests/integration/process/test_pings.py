"""Jobs that ping, at the platform as it really runs: what stands in a crontab, until an incident is opened and resolved."""

import json
import shutil
import subprocess
import urllib.error
import urllib.request
from uuid import uuid4

import pytest
from platform_process import COMMAND, DEADLINE, OPENER, Running, eventually

from aiops_platform import cli


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    with Running(tmp_path_factory.mktemp("pings") / "data") as platform:
        platform.key()
        yield platform


@pytest.fixture
def aiops(platform, capsys):
    def run(*words, code=0):
        capsys.readouterr()
        assert cli.main([*words, "--data", str(platform.data)]) == code
        said = capsys.readouterr()
        return said.err if code else said.out

    return run


@pytest.fixture(scope="module")
def keys(platform):
    """A ping key and an API token."""
    made = []
    for words in (("key", "create", "crontab", "--ping"), ("token", "create", "program")):
        done = subprocess.run(
            [*COMMAND, *words, "--data", str(platform.data)],
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=True,
        )
        made.append(done.stdout.strip())
    return made


@pytest.fixture
def ping(platform, keys):
    def send(what, *, key=keys[0], method="GET", body=None):
        address = f"{platform.url}/ping/{key}/{what}"
        request = urllib.request.Request(address, data=body, method=method)
        try:
            with OPENER.open(request, timeout=DEADLINE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    return send


@pytest.fixture
def api(platform, keys):
    def ask(path, method="GET", body=None):
        headers = {"Authorization": f"Bearer {keys[1]}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{platform.url}/api/v1{path}", data=data, method=method, headers=headers)
        with OPENER.open(request, timeout=DEADLINE) as answer:
            return json.loads(answer.read())

    return ask


@pytest.fixture
def job(api):
    """A job by its name, once it is there and as it is to be."""

    def found(name, is_so=bool):
        def look():
            jobs = {each["name"]: each for each in api("/jobs?per_page=100")["items"]}
            return name in jobs and is_so(jobs[name]) and jobs[name]

        return eventually(look, f"the job {name}")

    return found


@pytest.fixture
def incident(api):
    def found(name, state):
        def look():
            items = api("/incidents?state=all&per_page=100")["items"]
            return next(
                (each for each in items if each["kind"] == "job" and each["place"] == name and each["state"] == state),
                None,
            )

        return eventually(look, f"the {state} incident of {name}")

    return found


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_what_stands_in_a_crontab_does_it(platform, keys, job):
    line = f'url={platform.url}/ping/{keys[0]}/backup; curl -fsS "$url/start"; sh -c "echo disk full; exit 3" 2>&1 | curl -fsS --data-binary @- "$url/3"'
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "OK\nOK\n", "")
    run = job("backup", lambda each: each["outcome"] == "failed")["runs"][0]
    assert (run["exit_status"], run["has_output"]) == (3, True)
    assert run["duration"] > 0


def test_a_failure_opens_an_incident_that_a_good_run_resolves(ping, job, incident, api):
    assert ping("report/7", method="POST", body=b"no room\n") == (200, "OK\n")
    opened = incident("report", "open")
    assert (opened["type"], opened["message"]) == ("JobFailed", "report failed with exit status 7")
    made = job("report")
    run = api(f"/jobs/{made['id']}/runs/{made['runs'][0]['run_id']}")
    assert run["output"] == "no room\n"
    assert ping("report", method="HEAD") == (200, "")
    assert incident("report", "resolved")["id"] == opened["id"]


def test_what_does_not_come_is_missed_and_what_does_not_end_is_too_long(ping, job, incident, api):
    assert ping("clock")[0] == ping("slow")[0] == 200
    clock, slow = job("clock"), job("slow")
    api(f"/jobs/{clock['id']}", "PUT", {"settings": {"every": 1, "grace": 0.5}})
    api(f"/jobs/{slow['id']}", "PUT", {"settings": {"max_run": 0.5}})
    one, two = uuid4(), uuid4()
    assert ping(f"slow/start?rid={one}")[0] == ping(f"slow/start?rid={two}")[0] == ping(f"slow?rid={two}")[0] == 200
    assert "did not start: expected" in incident("clock", "open")["message"]
    assert "0.5 s" in incident("slow", "open")["message"]
    states = {each["run_id"]: each["state"] for each in job("slow")["runs"]}
    assert (states[str(one)], states[str(two)]) == ("started", "succeeded")
    # A longer period, so that the good run stands.
    api(f"/jobs/{clock['id']}", "PUT", {"settings": {"every": 3600}})
    ping("clock")
    incident("clock", "resolved")


def test_nobody_pings_without_a_key(ping, platform, aiops):
    assert ping("backup", key="aiopsp_" + "x" * 43) == (404, "not found\n")
    assert ping("backup", key=platform.key()) == (404, "not found\n")
    made = aiops("key", "create", "short", "--ping").strip()
    assert ping("brief", key=made)[0] == 200
    aiops("key", "revoke", "short")
    eventually(lambda: ping("brief", key=made)[0] == 404, "the end of the key")


def test_a_ping_key_reports_and_reads_nothing(platform, keys):
    for path in ("/v1/sdk/exception", "/v1/sdk/heartbeat", "/v1/sdk/job"):
        assert platform.send(key=keys[0], path=path)[0] == 401
    for path in ("/api/v1/incidents", "/api/v1/deploys"):
        request = urllib.request.Request(platform.url + path, headers={"Authorization": f"Bearer {keys[0]}"})
        with pytest.raises(urllib.error.HTTPError) as refused, OPENER.open(request, timeout=DEADLINE):
            pass
        assert refused.value.code == 401


@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_a_shell_shows_jobs_and_pauses_them(where, platform, keys, ping, job, capsys, monkeypatch):
    monkeypatch.setenv("AIOPS_TOKEN", keys[1])
    place = ["--data", str(platform.data)] if where == "here" else ["--url", platform.url]

    def aiops(*words, code=0):
        capsys.readouterr()
        assert cli.main(["jobs", *words, *place]) == code
        said = capsys.readouterr()
        return said.err if code else said.out

    ping(f"{where}/fail")
    number = str(job(where, lambda each: each["outcome"] == "failed")["id"])
    assert "Failed" in next(line for line in aiops("list").splitlines() if f"  {where}  " in line)
    shown = aiops("show", number)
    assert f"{where} of jobs in production" in shown
    assert "stands: Failed" in shown
    assert aiops("pause", number) == f"Job {number} is paused.\n"
    assert json.loads(aiops("show", number, "--json"))["paused_at"]
    assert aiops("resume", number) == f"Job {number} is judged again.\n"
    assert "There is no job 999999" in aiops("pause", "999999", code=1)
    assert aiops("delete", number) == f"Job {number} is deleted.\n"
    assert "There is no job" in aiops("show", number, code=1)
