"""The guide to rules for grouping, and the page that teaches them, name every field and show only rules that are rules."""

import re
from pathlib import Path

from aiops_platform.core import group_rules
from aiops_platform.core.group_rules.fields import known

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/guides/group-rules.md").read_text(encoding="utf-8")
PAGE = (ROOT / "aiops-platform/src/aiops_platform/web/templates/grouping_settings.html").read_text(encoding="utf-8")


def test_the_guide_names_every_field_and_no_other() -> None:
    rows = re.findall(r"^\| (`.*?) \|", GUIDE, re.MULTILINE)
    assert sorted(re.findall(r"`([^`]+)`", " ".join(rows))) == sorted(known())


def test_the_page_names_every_field() -> None:
    said = PAGE.partition("<p>Fields: ")[2].partition("In a key")[0]
    assert set(known()) <= set(re.findall(r"<code>([^<]+)</code>", said))


def test_the_rules_that_are_shown_are_rules() -> None:
    shown = GUIDE.partition("```\n")[2].partition("```")[0]
    reading = group_rules.read(shown)
    assert (len(reading.rules.rules), reading.problems) == (3, ())
    examples = [re.sub(r'\{\{ "(.*?)" \}\}', r"\1", each) for each in re.findall(r"<dt><code>(.*?)</code>", PAGE)]
    for example in examples:
        assert group_rules.read(example.replace("&gt;", ">")).problems == ()
    assert len(examples) == 3
