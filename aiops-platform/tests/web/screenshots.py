"""Takes every page at both widths, light and dark, with nothing, enough and too much on it: `make screenshots`."""

import argparse
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from alarms import alarm_pages, plant_alarms
from browsing import DESKTOP, PHONE, a_browser
from fix_scene import plant_fixes
from lives import plant_lives
from playwright.sync_api import Browser, Page
from scenes import (
    RULES,
    WRONG_RULES,
    plant_buried,
    plant_busy,
    plant_harm,
    plant_jobs,
    plant_judged_jobs,
    plant_keys,
    plant_many,
    plant_people,
    plant_processes,
    plant_quiet,
    plant_rules,
    plant_too_much,
    spoil,
)
from web_site import RunningSite, a_site

WIDTHS = {"desktop": DESKTOP, "phone": PHONE}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# What the README and the guides show: a first screen each, not the whole length of the page.
SHOWN = {"incidents-busy": "incidents", "incident-everything-busy": "incident", "services-busy": "services"}


def main() -> None:
    """Puts the pictures into the folder, each named after page, scene, width and scheme."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=Path, help="the folder for all of them")
    parser.add_argument("--shown", type=Path, help="the folder for the few that the documentation shows")
    parser.add_argument("--only", default="", help="only pages whose name holds this")
    given = parser.parse_args()
    given.target.mkdir(parents=True, exist_ok=True)
    # One scene is a page that breaks: its traceback would look as if this had failed.
    logging.getLogger("aiops_platform.web.error_pages").setLevel(logging.CRITICAL)
    with a_browser() as browser:
        for scene, site, paths in scenes():
            for page, path in paths.items():
                name = f"{page}-{scene}"
                if given.only in name:
                    take(browser, site, path, given.target, name)
                if given.shown and name in SHOWN:
                    take_shown(browser, site, path, given.shown, SHOWN[name])


def scenes() -> Iterator[tuple[str, RunningSite, dict[str, str]]]:
    """Each scene with its site and its pages."""
    with a_site() as site:
        yield (
            "nothing",
            site,
            {
                "incidents": "/incidents",
                "services": "/services",
                "jobs": "/jobs",
                "alerts": "/alerts",
                "fixes": "/fixes",
                "fixers": "/fixes/fixers",
                "fix-policies": "/fixes/policies",
                "alert-rules": "/alerts/rules",
                "alert-steps": "/alerts/escalation",
                "alert-oncall": "/alerts/oncall",
                "monitors": "/monitors",
                "maintenance": "/maintenance",
                "buried": "/buried",
                "setup": "/setup",
                "settings": "/settings/grouping",
                "secrets": "/settings/secrets",
                "channels": "/settings/channels",
                "channel-new": "/settings/channels/new/ntfy",
                "keys": "/settings/keys",
                "sessions": "/settings/sessions",
                "people": "/settings/people",
                "projects": "/settings/projects",
                "tokens": "/settings/tokens",
                "account": "/account",
                "docs": "/api/docs",
                "missing": "/nowhere",
            },
        )
    with a_site() as site:
        incident = plant_quiet(site.seeds, site.project)
        yield (
            "quiet",
            site,
            {
                "incidents": "/incidents",
                "muted": "/incidents?state=muted",
                "incident": f"/incidents/{incident}",
                "services": "/services",
                "set-up": "/setup",
            },
        )
    with a_site() as site:
        site.introduce()
        ids = plant_busy(site.seeds, site.project)
        paths = {
            "incidents": "/incidents",
            "all": "/incidents?state=all",
            "overview": "/",
            "service": "/services/1",
            "events": "/incidents/1/events",
            "unmatched": "/incidents?text=nothing+like+this&service=shop",
            "found": "/incidents?query=service%3Ashop+-type%3AKeyError&time=7d&sort=count",
            "misspelt": "/incidents?query=service%3Ashop+OR+levl%3Aerror",
            "services": "/services",
        }
        paths |= {f"incident-{name}": f"/incidents/{number}" for name, number in ids.items()}
        paths["incident-earlier"] = f"/incidents/{ids['everything']}?event=oldest"
        yield "busy", site, paths
    with a_site() as site:
        ids = plant_jobs(site.seeds, site.project) | plant_judged_jobs(site.seeds, site.project)
        plant_processes(site.seeds, site.project)
        paths = {"jobs": "/jobs", "processes": "/services"}
        paths |= {f"job-{name}": f"/jobs/{number}" for name, number in ids.items()}
        run = site.reads.job(site.project, ids["backup"]).row.runs[0].run_id
        yield "jobs", site, paths | {"run": f"/jobs/{ids['backup']}/runs/{run}"}
    with a_site() as site:
        ids = plant_lives(site.seeds, site.project)
        paths = {"monitors": "/monitors", "day": "/monitors?span=24h", "maintenance": "/maintenance"}
        yield "lives", site, paths | {"watched": f"/services/{ids['shop']}", "status": "/settings/status"}
    with a_site() as site:
        ids = plant_alarms(site.seeds, site.project, site.url)
        yield "alarms", site, alarm_pages(ids)
    with a_site() as site:
        planted = plant_fixes(site.seeds, site.project)
        paths = {"fixes": "/fixes", "fixers": "/fixes/fixers", "policies": "/fixes/policies"}
        paths |= {"incident": f"/incidents/{planted.incident}", "policy": f"/fixes/policies/{planted.policy}"}
        paths |= {f"fix-{name}": f"/fixes/{number}" for name, number in planted.fixes.items()}
        yield "fixes", site, paths
    with a_site() as site:
        plant_buried(site.seeds, site.project)
        yield "full", site, {"buried": "/buried"}
    with a_site() as site:
        plant_rules(site.seeds, site.project)
        plant_keys(site.access, site.project, site.seeds.now)
        yield (
            "rules",
            site,
            {
                "settings": "/settings/grouping",
                "secrets": "/settings/secrets",
                "keys": "/settings/keys",
                "sessions": "/settings/sessions",
            },
        )
    with a_site() as site:
        site.introduce("First")
        invited = plant_people(site.people, site.project, site.seeds.now)
        plant_busy(site.seeds, site.project)
        paths = {"people": "/settings/people", "projects": "/settings/projects", "account": "/account"}
        yield "team", site, paths | {"incidents": "/incidents", "invited": invited}
    with a_site() as site:
        incident = plant_harm(site.seeds, site.project)
        yield (
            "harm",
            site,
            {"jobs": "/jobs", "job": "/jobs/1", "incident": f"/incidents/{incident}", "services": "/services"},
        )
    with a_site() as site:
        incident = plant_too_much(site.seeds, site.project)
        yield (
            "too-much",
            site,
            {"overview": "/", "incidents": "/incidents", "incident": f"/incidents/{incident}", "services": "/services"},
        )
    with a_site() as site:
        plant_many(site.seeds, site.project)
        yield "many", site, {"incidents": "/incidents", "services": "/services", "services-last": "/services?page=4"}
    with a_site() as site:
        incident = spoil(site.seeds, site.project)
        yield "spoilt", site, {"broken": f"/incidents/{incident}"}


def take(browser: Browser, site: RunningSite, path: str, target: Path, name: str) -> None:
    """One page in four pictures, plus those that a click on it leads to, or that are on the way."""
    for width, size in WIDTHS.items():
        for scheme in SCHEMES:
            context = browser.new_context(
                viewport=size, color_scheme=scheme, device_scale_factor=2 if width == "phone" else 1
            )
            page = context.new_page()
            if "setup" in name:
                page.goto(f"{site.url}/signin")
                shoot(page, target / f"signin-{width}-{scheme}.png")
                page.goto(f"{site.url}/signin/used")
                shoot(page, target / f"signin-used-{width}-{scheme}.png")
            page.goto(site.signin_url())
            page.goto(site.url + path)
            shoot(page, target / f"{name}-{width}-{scheme}.png")
            if "setup" in name:
                page.get_by_test_id("make-key").click()
                page.get_by_test_id("snippet").wait_for()
                shoot(page, target / f"setup-key-{width}-{scheme}.png")
            if name == "services-busy":
                page.keyboard.press("?")
                shoot(page, target / f"keys-list-{width}-{scheme}.png")
            if name == "keys-rules":
                page.get_by_test_id("revoke").first.click()
                shoot(page, target / f"keys-sure-{width}-{scheme}.png")
                page.get_by_test_id("replace").first.click()
                page.get_by_test_id("made").wait_for()
                shoot(page, target / f"keys-made-{width}-{scheme}.png")
            if name == "people-team":
                page.get_by_test_id("remove").last.click()
                page.get_by_test_id("invite").click()
                page.get_by_test_id("made").wait_for()
                page.get_by_test_id("switcher").locator("summary").click()
                shoot(page, target / f"people-made-{width}-{scheme}.png")
            if name == "invited-team":
                guest = browser.new_context(viewport=size, color_scheme=scheme).new_page()
                for place, shown in ((path, "guest"), ("/signin", "signin"), ("/invited/over", "over")):
                    guest.goto(site.url + place)
                    shoot(guest, target / f"{shown}-team-{width}-{scheme}.png")
                guest.context.close()
            if name == "settings-rules":
                for outcome, rules in (("tried", RULES), ("wrong", WRONG_RULES)):
                    page.locator("#rules").fill(rules)
                    page.get_by_test_id("try").click()
                    page.get_by_test_id("tried" if outcome == "tried" else "problems").wait_for()
                    shoot(page, target / f"settings-{outcome}-{width}-{scheme}.png")
            context.close()


def take_shown(browser: Browser, site: RunningSite, path: str, target: Path, name: str) -> None:
    """The first screen of a page, light and dark."""
    target.mkdir(parents=True, exist_ok=True)
    for scheme in SCHEMES:
        context = browser.new_context(viewport=DESKTOP, color_scheme=scheme)
        page = context.new_page()
        page.goto(site.signin_url())
        page.goto(site.url + path)
        page.locator("#live[data-state=on]").wait_for()
        page.screenshot(path=target / f"{name}-desktop-{scheme}.png", animations="disabled")
        context.close()


def shoot(page: Page, file: Path) -> None:
    """The whole page, however long, once it is live where somebody is signed in."""
    # What a click would open is looked at, too.
    page.evaluate("document.querySelectorAll('.instances, .locals').forEach((each) => { each.open = true; })")
    if page.locator("#live").count():
        page.locator("#live[data-state=on]").wait_for()
    page.screenshot(path=file, full_page=True, animations="disabled")


if __name__ == "__main__":
    main()
