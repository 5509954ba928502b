"""Takes every page at both widths, light and dark, with nothing, enough and too much on it: `make screenshots`."""

import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from browsing import a_browser
from playwright.sync_api import Browser, Page
from scenes import plant_busy, plant_too_much
from web_site import RunningSite, a_site

WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}
SCHEMES = ("light", "dark")


def main(target: Path, only: str) -> None:
    """Puts the pictures into the folder, each named after page, scene, width and scheme."""
    target.mkdir(parents=True, exist_ok=True)
    with a_browser() as browser:
        for scene, site, paths in scenes():
            for name, path in paths.items():
                if only in f"{name}-{scene}":
                    take(browser, site, path, target, f"{name}-{scene}")


def scenes() -> Iterator[tuple[str, RunningSite, dict[str, str]]]:
    """Each scene with its site and its pages."""
    with a_site() as site:
        yield (
            "nothing",
            site,
            {
                "incidents": "/incidents",
                "services": "/services",
                "setup": "/setup",
                "docs": "/api/docs",
                "missing": "/nowhere",
            },
        )
    with a_site() as site:
        ids = plant_busy(site.seeds, site.project)
        paths = {
            "incidents": "/incidents",
            "all": "/incidents?state=all",
            "unmatched": "/incidents?text=nothing+like+this&service=shop",
            "services": "/services",
        }
        paths |= {f"incident-{name}": f"/incidents/{number}" for name, number in ids.items()}
        paths["incident-earlier"] = f"/incidents/{ids['everything']}?event=oldest"
        yield "busy", site, paths
    with a_site() as site:
        incident = plant_too_much(site.seeds, site.project)
        yield (
            "too-much",
            site,
            {"incidents": "/incidents", "incident": f"/incidents/{incident}", "services": "/services"},
        )


def take(browser: Browser, site: RunningSite, path: str, target: Path, name: str) -> None:
    """One page in four pictures, plus the sign-in page and the snippet, which are on the way."""
    for width, (across, down) in WIDTHS.items():
        for scheme in SCHEMES:
            context = browser.new_context(
                viewport={"width": across, "height": down},
                color_scheme=scheme,
                device_scale_factor=1 if width == "desktop" else 2,
            )  # type: ignore[arg-type]  # the literals come from a tuple
            page = context.new_page()
            if "setup" in name:
                page.goto(f"{site.url}/signin")
                shoot(page, target / f"signin-{width}-{scheme}.png")
            page.goto(site.signin_url())
            page.goto(site.url + path)
            shoot(page, target / f"{name}-{width}-{scheme}.png")
            if "setup" in name:
                page.get_by_test_id("make-key").click()
                page.get_by_test_id("snippet").wait_for()
                shoot(page, target / f"setup-key-{width}-{scheme}.png")
            context.close()


def shoot(page: Page, file: Path) -> None:
    """The whole page, however long."""
    page.screenshot(path=file, full_page=True, animations="disabled")


if __name__ == "__main__":
    main(
        Path(sys.argv[1] if len(sys.argv) > 1 else "test-results/screenshots"), sys.argv[2] if len(sys.argv) > 2 else ""
    )
