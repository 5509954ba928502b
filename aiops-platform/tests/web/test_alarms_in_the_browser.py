"""The pages of alerts and channels with much on them, as people see them: nothing sticks out, and nobody is kept out."""

import pytest
from accessibility import grave_violations
from alarms import alarm_pages, plant_alarms
from browsing import DESKTOP, PHONE


@pytest.mark.parametrize(
    "options",
    [{"size": DESKTOP, "color_scheme": "light"}, {"size": PHONE, "color_scheme": "dark"}],
    ids=["light", "dark, on a phone"],
)
def test_the_longest_names_stick_out_nowhere_and_axe_finds_nothing_serious(site, visit, options):
    site.introduce()
    ids = plant_alarms(site.seeds, site.project, site.url)
    user = site.people.user_with_email("ana.lee@example.com")
    site.people.add_project("Operations", user.id, site.seeds.now)
    page = visit(**options).page
    for name, path in alarm_pages(ids).items():
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert grave_violations(page) == [], name
        assert page.evaluate("window.harmed") is None
        assert len(page.content()) < 60_000, name


def test_a_rule_about_many_people_is_tried_and_kept_by_hand(site, visit):
    plant_alarms(site.seeds, site.project, site.url)
    page = visit(size=PHONE).page
    page.goto("/alerts/rules")
    page.get_by_role("textbox", name="Name").fill("Checkout hurts many")
    page.get_by_label("Tell when", exact=True).select_option("many")
    page.get_by_label("Or people").fill("20")
    page.get_by_label("Within").fill("15")
    page.get_by_label("Minutes or hours").select_option("minutes")
    page.get_by_test_id("try").click()
    page.get_by_test_id("tried").wait_for()
    assert page.get_by_label("Within").input_value() == "15"
    page.get_by_test_id("save").click()
    page.get_by_test_id("saved").wait_for()
    assert "an incident has reached 20 people within 15 min" in page.get_by_test_id("rule").last.inner_text()
