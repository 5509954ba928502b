"""The pages as any client gets them: who is let in, what is refused, what is shown, and how long it gets."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scenes import HARM, plant_busy, plant_harm, plant_too_much, spoil

from aiops_platform.core.access import SESSION_COOKIE
from aiops_platform.core.incident import IncidentState
from aiops_platform.core.snippet import steps
from aiops_platform.web.origin import token_for

MOST_BYTES = 100_000
BEHIND_SIGN_IN = [
    "/",
    "/incidents",
    "/incidents/1",
    "/services",
    "/jobs",
    "/jobs/1",
    "/setup",
    "/settings",
    "/settings/grouping",
    "/settings/secrets",
    "/settings/channels",
    "/settings/channels/new/ntfy",
    "/settings/keys",
    "/settings/sessions",
    "/settings/people",
    "/settings/projects",
    "/settings/tokens",
    "/account",
    "/nav",
    "/incidents/1/events/1/whole",
    "/incidents/1/events/1/ticket",
    "/incidents/1/events/1/curl",
]


def csrf_of(client):
    return token_for(client.cookies[SESSION_COOKIE])


@pytest.mark.parametrize("path", BEHIND_SIGN_IN)
def test_a_stranger_is_led_to_the_sign_in_page(stranger, path):
    answer = stranger.get(path)
    back = "" if path == "/" else f"?next={path}"
    assert (answer.status_code, answer.headers["location"]) == (303, f"/signin{back}")


def test_htmx_is_told_that_nobody_is_signed_in_and_the_page_stays_for_what_is_typed_in_it(stranger):
    answer = stranger.get("/incidents", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.text) == (401, "")
    assert not {"hx-redirect", "location"} & set(answer.headers)


@pytest.mark.parametrize("path", ["/incidents/1/resolve", "/setup/key", "/signout"])
def test_a_stranger_changes_nothing(stranger, path):
    assert stranger.post(path, data={"csrf": "x"}).status_code == 303


def test_a_sign_in_link_works_once(site, stranger):
    link = site.signin_url()
    first = stranger.get(link)
    assert (first.status_code, first.headers["location"]) == (303, "/")
    cookie = first.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=lax", "path=/", "max-age=2592000"))
    assert stranger.get("/incidents").status_code == 200
    stranger.cookies.clear()
    second = stranger.get(link)
    assert second.status_code == 410
    assert "aiops signin" in second.text


def test_who_is_in_already_is_not_turned_away_by_an_old_link(client, site):
    link = site.signin_url()
    client.get(link)
    assert client.get(link).headers["location"] == "/"
    assert client.get("/signin").headers["location"] == "/"


def test_a_browser_that_fetches_ahead_does_not_use_a_link_up(site, stranger):
    link = site.signin_url()
    assert stranger.get(link, headers={"Sec-Purpose": "prefetch;prerender"}).status_code == 503
    assert stranger.get(link).status_code == 303


def test_signing_out_ends_the_session_for_good(client, stranger):
    stranger.cookies[SESSION_COOKIE] = client.cookies[SESSION_COOKIE]
    assert stranger.get("/incidents").status_code == 200
    answer = client.post("/signout", data={"csrf": csrf_of(client)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/signin")
    assert stranger.get("/incidents").status_code == 303


@pytest.mark.parametrize(
    ("headers", "form"),
    [
        ({}, {}),
        ({}, {"csrf": "wrong"}),
        ({"Sec-Fetch-Site": "cross-site"}, None),
        ({"Origin": "https://evil.example"}, None),
        ({"Origin": "null"}, None),
    ],
)
def test_a_change_that_our_page_did_not_ask_for_is_refused(client, site, headers, form):
    incident = site.seeds.incident(site.project, site.seeds.service(site.project))
    form = {"csrf": csrf_of(client)} if form is None else form
    assert client.post(f"/incidents/{incident}/resolve", data=form, headers=headers).status_code == 403
    assert site.reads.incident(site.project, incident, site.seeds.now).row.state is IncidentState.OPEN


def test_a_change_may_carry_its_token_in_a_header(client, site):
    incident = site.seeds.incident(site.project, site.seeds.service(site.project))
    headers = {"X-CSRF-Token": csrf_of(client)}
    assert client.post(f"/incidents/{incident}/resolve", headers=headers).status_code == 303
    assert site.reads.incident(site.project, incident, site.seeds.now).row.state is IncidentState.RESOLVED


@pytest.mark.parametrize(
    "path", ["/incidents", "/signin", "/nowhere", "/static/aiops.css", "/health", "/api/v1/incidents", "/api/docs"]
)
def test_every_answer_carries_the_security_headers(client, path):
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
def test_a_stream_can_only_be_got(client, method):
    answer = client.request(method, "/live")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize("origin", ["http://[", "null", "http://"])
def test_an_origin_that_makes_no_sense_is_not_ours(client, origin):
    assert client.post("/incidents/1/resolve", headers={"origin": origin}).status_code == 403


@pytest.mark.parametrize("path", ["/api/v1/nowhere", "/health", "/nowhere", "/api/nope", "/incidents"])
def test_what_says_nothing_else_is_kept_by_no_cache(client, path):
    assert client.get(path).headers.get_list("cache-control") == ["no-store"]


@pytest.mark.parametrize("path", ["/api/nope", "/api/nope/further", "/api/v1/nope", "/api/v2/incidents"])
def test_an_address_that_the_api_does_not_have_is_a_problem(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["status"] == 404
    assert answer.json()["title"] == "Not Found"
    assert "/api/docs" in answer.json()["detail"]


def test_a_sign_in_link_that_failed_is_not_in_the_log(site, stranger, caplog):
    def fail(*_):
        raise RuntimeError("it broke")

    site.access.sign_in = fail
    link = site.signin_url()
    assert stranger.get(link).status_code == 500
    assert "A page could not be made" in caplog.text
    assert all(link.rpartition("/")[2] not in f"{vars(record)}" for record in caplog.records if record.name != "httpx")


def test_a_file_says_its_encoding_once(stranger):
    assert stranger.get("/static/aiops.css").headers["content-type"] == "text/css; charset=utf-8"
    assert stranger.get("/static/aiops.js").headers["content-type"] == "text/javascript; charset=utf-8"


def test_pages_are_kept_by_no_cache_and_styles_by_their_content(client):
    page = client.get("/incidents")
    assert page.headers["cache-control"] == "no-store"
    style = re.search(r'href="(/static/aiops\.css\?v=\w+)"', page.text)[1]
    assert "immutable" in client.get(style).headers["cache-control"]
    assert "immutable" not in client.get("/static/aiops.css").headers["cache-control"]


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/sdk/../aiops.css", "/static/"]
)
def test_nothing_but_the_assets_is_served(stranger, path):
    assert stranger.get(path).status_code == 404


def test_the_page_of_what_is_not_there_is_a_page_of_ours(client, stranger):
    for answer in (client.get("/nowhere"), client.get("/incidents/999"), stranger.get("/nowhere")):
        assert answer.status_code == 404
        assert "Page not found" in answer.text


@pytest.mark.parametrize("path", ["/nowhere", "/incidents/999", "/incidents/1/nowhere", "/sdk/none.whl"])
def test_who_is_signed_in_finds_the_way_on_from_a_page_that_is_not_there(client, stranger, path):
    assert 'href="/services"' in client.get(path).text
    assert "Sign out" in client.get(path).text
    assert 'href="/services"' not in stranger.get(path, follow_redirects=True).text


def test_who_is_signed_in_finds_the_way_on_from_a_page_that_broke(client, site):
    incident = spoil(site.seeds, site.project)
    broken = client.get(f"/incidents/{incident}")
    assert broken.status_code == 500
    assert '<span class="badge">1' in broken.text

    def fail(*_):
        raise RuntimeError("it broke")

    site.reads.overview = fail
    broken = client.get("/incidents")
    assert broken.status_code == 500
    assert "Sign out" in broken.text


def test_a_page_without_rows_teaches_what_to_do(client, site):
    assert "Nothing has reported yet" in client.get("/incidents").text
    assert 'href="/setup"' in client.get("/services").text
    service = site.seeds.service(site.project)
    assert "No open incidents" in client.get("/incidents").text
    site.seeds.incident(site.project, service)
    unmatched = client.get("/incidents", params={"text": "nothing like it"}).text
    assert "Nothing matches" in unmatched
    assert "Clear the filter" in unmatched


def test_no_page_is_longer_than_100_kb_even_when_everything_is_too_long(client, site):
    incident = plant_too_much(site.seeds, site.project)
    paths = (
        "/incidents",
        "/incidents?state=all&page=2",
        f"/incidents/{incident}",
        "/services",
        "/jobs",
        "/jobs/1",
        "/setup",
    )
    for path in paths:
        assert 1000 < len(client.get(path).content) <= MOST_BYTES, path


def test_many_services_are_cut_into_pages(client, site):
    for number in range(150):
        service = site.seeds.service(site.project, f"service-{number:03} " + "<&>" * 40, "<production>" * 15)
        for each in range(3):
            site.seeds.instance(service, str(each), host="<&>" * 40, stats={"captured": 1, "last_error": "<&>" * 150})
    for path in ("/services", "/services?page=5", "/incidents"):
        assert len(client.get(path).content) <= MOST_BYTES, path
    assert 'rel="next"' in client.get("/services").text


def test_nothing_hostile_reaches_a_page_unescaped(client, site):
    incident = plant_harm(site.seeds, site.project)
    paths = ("/incidents", f"/incidents/{incident}", "/services", "/jobs", "/jobs/1", "/setup")
    pages = [client.get(path).text for path in paths]
    pages.append(
        client.get("/incidents", params={"text": HARM, "service": HARM, "environment": HARM, "state": HARM}).text
    )
    pages.append(
        client.get(f"/incidents/{incident}", headers={"HX-Request": "true", "HX-Request-Type": "partial"}).text
    )
    for page in pages:
        assert "<script>window" not in page
        assert "<img" not in page
        assert "<svg onload" not in page
        assert "<hx-partial hx-target='body'" not in page
        assert not re.search(r"""href=["']?javascript:""", page)
        assert "49" not in page.split("window.harmed", 1)[-1][:60]
        assert "\x00" not in page
        assert "\x1b" not in page


