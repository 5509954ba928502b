"""A running site for each test, and a real browser for those that look through one."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from browsing import DESKTOP, a_browser
from playwright.sync_api import expect
from web_site import a_site

from aiops_platform.core.access import SESSION_COOKIE

expect.set_options(timeout=60_000)


@pytest.fixture
def site():
    """An empty site that answers."""
    with a_site() as running:
        yield running


@pytest.fixture
def client(site):
    """A plain HTTP client whose session is signed in."""
    with httpx.Client(base_url=site.url, cookies={SESSION_COOKIE: site.session()}, timeout=60) as signed_in:
        yield signed_in


@pytest.fixture
def stranger(site):
    """A plain HTTP client that nobody knows."""
    with httpx.Client(base_url=site.url, timeout=60) as unknown:
        yield unknown


# Not for the session: while Playwright runs, no other test of this process can run an event loop.
@pytest.fixture(scope="module")
def browser():
    """Chromium."""
    with a_browser() as running:
        yield running


@dataclass
class Visit:
    """A browser window that is signed in, and all that went wrong in it."""

    page: Any
    wrongs: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def wait_until_live(self):
        """The stream stands: what happens from now on is told."""
        self.page.locator("#live[data-state=on]").wait_for()

    def mark(self):
        """Marks the document: a reload would lose it."""
        self.page.evaluate("window.sameDocument = true")

    def is_same_document(self):
        """Whether there was no reload since."""
        return self.page.evaluate("window.sameDocument === true")


@pytest.fixture
def visit(site, browser):
    """Opens windows of a signed-in browser. At the end, nothing may have gone wrong in any of them."""
    visits = []
    with ExitStack() as closing:

        def open_one(*, size=None, signed_in=True, **options):
            context = browser.new_context(viewport=size or DESKTOP, base_url=site.url, **options)
            closing.callback(context.close)
            context.set_default_timeout(60_000)
            # Told by the browser itself, also for what never reaches the console.
            context.add_init_script(
                "addEventListener('securitypolicyviolation', (e) => console.error('VIOLATION', e.violatedDirective, e.blockedURI))"
            )
            made = Visit(context.new_page())
            made.page.on("console", lambda message: message.type == "error" and made.wrongs.append(message.text))
            made.page.on("pageerror", lambda error: made.wrongs.append(str(error)))
            made.page.on("dialog", lambda dialog: (made.wrongs.append(dialog.message), dialog.dismiss()))
            made.page.on("request", lambda request: made.asked.append(request.url))
            if signed_in:
                made.page.goto(site.signin_url())
                made.page.goto("/incidents")
            visits.append(made)
            return made

        yield open_one
        wrongs = [wrong for made in visits for wrong in made.wrongs]
        strangers = [url for made in visits for url in made.asked if not url.startswith((site.url, "data:"))]
    assert wrongs == []
    assert strangers == []
