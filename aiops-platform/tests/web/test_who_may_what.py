"""Every route that there is, asked by everybody who may not: found in the application's own list, so none is forgotten."""

import re
from dataclasses import dataclass

import httpx
import pytest
from scenes import plant_busy
from web_site import a_site

from aiops_platform.core.access import SESSION_COOKIE, Scope
from aiops_platform.core.people import Role
from aiops_platform.web.origin import token_for

# What may be seen without a sign-in: the way in, and what is the same for everybody.
PUBLIC = {
    ("GET", "/signin"),
    ("POST", "/signin"),
    ("GET", "/signin/{link}"),
    ("GET", "/invited/{link}"),
    ("POST", "/invited/{link}"),
    ("GET", "/act/{link}"),
    ("POST", "/act/{link}"),
    ("GET", "/oncall/{address}"),
    ("POST", "/resume"),
    ("GET", "/forgot"),
    ("POST", "/forgot"),
    ("GET", "/forgot/{link}"),
    ("POST", "/forgot/{link}"),
    ("GET", "/static/{name}"),
    ("GET", "/sdk/{name}"),
    ("GET", "/favicon.ico"),
    ("GET", "/health"),
    ("GET", "/status/{slug}"),
    ("GET", "/badge/{token}/{name}"),
    ("GET", "/api/docs"),
    ("GET", "/api/openapi.json"),
    ("GET", "/api/docs/openapi.json"),
}
# What is everybody's own, whatever their role.
OWN = {
    ("POST", "/signout"),
    ("POST", "/account"),
    ("POST", "/density"),
    ("POST", "/settings/tokens"),
    ("POST", "/settings/own-tokens/{which}/revoke"),
    ("POST", "/settings/own-tokens/revoke"),
    ("POST", "/settings/sessions/others/end"),
    ("POST", "/settings/sessions/{which}/end"),
    ("POST", "/projects/{project_id}/show"),
    ("POST", "/views"),
    ("POST", "/views/{view_id}"),
    ("POST", "/views/{view_id}/delete"),
    ("POST", "/views/{view_id}/default"),
}
# What a project is ruled by, also to look at: all of the settings but one's own, and where keys are made.
RULED = re.compile(
    r"/settings/(?!tokens$|own-tokens/|sessions)|/setup/key|^/platform/told$|/api/v1/(?:channels|platform)"
    r"|/api/v1/(?:group-rules|scrub-rules|source-link)(?:/remove)?$"
)
# What asks whether it is meant: nothing for who may not do it.
ASKING = {
    ("GET", "/incidents/{incident_id}/delete"),
    ("GET", "/alerts/rules/{rule_id}"),
    ("GET", "/alerts/escalation/{policy_id}"),
    ("GET", "/alerts/oncall/{rota_id}"),
    ("GET", "/fixes/policies/{policy_id}"),
    ("GET", "/incidents/{incident_id}/fix"),
}
SAFE = ("GET", "HEAD")


@dataclass(frozen=True)
class Route:
    """One verb at one address, as the application knows it."""

    verb: str
    path: str

    @property
    def key(self):
        return self.verb, self.path

    @property
    def is_api(self):
        return self.path.startswith("/api/v1/")

    @property
    def rules(self):
        return RULED.search(self.path) is not None and (not self.is_api or self.verb not in SAFE)

    def address(self, number):
        return re.sub(r"\{[^}]*\}", str(number), self.path)


# One for all of it: nobody here can change anything that another one would see.
@pytest.fixture(scope="module")
def site():
    """A site with incidents in its first project, and another project that is empty."""
    with a_site() as running:
        running.incident = plant_busy(running.seeds, running.project)["everything"]
        running.other = running.people.add_project("Theirs", None, running.seeds.now).id
        # Rules are made when they are first asked for: those with the first numbers are not theirs.
        running.app.state.site.alerts.rules(running.project, running.seeds.now)
        with httpx.Client(base_url=running.url, timeout=60) as running.client:
            yield running


@pytest.fixture(scope="module")
def routes(site):
    """All that are behind the sign-in."""
    found = {
        Route(verb, getattr(route, "path_format", route.path))
        for route in site.app.routes
        for verb in (route.methods or {"GET"}) - {"OPTIONS"}
    }
    # The framework has a route of its own for what lies beside the API's description.
    own = [each for each in found if each.path not in ("/api", "/api/{path}") and each.key not in PUBLIC]
    return sorted(own, key=lambda each: each.key)


@dataclass(frozen=True)
class Answered:
    """What came; of a stream that has begun only that."""

    status: int
    text: str
    location: str