def test_an_incident_says_what_else_happened_in_its_minutes(client, site):
    shop = site.seeds.service(site.project)
    first = site.seeds.incident(site.project, shop, type="First", message="<b>one</b>")
    second = site.seeds.incident(site.project, shop, type="Second", message="two")
    site.seeds.event(first, ago=timedelta(minutes=30))
    site.seeds.event(second, ago=timedelta(minutes=28))
    page = client.get(f"/incidents/{first}").text
    assert "What else happened then" in page
    assert f'href="/incidents/{second}"' in page
    assert "2 min later" in page
    assert "&lt;b&gt;one&lt;/b&gt;" in client.get(f"/incidents/{second}").text
    site.seeds.event(first, ago=timedelta(minutes=1))
    assert "What else happened then" not in client.get(f"/incidents/{first}").text
    assert "What else happened then" in client.get(f"/incidents/{first}?event=oldest").text


def test_an_event_can_be_had_for_a_ticket_and_its_request_for_a_shell(client, site):
    ids = plant_busy(site.seeds, site.project)
    page = client.get(f"/incidents/{ids['everything']}").text
    links = {part: re.search(rf'href="(/incidents/\d+/events/\d+/{part})"', page)[1] for part in ("ticket", "curl")}
    for link, said in ((links["ticket"], "# `OrderFailed`"), (links["curl"], "curl -g ")):
        answer = client.get(link)
        assert answer.text.startswith(said)
        assert (answer.headers["content-type"], answer.headers["cache-control"]) == (
            "text/plain; charset=utf-8",
            "no-store",
        )
    assert f"<{site.url}/incidents/{ids['everything']}?event=" in client.get(links["ticket"]).text
    # A log line was no request.
    assert "/curl" not in client.get(f"/incidents/{ids['log']}").text
    event = re.search(r"/events/(\d+)/ticket", client.get(f"/incidents/{ids['log']}").text)[1]
    assert client.get(f"/incidents/{ids['log']}/events/{event}/curl").status_code == 404
    # An event of another incident is not found here.
    assert client.get(f"/incidents/{ids['http']}/events/{event}/ticket").status_code == 404


