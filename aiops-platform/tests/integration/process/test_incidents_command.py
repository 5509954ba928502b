"""`aiops incidents`: what is broken is seen and settled from a shell, also while the platform runs."""

import json
import queue
import subprocess
import sys
import threading
from contextlib import suppress

import pytest
from platform_process import Running, eventually

from aiops_platform import cli


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    with Running(tmp_path_factory.mktemp("incidents") / "data") as platform:
        for message, service in (("no stock", "shop"), ("no money\x1b[31m" + "x" * 500, "billing")):
            body = {"signal_type": "log_error", "service": service, "environment": "test", "message": message}
            assert platform.send(body)[0] == 202
        yield platform


@pytest.fixture(scope="module")
def token(platform):
    command = [sys.executable, "-m", "aiops_platform.cli", "token", "create", "shell", "--data", str(platform.data)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip()


@pytest.fixture(params=["here", "elsewhere"])
def aiops(request, platform, token, capsys, monkeypatch):
    monkeypatch.setenv("AIOPS_TOKEN", token)
    place = ["--data", str(platform.data)] if request.param == "here" else ["--url", platform.url]

    def run(*words, fails=False):
        capsys.readouterr()
        code = cli.main([*words, *place])
        said = capsys.readouterr()
        assert (code != 0) is fails, said.err
        return said.err if fails else said.out

    return run


@pytest.fixture
def numbers(aiops):
    """Of the incidents, by their service, once both were digested."""

    def listed():
        rows = [json.loads(line) for line in aiops("incidents", "list", "--state", "all", "--json").splitlines()]
        return {row["service"]: row["id"] for row in rows} if len(rows) == 2 else None

    return eventually(listed, "two incidents")


def test_they_are_listed_a_line_each_and_found(aiops, numbers):
    lines = aiops("incidents", "list").splitlines()
    assert len(lines) == 2
    assert all(len(line) <= 200 and "\x1b" not in line for line in lines)
    (shop,) = aiops("incidents", "list", "--service", "shop").splitlines()
    assert shop.split()[:2] == [str(numbers["shop"]), "open"]
    assert "no stock" in shop
    assert len(aiops("incidents", "list", "--text", "money").splitlines()) == 1
    assert aiops("incidents", "list", "--text", "nothing like it") == ""
    assert len(aiops("incidents", "list", "--most", "1").splitlines()) == 1


def test_they_are_found_in_the_language_of_the_pages(aiops, numbers):
    assert "no stock" in aiops("incidents", "list", "service:shop", "!type:x")
    assert len(aiops("incidents", "list", "stock OR money", "--sort", "matters", "--from", "24h").splitlines()) == 2
    (row,) = aiops("incidents", "list", "state:open money", "--json").splitlines()
    assert json.loads(row)["id"] == numbers["billing"]
    assert aiops("incidents", "list", "is:muted") == ""
    said = aiops("incidents", "list", "service:shop", "servce:x", fails=True)
    assert "did you mean `service:`?" in said
    assert "\n  service:shop servce:x\n               ^\n" in said


def test_a_platform_elsewhere_is_asked_with_a_token(platform, capsys, monkeypatch):
    monkeypatch.delenv("AIOPS_TOKEN", raising=False)
    assert cli.main(["incidents", "list", "--url", platform.url]) == 1
    assert "Set AIOPS_TOKEN" in capsys.readouterr().err
    monkeypatch.setenv("AIOPS_TOKEN", "aiopst_unknown")
    assert cli.main(["incidents", "list", "--url", platform.url]) == 1
    assert "unknown or revoked" in capsys.readouterr().err


def test_what_comes_is_told_as_it_comes(platform, numbers):
    tail = ["incidents", "tail", "service:shop", "--data", str(platform.data)]
    command = [sys.executable, "-m", "aiops_platform.cli", *tail]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as tail:
        try:
            lines: queue.Queue[str] = queue.Queue()
            threading.Thread(target=lambda: [lines.put(line) for line in tail.stdout], daemon=True).start()

            def told():
                platform.send(
                    {"signal_type": "log_error", "service": "shop", "environment": "test", "message": "no stock"}
                )
                with suppress(queue.Empty):
                    return lines.get(timeout=1)

            line = eventually(told, "a line of what came")
        finally:
            tail.kill()
    assert line.split()[0] == str(numbers["shop"])


def test_one_is_shown_as_markdown_and_as_json(aiops, numbers, platform):
    text = aiops("incidents", "show", str(numbers["shop"]))
    assert "`no stock`" in text
    assert text.endswith(f"<{platform.url}/incidents/{numbers['shop']}>\n")
    told = json.loads(aiops("incidents", "show", str(numbers["billing"]), "--json"))
    assert told["event"]["service"] == told["incident"]["service"] == "billing"


def test_they_are_settled_and_opened_again(aiops, numbers):
    both = [str(number) for number in numbers.values()]
    assert aiops("incidents", "resolve", *both).count("is resolved") == 2
    assert aiops("incidents", "list") == ""
    assert len(aiops("incidents", "list", "--state", "resolved").splitlines()) == 2
    assert "is open again" in aiops("incidents", "reopen", both[0])
    assert "is muted" in aiops("incidents", "mute", both[0])
    assert len(aiops("incidents", "list", "--state", "muted").splitlines()) == 1


def test_they_are_settled_on_terms_and_said_something_about(aiops, numbers):
    one, other = (str(number) for number in numbers.values())
    assert "is resolved in the next release" in aiops("incidents", "resolve", one, "--in-next")
    assert "is resolved in 2.0" in aiops("incidents", "resolve", one, "--in", "2.0")
    muted = aiops("incidents", "mute", one, "--for", "8h", "--events", "100", "--within", "1h", "--next-release")
    assert "is muted for a while" in muted
    assert "has a comment more" in aiops("incidents", "comment", one, "seen", "it")
    assert "a time that is to come" in aiops("incidents", "mute", one, "--until", "2020-01-01", fails=True)
    with pytest.raises(SystemExit):
        aiops("incidents", "resolve", one, "--in-next", "--in", "2.0")
    assert "of one service" in aiops("incidents", "merge", one, other, "--why", "the same", fails=True)
    assert "is by itself" in aiops("incidents", "unmerge", other)


@pytest.mark.parametrize("verb", ["show", "resolve", "mute", "reopen", "unassign", "delete", "unmerge"])
def test_one_that_is_not_there_is_said(aiops, verb):
    assert "There is no incident 999: `aiops incidents list" in aiops("incidents", verb, "999", fails=True)


def test_they_are_given_to_somebody_and_taken_back(aiops, numbers, platform):
    add = ["user", "add", "ana@example.com", "--name", "Ana Lee", "--data", str(platform.data)]
    cli.main(add)
    one = str(numbers["shop"])
    assert "is for ana lee" in aiops("incidents", "assign", one, "--to", "ana lee")
    assert aiops("incidents", "list", "assigned:Ana*", "--state", "all", "--json").count("\n") == 1
    said = aiops("incidents", "assign", one, "--to", "nobody", fails=True)
    assert "There is no 'nobody' in the project; there are " in said
    assert "Ana Lee (" in said
    assert json.loads(aiops("incidents", "unassign", one, "--json")) == {"id": numbers["shop"], "done": "is for nobody"}
    assert aiops("incidents", "list", "assigned:Ana*", "--state", "all") == ""


def test_all_that_match_are_changed_at_once_and_back(aiops, numbers):
    aiops("incidents", "reopen", *(str(number) for number in numbers.values()))
    asked = aiops("incidents", "resolve", "--all", "stock OR money", fails=True)
    assert "2 incidents match: --yes does it" in asked
    assert "no stock" in asked
    done = json.loads(aiops("incidents", "resolve", "--all", "stock OR money", "--yes", "--json"))
    assert (done["meant"], done["changed"]) == (2, 2)
    assert aiops("incidents", "list") == ""
    assert "2 stand as before" in aiops("incidents", "undo", done["undo"])
    assert len(aiops("incidents", "list").splitlines()) == 2
    told = aiops("incidents", "mute", "--all", "service:shop", "--for", "8h", "--yes")
    assert "1 changed" in told
    assert f"undo it within 15 minutes with: aiops incidents undo {told.split()[-1]}" in told
    assert json.loads(aiops("incidents", "undo", told.split()[-1], "--json")) == {"restored": 1, "left": 0}
    assert "aiops incidents show" in aiops("incidents", "undo", "ff", fails=True)


def test_what_is_deleted_is_gone_and_comes_back(aiops, numbers):
    one = str(numbers["shop"])
    aiops("incidents", "reopen", one)
    done = json.loads(aiops("incidents", "delete", "--all", "service:shop", "--yes", "--json"))
    try:
        assert "There is no incident" in aiops("incidents", "delete", one, fails=True)
        assert "Nothing like that is there" in aiops("incidents", "mute", "--all", "stock", "--yes", fails=True)
    finally:
        assert "1 stand as before" in aiops("incidents", "undo", done["undo"])


def test_which_are_meant_has_to_be_said_once(aiops, numbers):
    assert "Say which" in aiops("incidents", "resolve", fails=True)
    assert "Say which" in aiops("incidents", "resolve", "1", "--all", "x", fails=True)
    assert "\n  servce:x\n  ^" in aiops("incidents", "resolve", "--all", "servce:x", fails=True)