def asked(site, route, number, *, session=None, token=None, project=None):
    """The answer to somebody who is as right as they can be: with the form's token of their session."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    if session and not route.is_api:
        headers["X-CSRF-Token"] = token_for(session, project or site.project)
    if session:
        headers["Cookie"] = f"{SESSION_COOKIE}={session}"
    site.client.cookies.clear()
    with site.client.stream(route.verb, route.address(number), headers=headers) as answer:
        text = "" if answer.headers.get("content-type", "").startswith("text/event-stream") else answer.read().decode()
        return Answered(answer.status_code, text, answer.headers.get("location", ""))


def test_the_list_of_routes_is_whole(routes):
    assert len(routes) > 40
    assert {"/", "/incidents", "/live", "/api/v1/incidents", "/settings/people"} <= {each.path for each in routes}


def test_who_is_not_signed_in_gets_nothing(site, routes):
    for route in routes:
        answer = asked(site, route, site.incident)
        expected = (401,) if route.is_api or route.path == "/live" else (303,)
        assert answer.status in expected, route
        if answer.status == 303:
            assert answer.location.startswith("/signin"), route


def test_a_stranger_finds_nothing_of_a_project_that_is_not_theirs(site, routes):
    session = site.somebody("Eve", Role.ADMIN, site.other)
    mark = site.reads.incident(site.project, site.incident, site.seeds.now).row.message[:20]
    assert mark
    for route in routes:
        answer = asked(site, route, site.incident, session=session, project=site.other)
        assert mark not in answer.text, route
        if "{" in route.path and not route.is_api and route.verb in SAFE:
            assert answer.status == 404, route
        assert answer.status < 500, route
    assert site.reads.incident(site.project, site.incident, site.seeds.now).row.state == "open"


def test_a_form_of_a_project_that_is_not_theirs_changes_nothing(site, routes):
    for name, project in (("Eve", site.other), ("Mallory", None)):
        session = site.somebody(name, Role.ADMIN, project)
        theirs = site.other if project is None else site.project
        for route in routes:
            if route.verb not in SAFE and not route.is_api:
                answer = asked(site, route, 1, session=session, project=theirs)
                assert answer.status == 403, (name, route)


def test_nothing_breaks_by_a_number_that_no_row_can_have(site, routes):
    session, token = site.session(), site.access.create_token(site.project, "numbers", site.seeds.now)
    for route in routes:
        if "{" in route.path:
            for number in (2**63, 10**30):
                credentials = {"token": token} if route.is_api else {"session": session}
                assert asked(site, route, number, **credentials).status < 500, route


@pytest.mark.parametrize("path", ["/signin", "/account", "/incidents/1/comment"])
def test_nothing_breaks_by_a_form_that_is_no_text(site, path):
    cookie = {"Cookie": f"{SESSION_COOKIE}={site.session()}"}
    for headers in ({}, cookie, cookie | {"X-CSRF-Token": token_for(cookie["Cookie"].partition("=")[2])}):
        files = dict.fromkeys(("email", "name", "text"), (None, b"\xff\xfe"))
        site.client.cookies.clear()
        answer = site.client.post(path, files=files, headers=headers)
        assert answer.status_code in (400, 303), headers.keys()


def test_a_token_of_another_project_finds_nothing(site, routes):
    token = site.access.create_token(site.other, "theirs", site.seeds.now)
    mark = site.reads.incident(site.project, site.incident, site.seeds.now).row.message[:20]
    for route in routes:
        answer = asked(site, route, site.incident, token=token)
        assert mark not in answer.text, route
        if route.is_api and "{" in route.path:
            assert answer.status in (400, 404), route
        if not route.is_api:
            assert answer.status in (303, 401), route
    assert site.reads.incident(site.project, site.incident, site.seeds.now).row.state == "open"


def test_a_viewer_looks_and_changes_nothing_but_what_is_their_own(site, routes):
    session = site.somebody("Vera", Role.VIEWER)
    for route in routes:
        answer = asked(site, route, 999_999, session=session)
        if route.is_api:
            assert (answer.status == 401) == (route.verb not in SAFE), route
        elif route.rules or route.key in ASKING or (route.verb not in SAFE and route.key not in OWN):
            assert answer.status == 403, route
            assert "Not yours to do" in answer.text, route
        else:
            assert answer.status in (200, 303, 404, 422), route
        session = session if route.key != ("POST", "/signout") else site.somebody("Vera", Role.VIEWER)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER])
def test_nobody_is_offered_what_they_may_not_do(site, routes, role):
    site.seeds.buried(site.project)
    session = site.somebody(f"Nora{role}", role)
    changes = [each for each in routes if each.verb == "POST" and not each.is_api]
    offered = set()
    for route in routes:
        if route.verb == "GET" and not route.is_api and not route.rules:
            answer = asked(site, route, site.incident, session=session)
            actions = re.findall(r"<form[^>]*>", answer.text)
            offered |= {re.search(r'action="([^"?]*)', form)[1] for form in actions if 'method="post"' in form}
    assert "/signout" in offered
    for action in offered:
        meant = [each for each in changes if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", each.path), action)]
        assert meant, action
        # Where two match, the one without a variable is meant.
        first = min(meant, key=lambda each: each.path.count("{"))
        assert not first.rules, action
        assert role is Role.MEMBER or first.key in OWN, action


def test_a_member_acts_and_does_not_rule(site, routes):
    session = site.somebody("Mia", Role.MEMBER)
    for route in routes:
        if not route.is_api and route.key != ("POST", "/signout"):
            answer = asked(site, route, 999_999, session=session)
            assert (answer.status == 403) == route.rules, route


@pytest.mark.parametrize(
    ("role", "scope", "changes", "rules"),
    [
        (Role.VIEWER, Scope.ACT, False, False),
        (Role.MEMBER, Scope.READ, False, False),
        (Role.MEMBER, Scope.ACT, True, False),
        (Role.ADMIN, Scope.ACT, True, True),
    ],
)
def test_a_personal_token_may_what_its_user_may(site, routes, role, scope, changes, rules):
    name = f"{role}{scope}"
    site.somebody(name, role)
    user = site.people.user_with_email(f"{name}@example.com")
    token = site.access.create_token(site.project, "laptop", site.seeds.now, scope, user_id=user.id)
    for route in routes:
        if route.is_api:
            answer = asked(site, route, 999_999, token=token)
            is_allowed = route.verb in SAFE or (rules if route.rules else changes)
            assert (answer.status != 403) == is_allowed, route