def test_what_is_cut_can_be_had_whole_as_plain_text(client, site):
    incident = site.seeds.incident(site.project, site.seeds.service(site.project))
    event = site.seeds.event(
        incident, {"signal_type": "exception", "message": "<b>" + "x" * 90_000, "tags": {"a/b": "c"}}
    )
    page = client.get(f"/incidents/{incident}").text
    link = re.search(rf'href="(/incidents/{incident}/events/{event}/whole\?at=/message)"', page)[1]
    whole = client.get(link)
    assert whole.headers["content-type"] == "text/plain; charset=utf-8"
    assert whole.text == "<b>" + "x" * 90_000
    assert client.get(f"/incidents/{incident}/events/{event}/whole?at=/tags/a~1b").text == "c"
    assert '"a/b": "c"' in client.get(f"/incidents/{incident}/events/{event}/whole").text
    assert client.get(f"/incidents/{incident}/events/{event}/whole?at=/nothing").status_code == 404


def test_an_event_is_not_shown_under_another_incident(client, site):
    service = site.seeds.service(site.project)
    mine, other = site.seeds.incident(site.project, service), site.seeds.incident(site.project, service)
    event = site.seeds.event(other)
    assert client.get(f"/incidents/{mine}/events/{event}/whole").status_code == 404


