"""How many fixes wait for a yes stands in the navigation and on the first page, as it is now."""

import pytest
from fix_scene import ANA, a_fix, plant_fixes
from playwright.sync_api import expect

from aiops_platform.core.fixing.fix import FixState
from aiops_platform.storage.transactions import SqlStore

BADGE = '#nav a[href="/fixes"] .badge'


@pytest.fixture
def planted(site):
    return plant_fixes(site.seeds, site.project)


def ask(site, planted):
    with SqlStore(site.seeds.database).begin() as transaction:
        asked = a_fix(site.project, planted.service, planted.incident, site.seeds.now, state=FixState.WAITING)
        transaction.fixing.add([asked])


def test_only_what_is_asked_counts_and_leads_to_the_list_of_it(site, client, planted):
    site.app.state.site.fixes.approve(site.project, planted.fixes["suggested"], ANA, site.seeds.now)
    page = client.get("/").text
    assert '<span class="badge badge-alarm">1<span class="sr"> to decide' in page
    assert 'href="/fixes?state=waiting" data-testid="asked-fixes"><b>1</b>' in page
    site.app.state.site.fixes.decline(site.project, planted.fixes["waiting"], ANA, site.seeds.now)
    page = client.get("/").text
    assert "to decide" not in page
    assert "asked-fixes" not in page


def test_another_projects_are_not_counted(site, client):
    plant_fixes(site.seeds, site.seeds.project("other"))
    assert "to decide" not in client.get("/").text


def test_the_api_tells_it_with_the_other_numbers(site, client, planted):
    token = site.access.create_token(site.project, "program", site.seeds.now)
    said = client.get("/api/v1/overview", headers={"Authorization": f"Bearer {token}"}).json()
    assert said["now"]["asked_fixes"] == 1


@pytest.mark.parametrize("path", ["/fixes", "/", "/alerts"])
def test_it_turns_on_the_open_page_which_stays_where_it_is(site, visit, planted, path):
    window = visit()
    window.page.goto(path)
    window.wait_until_live()
    window.mark()
    expect(window.page.locator(BADGE)).to_contain_text("1")
    ask(site, planted)
    expect(window.page.locator(BADGE)).to_contain_text("2")
    expect(window.page.locator('#nav a[aria-current="page"]')).to_have_attribute("href", path)
    if path == "/":
        expect(window.page.get_by_test_id("asked-fixes")).to_contain_text("2")
    assert window.is_same_document()
