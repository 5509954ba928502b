"""`aiops user` and `aiops project`, on a folder as a platform leaves it."""

import io
import re
from dataclasses import dataclass

import pytest

from aiops_platform import assembly, cli
from aiops_platform.core.people import Role
from aiops_platform.process.clock import utc_now
from aiops_platform.settings import Settings

ANA, GOOD = "ana@example.com", "blue horse lamp"


@dataclass
class Done:
    code: int
    out: str
    err: str


@pytest.fixture
def data(tmp_path):
    with assembly.opened(Settings.load({"data": tmp_path / "data"}, {})):
        return tmp_path / "data"


@pytest.fixture
def opened(data):
    with assembly.opened(Settings.load({"data": data}, {})) as platform:
        yield platform


@pytest.fixture
def aiops(data, capsys, monkeypatch):
    """The command, in this process."""

    def run(*words, typed=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        capsys.readouterr()
        code = cli.main([*words, "--data", str(data)])
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    return run


def test_somebody_is_added_gets_a_password_another_role_and_goes(aiops, opened):
    people = assembly.people(opened)
    assert aiops("user", "add", "Ana@Example.com", "--name", "Ana Lee", "--role", "admin").code == 0
    assert aiops("user", "password", ANA, typed=GOOD + "\n").code == 0
    ana = people.knows_password(ANA, GOOD)
    assert ana.name == "Ana Lee"
    assert re.search(rf"Ana Lee +{ANA} +admin +password +never", aiops("user", "list").out)
    aiops("user", "add", "bo@example.com")
    assert aiops("user", "role", "bo@example.com", "admin").out == "bo is an admin now\n"
    assert aiops("user", "remove", str(ana.id)).code == 0
    assert [member.user.name for member in people.members(opened.project_id)] == ["bo"]


def test_a_forgotten_password_is_replaced_by_a_link(aiops, opened):
    people = assembly.people(opened)
    aiops("user", "add", ANA)
    aiops("user", "password", ANA, typed=GOOD + "\n")
    link = aiops("user", "password", ANA, "--link").out.strip().rpartition("/")[2]
    assert people.knows_password(ANA, GOOD) is None
    session = opened.access.session(opened.access.sign_in(link, utc_now()), utc_now())
    assert (session.user.email, session.user.has_password) == (ANA, False)


def test_a_link_signs_somebody_in_by_name_or_the_first_admin(aiops, opened):
    aiops("user", "add", ANA, "--role", "viewer")
    links = [aiops("signin", *words).out.strip().rpartition("/")[2] for words in ((), ("--user", ANA))]
    roles = [opened.access.session(opened.access.sign_in(link, utc_now()), utc_now()).role for link in links]
    assert roles == [Role.ADMIN, Role.VIEWER]


def test_an_invitation_is_printed_alone(aiops, opened):
    link = aiops("user", "invite", ANA, "--role", "viewer").out.strip()
    found = assembly.people(opened).invitation(link.rpartition("/invited/")[2], utc_now())
    assert (found.email, found.role, found.by) == (ANA, Role.VIEWER, "the command line")


def test_what_is_done_in_one_project_stays_there(aiops):
    assert aiops("project", "add", "Web shop").out == "web-shop\n"
    assert aiops("key", "create", "shop", "--project", "web-shop").code == 0
    assert "shop" in aiops("key", "list", "--project", "web-shop").out
    assert "shop" not in aiops("key", "list").out
    assert aiops("project", "rename", "web-shop", "Shop").out == "web-shop is called Shop now\n"
    assert re.search(r"default +Default\nweb-shop +Shop\n", aiops("project", "list").out)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("user", "role", "eve@example.com", "admin"), "aiops user list"),
        (("user", "add", "eve"), "such as 'ana@example.com'"),
        (("user", "password", ANA), "10 characters"),
        (("user", "remove", ANA), "last admin"),
        (("key", "list", "--project", "nope"), "aiops project list"),
        (("project", "rename", "nope", "x"), "aiops project list"),
        (("project", "add", "default"), "already"),
        (("signin", "--user", "9" * 30), "aiops user list"),
    ],
)
def test_what_cannot_be_says_what_to_do(aiops, words, said):
    aiops("user", "add", ANA, "--role", "admin")
    done = aiops(*words)
    assert done.code == 1
    assert said in done.err