def test_a_kept_event_of_an_unknown_shape_still_has_its_page(client, site):
    incident = site.seeds.incident(site.project, site.seeds.service(site.project))
    site.seeds.event(incident, {"signal_type": "exception", "exceptions": "not a list"})
    page = client.get(f"/incidents/{incident}")
    assert page.status_code == 200
    assert "cannot be laid out" in page.text
    link = re.search(r'href="(/incidents/\d+/events/\d+/)ticket"', page.text)[1]
    assert client.get(link + "ticket").headers["location"] == link + "whole"
    assert client.get(link + "curl").status_code == 404


def test_a_store_that_cannot_be_used_is_told_and_the_page_says_try_again(client, site):
    with site.seeds.database.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE incidents RENAME TO hidden")
    answer = client.get("/incidents")
    assert answer.status_code == 503
    assert "Try again soon" in answer.text
    assert "Sign out" in answer.text
    assert client.get("/api/v1/incidents").json()["status"] == 503


def test_the_set_up_page_shows_a_key_once_and_only_when_asked(client, site):
    assert "aiops_" not in client.get("/setup").text.replace("aiops_sdk", "")
    made = client.post("/setup/key", data={"csrf": csrf_of(client)}).text
    key = re.search(r"AIOPS_API_KEY=(aiops_[\w-]{43})", made)[1]
    assert site.access.holder_of_key(key).project_id == site.project
    assert key not in client.get("/setup").text
    for step in steps(url=site.url, key=key):
        assert f">{step.do}<" in made
        assert f">{step.lines}</pre>" in made


def test_the_set_up_page_waits_for_the_key_that_it_made_and_not_for_others(client, site):
    site.seeds.service(site.project)
    made = client.post("/setup/key", data={"csrf": csrf_of(client)}).text
    assert 'data-testid="waiting"' in made
    key_id = re.search(r"/setup\?key=(\d+)", made)[1]
    site.access.note_keys_used({int(key_id): site.seeds.now + timedelta(minutes=1)})
    part = client.get(f"/setup?key={key_id}", headers={"HX-Request": "true", "HX-Request-Type": "partial"}).text
    assert 'data-testid="first-event"' in part
    assert "hx-trigger" not in part


odd = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(
    ["-1", "0", "9" * 30, "1e5", "%00", "../..", "NaN", "٣", HARM]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(
            ["state", "service", "environment", "text", "page", "per_page", "event", "at", "key", "seen", "here"]
        ),
        odd,
    ),
    odd,
)
def test_hostile_parameters_never_break_a_page(client, parameters, name):
    for path in (
        "/incidents",
        "/incidents/1",
        "/services",
        "/setup",
        "/nav",
        "/incidents/1/events/1/whole",
        "/api/v1/incidents",
        "/api/v1/services",
    ):
        assert client.get(path, params=parameters).status_code < 500
    for path in (
        "/incidents/{}",
        "/incidents/{}/events/{}/whole",
        "/api/v1/incidents/{}",
        "/api/v1/incidents/1/events/{}",
        "/signin/{}",
        "/static/{}",
        "/sdk/{}",
        "/{}",
    ):
        assert client.get(path.format(quote(name, safe=""), 1)).status_code < 500


@pytest.mark.parametrize(
    "query",
    [
        b"page=%ff%fe",
        b"text=%ed%a0%80",
        b"&&&=&a",
        b"state=open&state=all&page=1&page=2",
        b"%00=%00",
        b"text=" + b"a" * 8000,
    ],
)
def test_broken_query_strings_never_break_a_page(client, query):
    for path in ("/incidents", "/api/v1/incidents", "/services"):
        assert client.get(f"{path}?{query.decode('latin-1')}").status_code < 500


def test_a_busy_page_says_what_there_is(client, site):
    ids = plant_busy(site.seeds, site.project)
    listed = client.get("/incidents").text
    assert listed.count('data-testid="incident"') == 12
    assert f'data-incident-id="{ids["everything"]}"' in listed
    page = client.get(f"/incidents/{ids['everything']}").text
    for said in (
        "OrderFailed",
        "KeyError was raised while this was handled",
        "take_order",
        "ada@shop.example",
        "GET https://bank.example/rates 200",
        "2026.11.3",
        "Most recent call first",
    ):
        assert said in page
    assert page.count("<h1") == 1
