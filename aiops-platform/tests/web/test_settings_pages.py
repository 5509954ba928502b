"""Settings: a project's own rules for grouping are tried and kept, and more is made secret, on pages and by programs."""

import re

import pytest
from scenes import HARM

from aiops_platform.core.access import SESSION_COOKIE
from aiops_platform.core.group_rules.notation import LONGEST
from aiops_platform.web.origin import token_for

PAGE = "/settings/grouping"
RULES = "/api/v1/group-rules"


@pytest.fixture
def send(client):
    def post(rules, do="try", csrf=None):
        token = token_for(client.cookies[SESSION_COOKIE]) if csrf is None else csrf
        return client.post(PAGE, data={"csrf": token, "rules": rules, "do": do})

    return post


@pytest.fixture
def token(site, client):
    made = site.access.create_token(site.project, "test", site.seeds.now)
    return {"Authorization": f"Bearer {made}"}


def plant(site, *queues):
    """Events of one incident, each with a queue as its tag."""
    service = site.seeds.service(site.project)
    incident = site.seeds.incident(site.project, service)
    for number, queue in enumerate(queues):
        body = {"signal_type": "exception", "service": "shop", "error_type": "E", "message": f"no {number}"}
        site.seeds.event(incident, body | {"tags": {"queue": queue}})
    return incident


def test_settings_begin_with_the_rules_for_grouping(client):
    assert client.get("/settings").headers["location"] == PAGE
    page = client.get(PAGE)
    assert page.status_code == 200
    assert 'href="/settings" aria-current="page"' in page.text


def test_rules_are_tried_and_nothing_is_changed(site, client, send):
    incident = plant(site, "mail", "web", "mail")
    page = send("type:E -> {{ tag.queue }}\ntype:F -> f").text
    assert "last 3 stored events" in page
    assert "<b>3 events</b>, now in 1 incident (" in page
    assert f'<a href="/incidents/{incident}">#{incident}</a>), and make 2 incidents.' in page
    assert re.search(r"<summary>1 rule would match none of them</summary>\s*<ol.*?type:F -&gt; f", page)
    assert "type:F -&gt; f</textarea>" in page
    assert site.reads.group_rules(site.project) == ""


def test_rules_are_kept_and_shown(site, client, send):
    answer = send("# mine\r\ntype:E -> e\r\n", do="save")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?saved")
    page = client.get(answer.headers["location"]).text
    assert 'data-testid="saved"' in page
    assert "# mine\ntype:E -&gt; e</textarea>" in page
    assert site.reads.group_rules(site.project) == "# mine\ntype:E -> e"


def test_wrong_rules_are_said_line_by_line_and_what_was_written_is_not_lost(site, send):
    for do in ("try", "save"):
        page = send("type:E -> e\ntyp:E -> e\nnonsense", do=do).text
        assert "<b>Line 2.</b> <bdi>There is no field `typ`." in page
        assert "<b>Line 3.</b>" in page
        assert "nonsense</textarea>" in page
        assert 'data-testid="tried"' not in page
    assert site.reads.group_rules(site.project) == ""


def test_where_nothing_is_stored_and_where_there_is_no_rule_the_page_says_so(site, send):
    assert "No event is stored yet" in send("type:E -> e").text
    plant(site, "mail")
    assert "no rule among these lines" in send("# nothing").text


def test_rules_are_never_markup(site, send):
    page = send(f'message:"{HARM[:60].replace(chr(34), "")}" -> x\n{HARM}').text
    assert "<img" not in page
    assert "<script>window" not in page


def test_another_projects_rules_and_events_stay_its_own(site, client, send):
    other = site.seeds.project("other")
    site.seeds.event(site.seeds.incident(other, site.seeds.service(other, "till")))
    assert "No event is stored yet" in send("type:* -> e").text
    send("type:E -> e", do="save")
    assert site.reads.group_rules(other) == ""


def test_a_stranger_sees_and_changes_nothing(site, stranger, send):
    assert stranger.get(PAGE).headers["location"] == f"/signin?next={PAGE}"
    assert stranger.post(PAGE, data={"rules": "type:E -> e", "do": "save"}).status_code in (303, 401, 403)
    assert send("type:E -> e", do="save", csrf="x").status_code == 403
    assert site.reads.group_rules(site.project) == ""


