"""No page keeps anybody out: axe-core finds nothing serious on any of them, in the light and in the dark."""

from datetime import timedelta

import pytest
from accessibility import grave_violations
from browsing import DESKTOP, PHONE
from scenes import plant_buried, plant_busy, plant_keys

from aiops_platform.core.status_page import ShownService, StatusPage
from aiops_platform.storage.monitors import SqlMonitoring

# What needs an id is named in braces.
PAGES = (
    "/",
    "/platform",
    "/incidents",
    "/incidents?state=all&query=shop&sort=count",
    "/incidents?query=is:nonsense",
    "/incidents/{everything}",
    "/incidents/{silence}",
    "/incidents/{group}",
    "/incidents/{everything}/events",
    "/incidents/{everything}/comments",
    "/incidents/{everything}/delete",
    "/services",
    "/services/{shop}",
    "/monitors",
    "/maintenance",
    "/jobs",
    "/jobs/{job}",
    "/alerts",
    "/alerts/rules",
    "/alerts/escalation",
    "/alerts/oncall",
    "/buried",
    "/setup",
    "/account",
    "/settings/channels",
    "/settings/channels/new/ntfy",
    "/settings/keys",
    "/settings/tokens",
    "/settings/grouping",
    "/settings/secrets",
    "/settings/people",
    "/settings/projects",
    "/settings/sessions",
    "/settings/status",
    "/status/acme",
    "/api/docs",
    "/design",
    "/nowhere",
)
IN_THE_DARK = (
    "/",
    "/incidents",
    "/incidents/{everything}",
    "/incidents/{everything}/events",
    "/services",
    "/services/{shop}",
    "/monitors",
    "/status/acme",
    "/design",
)


@pytest.mark.parametrize(
    ("paths", "options"),
    [(PAGES, {"size": DESKTOP, "color_scheme": "light"}), (IN_THE_DARK, {"size": PHONE, "color_scheme": "dark"})],
    ids=["light", "dark, on a phone"],
)
def test_axe_finds_nothing_serious_on_any_page(site, visit, paths, options):
    seeds, project = site.seeds, site.project
    named = plant_busy(seeds, project)
    plant_buried(seeds, project)
    plant_keys(site.access, project, seeds.now)
    shop = site.reads.services(project, seeds.now).rows[0].id
    job = seeds.job(shop, "count", [{"state": "failed", "ago": timedelta(minutes=5), "duration": 2.0}])
    shown = (ShownService(shop, "Web shop"),)
    page = StatusPage(
        project_id=project, slug="acme", title="How Acme is", is_on=True, shows_incidents=True, shown=shown
    )
    SqlMonitoring(seeds.database).save_status_page(page)
    window = visit(**options)
    found = {}
    for path in paths:
        window.page.goto(path.format(**named, shop=shop, job=job))
        if wrong := grave_violations(window.page):
            found[path] = wrong
    # A page that is not there is looked at, too; the browser tells of it.
    window.wrongs[:] = [wrong for wrong in window.wrongs if "404" not in wrong]
    assert found == {}


def test_what_keeps_people_out_is_found(visit):
    page = visit().page
    page.evaluate(
        "() => { const nameless = document.createElement('button'); document.querySelector('main').append(nameless); }"
    )
    assert [wrong.partition(" ")[0] for wrong in grave_violations(page)] == ["button-name"]
