"""Whatever an event holds, no page that shows it runs any of it, asks a stranger, or gets wider than a phone.

The window itself fails the test on a dialog, an error of a script, a report of the content security policy and a request to
anybody else (`visit`). What is planted stands in every field: markup, scripts, handlers, templates of three languages, texts
from the right to the left, control characters; and a message of 100 kB, 500 calls, names without end.
"""

from datetime import timedelta

import pytest
from browsing import PHONE
from scenes import LONG, plant_harm
from seeds import Seeds
from sqlalchemy import insert

from aiops_platform.core.likeness import of as likenesses_of
from aiops_platform.storage import schema
from aiops_platform.storage.insights import SqlInsights

PAGES = (
    "/",
    "/incidents?state=all",
    "/incidents/{incident}",
    "/incidents/{incident}/events",
    "/incidents/{incident}/events?find=%22%3E%3Cscript%3Ewindow.harmed%3D1%3C%2Fscript%3E",
    "/incidents/{incident}/events/{event}/whole",
    "/incidents/{incident}/events/{event}/ticket",
    "/incidents/{incident}/events/telling",
    "/services",
    "/services/1",
    "/jobs",
    "/jobs/1",
)


def plant_endless(seeds: Seeds, project: int) -> int:
    """A message of 100 kB, 500 calls, words without an end and from the right to the left, as long as an event may be."""
    service = seeds.service(project, "endless" * 25, "w" * 190)
    wide = LONG[:700]
    frames = [
        {"file": "/srv/" + "deep/" * 30 + f"m{number}.py", "function": "f" * 150, "line": number, "in_app": number % 2 == 0,
         "locals": {"local" * 9: wide}}
        for number in range(500)
    ]  # fmt: skip
    incident = seeds.incident(
        project, service, type="E" * 190, message=LONG[:4000], place="p" * 390, path="/" + "p" * 1900
    )
    body = {
        "signal_type": "exception", "message": LONG[:100_000], "release": "r" * 190, "user": {"id": "u" * 900}, "host": "h" * 900,
        "exceptions": [{"type": "E" * 900, "value": LONG[:100_000], "frames": frames}], "tags": {"t" * 190: "v" * 190},
        "request_path": "/" + "p" * 1900, "breadcrumbs": [{"category": "c" * 300, "message": wide, "data": {"d": wide}}] * 50,
    }  # fmt: skip
    seeds.event(incident, body)
    seeds.instance(service, "i" * 190, host="h" * 190, stats={"captured": 10**14, "last_error": wide})
    seeds.job(
        service, "j" * 190, [{"state": "failed", "ago": timedelta(hours=1), "duration": 1.0, "release": "r" * 190}]
    )
    return incident


@pytest.mark.parametrize("plant", [plant_harm, plant_endless], ids=["harm", "without end"])
def test_no_page_that_shows_an_event_runs_any_of_it_or_gets_wider_than_a_phone(site, visit, plant):
    seeds, project = site.seeds, site.project
    incident = plant(seeds, project)
    event = SqlInsights(seeds.database).event_at(project, incident, seeds.now)
    # Beside it another one of the same request that is like it: these are shown, too.
    row = site.reads.incident(project, incident, seeds.now).row
    other = seeds.incident(project, 1, type=row.type, message=row.message, place=row.place, level=row.level)
    with seeds.database.begin() as connection:
        for number in (incident, other):
            for each in likenesses_of(project, row.type, row.place, row.message, {}):
                told = {"hash": each.hash, "incident_id": number, "trait": each.trait}
                connection.execute(insert(schema.likenesses).values(**told))
        for table, when in ((schema.releases, "first_seen_at"), (schema.deploys, "at")):
            told = {"service_id": 1, "release": row.message[:190], when: row.first_seen_at}
            also = {"by": row.message[:90]} if table is schema.deploys else {}
            connection.execute(insert(table).values(**told, **also))
    page = visit(size=PHONE).page
    for path in PAGES:
        page.goto(path.format(incident=incident, event=event))
        page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        assert page.evaluate("window.harmed") is None, path
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
