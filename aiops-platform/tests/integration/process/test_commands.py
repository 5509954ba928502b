import re
import sqlite3
import subprocess
from dataclasses import dataclass

import pytest
from platform_process import COMMAND, Running, environment, eventually, report
from platform_process import aiops as aiops_alone

import aiops_platform
from aiops_platform import cli


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def aiops(capsys):
    """The command, in this process: starting one for each would take longer than all that it does."""

    def run(*words: str) -> Done:
        capsys.readouterr()
        try:
            code = cli.main(words)
        except SystemExit as end:
            code = end.code
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    return run


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    with Running(tmp_path_factory.mktemp("commands") / "data") as platform:
        platform.key()
        yield platform


@pytest.fixture
def command(platform, aiops):
    def run(*words: str) -> str:
        done = aiops(*words, "--data", str(platform.data))
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_without_a_command_it_teaches(aiops):
    done = aiops()

    assert done.returncode == 0
    for taught in ("aiops serve", "aiops signin", "aiops key create", "aiops doctor"):
        assert taught in done.stdout


@pytest.mark.parametrize("words", [("key",), ("token",)])
def test_half_a_command_teaches_too(words, aiops):
    done = aiops(*words)

    assert done.returncode == 0
    assert "create" in done.stdout


@pytest.mark.parametrize("words", [("frobnicate",), ("serve", "--prot", "1"), ("key", "create")])
def test_what_is_not_understood_is_said_with_the_usage(words, aiops):
    done = aiops(*words)

    assert done.returncode == 2
    assert "usage: aiops" in done.stderr


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("serv",), "aiops serve"),
        (("key", "creat"), "aiops key create"),
        (("token", "lst"), "aiops token list"),
        (("serve", "--prot", "1"), "--port"),
        (("signin", "--dat=x", "--dta=x"), "--data"),
    ],
)
def test_a_slip_of_the_finger_is_told_what_may_have_been_meant(words, meant, aiops):
    assert re.search(rf"did you mean `?{meant}`?\?", aiops(*words).stderr)


def test_a_word_that_is_like_nothing_is_told_what_there_is(aiops):
    said = aiops("frobnicate").stderr
    assert "did you mean" not in said
    assert "there are serve, signin, user, project, key" in said


def test_it_says_its_version(aiops):
    assert aiops("--version").stdout == f"aiops-platform {aiops_platform.__version__}\n"


@pytest.mark.parametrize(
    ("words", "unneeded"),
    [
        (["--version"], {"sqlalchemy", "alembic", "cryptography", "uvicorn", "litestar", "asyncio"}),
        (["key", "create", "--help"], {"sqlalchemy", "alembic", "cryptography", "uvicorn", "litestar", "asyncio"}),
        (["key", "create", "shop"], {"uvicorn", "uvloop", "litestar", "jinja2"}),
    ],
)
def test_a_command_imports_no_more_than_it_needs(tmp_path, words, unneeded):
    done = aiops_alone(*words, PYTHONPROFILEIMPORTTIME="1", AIOPS_SERVER_DATA=str(tmp_path / "data"))
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert done.returncode == 0
    assert "aiops_platform" in imported
    assert imported & unneeded == set()


def test_a_key_for_a_folder_that_is_ready_needs_no_migration(tmp_path, aiops):
    aiops("token", "create", "first", "--data", str(tmp_path))
    done = aiops_alone("key", "create", "shop", PYTHONPROFILEIMPORTTIME="1", AIOPS_SERVER_DATA=str(tmp_path))
    assert done.returncode == 0
    assert "sqlalchemy" in done.stderr
    assert "alembic" not in done.stderr


def test_a_key_is_printed_alone_and_works_at_once(platform, command):
    printed = command("key", "create", "night shift")

    assert re.fullmatch(r"aiops_[\w-]{43}\n", printed)
    assert platform.send(key=printed.strip())[0] == 202


def test_keys_are_listed_without_their_text(platform, command):
    key = command("key", "create", "listed").strip()

    platform.send(key=key)
    eventually(lambda: "never" not in line_of("listed", command("key", "list")), "the note of its use")
    assert key not in command("key", "list")
    assert key[6:8] + "…" + key[-2:] in line_of("listed", command("key", "list"))


def test_a_revoked_key_is_refused_soon(platform, command):
    key = command("key", "create", "short-lived").strip()
    assert platform.send(key=key)[0] == 202

    assert "short-lived" in command("key", "revoke", "short-lived")

    eventually(lambda: platform.send(key=key)[0] == 401, "the end of the key")
    assert platform.send()[0] == 202
    assert "revoked" in line_of("short-lived", command("key", "list"))


def test_a_replaced_key_and_the_new_one_both_let_in(platform, command):
    old = command("key", "create", "changing").strip()
    new = command("key", "replace", "changing").strip()

    assert re.fullmatch(r"aiops_[\w-]{43}", new)
    assert {platform.send(key=key)[0] for key in (old, new)} == {202}
    assert "changing (until " in command("key", "list")


