"""What pages say where a word could mislead, and what the way in leaves behind."""

import re
from datetime import timedelta

import pytest
from scenes import plant_services

from aiops_platform.core.access import SESSION_COOKIE
from aiops_platform.core.incident import IncidentKind

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


def text_of(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_an_exception_without_a_request_shows_no_http_status(client, site):
    service = site.seeds.service(site.project)
    incident = site.seeds.incident(site.project, service, status_code=500)
    site.seeds.event(incident, {"signal_type": "exception", "error_type": "ValueError", "status_code": 500})
    page = client.get(f"/incidents/{incident}").text
    assert "HTTP 500" not in page
    assert 'id="request"' not in page
    assert "HTTP 500" not in client.get("/incidents").text
    assert client.get(f"/api/v1/incidents/{incident}").json()["status_code"] == 500
    assert client.get(f"/api/v1/incidents/{incident}/events/newest").json()["body"]["status_code"] == 500


@pytest.mark.parametrize(
    "fields", [{"path": "/orders/7"}, {"kind": IncidentKind.HTTP_ERROR}], ids=["of a path", "of an HTTP error"]
)
def test_what_answered_a_request_shows_its_http_status(client, site, fields):
    incident = site.seeds.incident(site.project, site.seeds.service(site.project), status_code=500, **fields)
    assert "HTTP 500" in client.get(f"/incidents/{incident}").text
    assert "HTTP 500" in client.get("/incidents").text


def test_a_log_line_is_headed_by_what_it_says_and_its_level_stands_beside(client, site):
    incident = site.seeds.incident(
        site.project,
        site.seeds.service(site.project),
        kind=IncidentKind.LOG_ERROR,
        type="ERROR",
        message="stock of apple is below 5\nordered: none",
        place="shop.stock",
    )
    row = client.get("/incidents").text.split('data-testid="incident"', 1)[1].split("</li>", 1)[0]
    assert text_of(re.search(r'<a class="row-link".*?</a>', row)[0]) == "stock of apple is below 5"
    assert text_of(row.split('class="row-where"', 1)[1]).startswith("> ERROR shop.stock shop production")
    page = client.get(f"/incidents/{incident}").text
    assert text_of(re.search(r"<h1>.*?</h1>", page)[0]) == "stock of apple is below 5"
    assert text_of(re.search(r'<p class="incident-message">.*?</p>', page)[0]) == "ordered: none"
    assert "<title>stock of apple is below 5 · AIOps</title>" in page
    assert "Log line ERROR shop production shop.stock" in text_of(page)
    listed = client.get("/api/v1/incidents").json()["items"][0]
    assert (listed["title"], listed["type"]) == ("stock of apple is below 5", "ERROR")
    assert client.get(f"/api/v1/incidents/{incident}").json()["title"] == listed["title"]


def test_a_stopped_service_says_what_that_means(client, site):
    ids = plant_services(site.seeds, site.project)
    page = client.get("/services").text
    meaning = "it said goodbye at a clean end; no incident is opened"
    legend = page.split('class="legend', 1)[1].split("</p>", 1)[0]
    assert f"Stopped : {meaning}" in text_of(legend)
    assert f'title="{meaning}"' in legend
    row = page.split(f'id="service-{ids["nightly-import/production"]}"', 1)[1].split("No open incidents", 1)[0]
    assert re.search(rf"Stopped for \d+ h ?: {meaning}", text_of(row))
    assert f'title="Stopped: {meaning}"' in row


@pytest.mark.parametrize(("name", "said"), [("mailer", "53 min"), ("payments", "1 min")])
def test_a_service_that_is_missed_says_since_when_no_heartbeat_came(client, site, name, said):
    ids = plant_services(site.seeds, site.project)
    page = client.get("/services").text
    row = text_of(page.split(f'id="service-{ids[f"{name}/production"]}"', 1)[1].split("</li>\n    </ol>", 1)[0])
    row = row.split("open incident", 1)[0]
    assert f"No heartbeat for {said}" in row
    assert "51 min" not in row
    assert "Last heartbeat" not in row


def test_a_silence_counts_silences_and_not_events(client, site):
    incident = site.seeds.incident(
        site.project, site.seeds.service(site.project), kind=IncidentKind.SILENCE, type="ServiceSilent"
    )
    said = text_of(client.get(f"/incidents/{incident}").text)
    assert "Silences 1 Last fell silent" in said
    assert "Last 24 hours 1 silence" in said


def test_a_chart_says_its_highest_bar_only_when_that_says_more_than_the_number(client, site):
    service = site.seeds.service(site.project)
    few, many = (site.seeds.incident(site.project, service, hours=hours) for hours in ({0: 1}, {0: 1, 1: 2}))
    assert "at most" not in client.get(f"/incidents/{few}").text
    assert "3 events, at most 2 in an hour" in client.get(f"/incidents/{many}").text


def test_neither_a_used_link_nor_a_fresh_one_is_kept_by_a_cache(site, stranger):
    link = site.signin_url()
    answers = [stranger.get(link), stranger.get(link)]
    stranger.cookies.clear()
    answers.append(stranger.get(link))
    assert [answer.status_code for answer in answers] == [303, 303, 410]
    assert [answer.headers["cache-control"] for answer in answers] == ["no-store"] * 3
    assert SESSION_COOKIE in answers[0].headers["set-cookie"]


def test_asking_for_the_head_of_a_link_does_not_use_it_up(site, stranger):
    link = site.signin_url()
    assert "set-cookie" not in stranger.head(link).headers
    assert stranger.get(link).status_code == 303


@pytest.mark.parametrize(
    "path", ["/", "/incidents", "/services", "/setup", "/settings/secrets", "/nav", "/api/docs", "/signin"]
)
def test_no_cache_keeps_a_page(client, path):
    assert client.get(path).headers["cache-control"] == "no-store"
    assert client.get(path, headers=PARTIAL).headers["cache-control"] == "no-store"


def test_a_page_and_the_api_say_how_many_of_the_events_are_kept(client, site):
    incident = site.seeds.incident(site.project, site.seeds.service(site.project), count=12_345)
    for minutes in range(17):
        site.seeds.event(incident, ago=timedelta(minutes=minutes))
    assert "17 of 17 kept, of 12,345" in text_of(client.get(f"/incidents/{incident}").text)
    assert client.get(f"/api/v1/incidents/{incident}").json()["kept"] == 17
    all_kept = site.seeds.incident(site.project, site.seeds.service(site.project, "other"), count=2)
    for minutes in (1, 2):
        site.seeds.event(all_kept, ago=timedelta(minutes=minutes))
    assert " kept" not in text_of(client.get(f"/incidents/{all_kept}").text)