def test_as_many_rules_as_there_may_be_fit_into_the_form(site, client):
    line = f'message:"{"🧨" * 150}" -> x\n'
    text = line * (LONGEST // len(line))
    said = {"csrf": token_for(client.cookies[SESSION_COOKIE]), "rules": text, "do": "save"}
    assert client.post(PAGE, files={name: (None, value) for name, value in said.items()}).status_code == 303
    assert site.reads.group_rules(site.project) == text.strip()


def test_programs_read_try_and_set_rules(site, stranger, token):
    incident = plant(site, "mail", "web")
    rules = {"text": "# mine\ntype:E -> {{ tag.queue }}"}
    tried = stranger.post(f"{RULES}/try", json=rules, headers=token)
    assert tried.json() == {
        "looked": 2,
        "rules": [
            {
                "line": 2,
                "text": "type:E -> {{ tag.queue }}",
                "events": 2,
                "incidents": 1,
                "becoming": 2,
                "examples": [incident],
            }
        ],
    }
    assert stranger.get(RULES, headers=token).json() == {"text": "", "rules": []}
    kept = {**rules, "rules": [{"line": 2, "text": "type:E -> {{ tag.queue }}"}]}
    assert stranger.put(RULES, json=rules, headers=token).json() == kept
    assert stranger.get(RULES, headers=token).json() == kept


def test_programs_are_told_what_is_wrong(stranger, client, token):
    for method, path in (("PUT", RULES), ("POST", f"{RULES}/try")):
        answer = stranger.request(method, path, json={"text": "type:E -> e\nnonsense"}, headers=token)
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
        assert [error["name"] for error in answer.json()["errors"]] == ["line 2"]
        for body in (b"{}", b'{"text": 7}', b"[]", b'{"text": ', b'{"text": "\xff"}', b"[" * 30_000):
            answer = stranger.request(method, path, content=body, headers=token)
            assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
        assert stranger.request(method, path, json={"text": ""}).status_code == 401
    # A browser's session may read, and not set them by the API.
    assert client.get(RULES).status_code == 200
    assert client.put(RULES, json={"text": ""}).status_code == 401


SECRETS = "/settings/secrets"


@pytest.fixture
def press(client):
    return lambda path, **said: client.post(path, data={"csrf": token_for(client.cookies[SESSION_COOKIE]), **said})


def removals(page):
    return re.findall(r'action="(/settings/secrets/\w+/remove)"', page.text)


def test_what_else_is_secret_is_added_shown_and_taken_away(site, client, press):
    assert "Nothing was added" in client.get(SECRETS).text
    assert press(SECRETS, kind="name", text=" iban ").headers["location"] == f"{SECRETS}?saved"
    assert press(SECRETS, kind="value", text="Rumpelstilzchen").status_code == 303
    page = client.get(f"{SECRETS}?saved")
    assert page.text.count('data-testid="secret"') == 2
    assert "Rumpelstilzchen" not in page.text
    assert "Ru… (15 characters)" in page.text
    assert press(removals(page)[1]).status_code == 303
    page = client.get(SECRETS)
    assert page.text.count('data-testid="secret"') == 1
    assert "<bdi>iban</bdi>" in page.text
    assert press(removals(page)[0]).status_code == press(removals(page)[0]).status_code == 303
    assert "Nothing was added" in client.get(SECRETS).text


REFUSED = (
    ("name", "id", "3 to 1000 characters"),
    ("value", "q-z", "4 to 1000"),
    ("value", "q-z\x00q-z", "no report can hold"),
)


def test_what_would_hide_nearly_everything_or_nothing_is_refused(client, press):
    for kind, text, said in REFUSED:
        answer = press(SECRETS, kind=kind, text=text)
        assert answer.status_code == 422
        assert said in answer.text
        assert ('value="id"' in answer.text) is (kind == "name")
        assert "q-z" not in answer.text
    assert "Nothing was added" in client.get(SECRETS).text


def test_secrets_of_another_project_are_its_own_and_a_stranger_sees_none(site, client, stranger, press):
    press(SECRETS, kind="value", text="Rumpelstilzchen")
    (removal,) = removals(client.get(SECRETS))
    other = stranger.get(SECRETS)
    assert other.headers["location"] == f"/signin?next={SECRETS}"
    assert stranger.post(removal).status_code in (303, 401, 403)
    assert client.post(SECRETS, data={"csrf": "x", "kind": "name", "text": "iban"}).status_code == 403
    assert len(removals(client.get(SECRETS))) == 1


def test_the_mark_of_a_secret_is_another_in_each_session(site, client, press):
    press(SECRETS, kind="value", text="Rumpelstilzchen")
    first = removals(client.get(SECRETS))
    client.cookies.clear()
    client.cookies.set(SESSION_COOKIE, site.session())
    (second,) = removals(client.get(SECRETS))
    assert second not in first