def test_a_key_is_revoked_by_its_id_too(command):
    command("key", "create", "by id")

    identity = line_of("by id", command("key", "list")).split()[0]

    assert "by id" in command("key", "revoke", identity)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("key", "revoke", "nobody"), "No key in force is called 'nobody'"),
        (("key", "replace", "nobody"), "No key in force is called 'nobody'"),
        (("token", "revoke", "nobody"), "No token in force is called 'nobody'"),
        (("key", "create", "17"), "could be mistaken for an id"),
        (("key", "create", ""), "Give a name"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(platform, words, why, aiops):
    done = aiops(*words, "--data", str(platform.data))

    assert (done.returncode, done.stdout) == (1, "")
    assert why in done.stderr


def test_two_keys_of_one_name_would_be_confusing(platform, command, aiops):
    command("key", "create", "twin")

    done = aiops("key", "create", "twin", "--data", str(platform.data))

    assert done.returncode == 1
    assert "There is a key named 'twin' already" in done.stderr


def test_tokens_are_made_listed_and_revoked(command):
    token = command("token", "create", "laptop").strip()

    assert re.fullmatch(r"aiopst_[\w-]{43}", token)
    assert token not in command("token", "list")
    command("token", "revoke", "laptop")
    assert "revoked" in line_of("laptop", command("token", "list"))


def test_a_token_may_be_made_to_read_alone(command):
    command("token", "create", "grafana", "--read-only")

    assert " read " in line_of("grafana", command("token", "list"))
    command("token", "create", "acting")
    assert "read and act" in line_of("acting", command("token", "list"))


def test_a_sign_in_link_leads_to_where_the_platform_is(platform, command):
    link = command("signin").strip()

    assert re.fullmatch(re.escape(platform.url) + r"/signin/[\w-]{43}", link)


def test_a_key_can_be_made_before_the_first_start(tmp_path, aiops):
    made = aiops("key", "create", "early", "--data", str(tmp_path / "data"))
    assert "No platform runs on" in made.stderr
    with Running(tmp_path / "data") as platform:
        assert platform.send(key=made.stdout.strip())[0] == 202
        # Nobody has signed in yet, so the first start still says how.
        platform.says(f"{platform.url}/signin/")


def test_a_reader_that_has_enough_is_no_error(platform):
    script = f"{' '.join(COMMAND)} key list --data {platform.data} | head -c 1"
    done = subprocess.run(["bash", "-c", script], env=environment(), capture_output=True, text=True, timeout=30)

    assert done.stderr == ""


def test_the_doctor_finds_a_running_platform_well(command):
    found = command("doctor")

    assert "TO DO" not in found
    for about in ("folder", "disk", "door", "worker", "intake", "secret"):
        assert about in found


def test_the_doctor_says_that_nothing_was_ever_started(tmp_path, aiops):
    done = aiops("doctor", "--data", str(tmp_path / "nothing"))

    assert done.returncode == 1
    assert "aiops serve" in done.stdout
    assert not (tmp_path / "nothing").exists()


def test_nothing_is_migrated_where_nothing_is(tmp_path, aiops):
    done = aiops("migrate", "--data", str(tmp_path / "slip"))

    assert done.returncode == 1
    assert "No platform was ever started on" in done.stderr
    assert not (tmp_path / "slip").exists()


def test_a_slip_in_the_name_of_a_setting_is_said_once(tmp_path):
    done = aiops_alone("migrate", "--data", str(tmp_path / "slip"), AIOPS_SERVER_MAX_INTAK="5")

    assert done.stderr.count("AIOPS_SERVER_MAX_INTAK is no setting: is AIOPS_SERVER_MAX_INTAKE meant?") == 1


def test_the_doctor_does_not_speak_of_a_key_where_there_is_none(tmp_path, aiops):
    aiops("token", "create", "reader", "--data", str(tmp_path))

    done = aiops("doctor", "--data", str(tmp_path))

    assert done.returncode == 0
    assert "newest key" not in done.stdout
    assert re.search("note +secret +no key was made with it yet: `aiops key create NAME`", done.stdout)


def test_the_doctor_finds_a_lost_secret(tmp_path, aiops):
    aiops("key", "create", "shop", "--data", str(tmp_path))
    (tmp_path / "secret.key").unlink()
    missing = aiops("doctor", "--data", str(tmp_path))
    (tmp_path / "secret.key").write_text("x" * 43)
    wrong = aiops("doctor", "--data", str(tmp_path))

    assert (missing.returncode, wrong.returncode) == (1, 1)
    assert "secret.key is missing" in missing.stdout
    assert "is not what the newest key was made with" in wrong.stdout


def test_the_doctor_finds_reports_that_nobody_digests(tmp_path, aiops):
    with Running(tmp_path, "api") as door:
        key = aiops("key", "create", "shop", "--data", str(tmp_path)).stdout.strip()
        assert report(door.own_address(), key)[0] == 202
        with sqlite3.connect(tmp_path / "intake.db") as connection:
            connection.execute("UPDATE parcels SET received_at = received_at - 100000000")
        connection.close()

        done = aiops("doctor", "--data", str(tmp_path))

    assert done.returncode == 1
    assert "1 report waits, the oldest for" in done.stdout
    assert re.search("TO DO +worker", done.stdout)


def line_of(name: str, table: str) -> str:
    found = [line for line in table.splitlines() if name in line]
    assert len(found) == 1, table
    return found[0]
