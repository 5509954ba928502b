"""Takes a picture of every page of the platform, as it looks after the shop has failed in every way.

All of them, in desktop and phone width, light and dark, go to `test-results/screenshots/` to be looked at; the ones that the README
shows go to `docs/images/`.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tools")]

from browser import QUIET, find_chromium  # noqa: E402  # found through the path set above
from e2e.platforms import Platform, running_platform  # noqa: E402
from e2e.shops import Shop, running_shop  # noqa: E402

ALL = ROOT / "test-results" / "screenshots"
IMAGES = ROOT / "docs" / "images"
WIDTHS = {"desktop": ViewportSize(width=1280, height=860), "phone": ViewportSize(width=390, height=844)}
SCHEMES = ("light", "dark")
SHOWN = {"incidents-desktop-light.png", "incidents-desktop-dark.png", "incident-desktop-light.png"}


def main() -> None:
    """Run a platform and two shops, make them fail, and look at each page."""
    shutil.rmtree(ALL, ignore_errors=True)
    ALL.mkdir(parents=True)
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="aiops-screenshots-") as name, ExitStack() as running:
        folder = Path(name)
        platform = running.enter_context(running_platform(folder))
        browser = running.enter_context(sync_playwright()).chromium.launch(
            executable_path=find_chromium(), args=QUIET, chromium_sandbox=os.geteuid() != 0
        )
        picture_empty(browser, platform)
        for environment in ("production", "staging"):
            (folder / environment).mkdir()
            shop = running_shop(
                "flask", folder / environment, platform_url=platform.url, key=platform.key, environment=environment
            )
            fail(running.enter_context(shop))
        platform.catch_up("the screenshots")
        picture_all(browser, platform)
        browser.close()
    for shown in SHOWN:
        shutil.copyfile(ALL / shown, IMAGES / shown)
    print(f"{len(list(ALL.iterdir()))} pictures are in {ALL.relative_to(ROOT)}")


def fail(shop: Shop) -> None:
    """Press every button, each a different number of times."""
    for times, button in enumerate(shop.buttons(), 1):
        for _ in range(times):
            shop.press(button)


def signed_in(browser: Browser, platform: Platform, width: str, scheme: str) -> Page:
    """A window of that width and colour scheme, signed in."""
    context = browser.new_context(viewport=WIDTHS[width], color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    page.goto(platform.sign_in_link())
    return page


def picture_empty(browser: Browser, platform: Platform) -> None:
    """The pages before anything was reported: they teach what to do."""
    page = signed_in(browser, platform, "desktop", "light")
    for name in ("incidents", "services", "setup"):
        picture(page, f"{platform.url}/{name}", f"{name}-empty-desktop-light")
    page.context.close()


def picture_all(browser: Browser, platform: Platform) -> None:
    """Each page in each width and colour scheme."""
    incident = next(row for row in platform.incidents(service="shop") if row["type"] == "KeyError")
    pages = {
        "incidents": "/incidents",
        "incident": f"/incidents/{incident['id']}",
        "services": "/services",
        "setup": "/setup",
        "api": "/api/docs",
    }
    for width in WIDTHS:
        for scheme in SCHEMES:
            page = signed_in(browser, platform, width, scheme)
            for name, path in pages.items():
                picture(page, platform.url + path, f"{name}-{width}-{scheme}")
            page.context.clear_cookies()
            picture(page, f"{platform.url}/signin", f"signin-{width}-{scheme}")
            page.context.close()


def picture(page: Page, address: str, name: str) -> None:
    """Take one picture of the whole page."""
    page.goto(address)
    page.screenshot(path=ALL / f"{name}.png", full_page=True)


if __name__ == "__main__":
    main()
