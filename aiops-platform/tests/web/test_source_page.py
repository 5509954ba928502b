"""The repository's template is set by admins, and makes links of the application's own calls."""

from aiops_platform.core.source_links import SourceLink
from aiops_platform.storage.insights import SqlInsights

TEMPLATE = "https://git.example.com/shop/blob/{release}/{path}#L{line}"


def post(client, site, **fields):
    page = client.get("/settings/source").text
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    return client.post("/settings/source", data={"csrf": csrf, **fields}, headers={"Origin": site.url})


def test_a_template_makes_links_of_own_calls_only(client, site):
    assert post(client, site, template=TEMPLATE, root="/srv/shop").status_code == 303
    frames = [
        {"file": "/usr/lib/flask/app.py", "function": "dispatch", "line": 7, "in_app": False},
        {"file": "/srv/shop/till.py", "function": "count", "line": 16, "in_app": True},
    ]
    body = {"signal_type": "exception", "release": "2026.11", "exceptions": [{"type": "E", "frames": frames}]}
    incident = site.seeds.incident(site.project, site.seeds.service(site.project))
    site.seeds.event(incident, body)
    page = client.get(f"/incidents/{incident}").text
    assert 'href="https://git.example.com/shop/blob/2026.11/till.py#L16"' in page
    assert page.count('data-testid="source-link"') == 1


def test_a_template_that_is_wrong_stays_in_the_form(client, site):
    answer = post(client, site, template="http://x.example/{path}", root="/srv")
    assert answer.status_code == 400
    assert "https://" in answer.text
    assert 'value="http://x.example/{path}"' in answer.text
    assert SqlInsights(site.seeds.database).source_link(site.project) is None


def test_an_empty_template_ends_it(client, site):
    insights = SqlInsights(site.seeds.database)
    insights.keep_source_link(site.project, SourceLink(TEMPLATE, ""))
    assert post(client, site, template=" ", root="").status_code == 303
    assert insights.source_link(site.project) is None


def test_strangers_and_forged_forms_change_nothing(client, stranger, site):
    assert stranger.get("/settings/source").headers["location"].startswith("/signin")
    assert client.post("/settings/source", data={"template": TEMPLATE}, headers={"Origin": site.url}).status_code == 403
