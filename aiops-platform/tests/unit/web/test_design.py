"""The tokens of the style sheet: every text can be read, every control and drawing be seen, in light and in dark."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops_platform.web import design
from aiops_platform.web.app import STATIC

SHEETS = {path.name: path.read_text() for path in sorted(STATIC.glob("*.css"))}
STYLE = SHEETS["aiops.css"]
TOKENS = design.read(STYLE)
COLOURS = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)


@pytest.mark.parametrize("pair", TOKENS.pairs(), ids=lambda pair: f"{pair.ink} on {pair.ground}")
def test_one_is_told_from_the_other(pair):
    assert pair.is_enough, pair.contrasts


def test_no_pair_is_forgotten_that_a_rule_names():
    texts = set(design.TEXTS)
    for name, sheet in SHEETS.items():
        for rule in re.findall(r"\{([^{}]*)\}", sheet):
            ink = re.search(r"(?:^|[; ])color: var\(--([\w-]+)\)", rule)
            ground = re.search(r"background(?:-color)?: var\(--([\w-]+)\)", rule)
            if ink and ground:
                assert (ink[1], ground[1]) in texts, f"{name}: {rule.strip()}"


def test_the_edge_of_every_control_is_one_that_is_seen():
    seen = {pair[0] for pair in design.SHAPES}
    for name, sheet in SHEETS.items():
        for selector, rule in re.findall(r"([^{}]+)\{([^{}]*)\}", sheet):
            edge = re.search(r"(?:^|[; ])border: 1px solid var\(--([\w-]+)\)", rule)
            if edge and re.search(r"(^|[\s,])(input|select|textarea|button)\b", selector):
                assert edge[1] in seen, f"{name}: {selector.strip()}"


def test_there_is_a_dark_colour_for_every_light_one():
    light, dark = TOKENS.colours["light"], TOKENS.colours["dark"]
    assert light.keys() == dark.keys()
    assert len(light) > 20
    assert not [name for name in light if light[name] == dark[name]]


@settings(max_examples=30)
@given(COLOURS, COLOURS)
def test_contrast_is_the_same_both_ways_and_within_its_bounds(one, other):
    assert 1 <= design.contrast(one, other) <= 21.0001
    assert design.contrast(one, other) == design.contrast(other, one)
    assert design.contrast(one, one) == 1


def test_contrast_is_what_the_guidelines_say():
    assert design.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert design.contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)


def test_every_token_that_is_used_is_there():
    defined = set(re.findall(r"--([\w-]+):", "".join(SHEETS.values())))
    for name, sheet in SHEETS.items():
        assert set(re.findall(r"var\(--([\w-]+)", sheet)) <= defined, name


def test_every_size_has_its_sample_on_the_design_page():
    samples = set(re.findall(r"\.(?:type|space)-([ts]\d)\b", SHEETS["design.css"]))
    assert samples == {name for name in TOKENS.sizes if re.fullmatch(r"[ts]\d", name)}


@pytest.mark.parametrize("name", SHEETS)
def test_nothing_comes_from_elsewhere(name):
    assert "url(" not in SHEETS[name]
    assert "@import" not in SHEETS[name]
