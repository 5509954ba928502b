"""The tokens of the style sheet: every text can be read on every ground that it stands on, in light and in dark."""

import re

import pytest

from aiops_platform.web.app import STATIC

STYLE = (STATIC / "aiops.css").read_text()
LEAST = 4.5
PAIRS = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3", "accent") for ground in ("paper", "surface", "sunken")),
    *((ink, ground) for ink in ("red", "amber", "green") for ground in ("surface", "paper", f"{ink}-soft")),
    ("ink", "here"),
    ("ink-3", "here"),
    ("main-ink", "main"),
    ("amber", "sunken"),
    ("red", "sunken"),
    ("green", "sunken"),
    ("ink", "accent-soft"),
]


def tokens(scheme):
    light, dark = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    return found | (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark)) if scheme == "dark" else {})


def luminance(color):
    parts = [int(color[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_text_can_be_read(scheme, ink, ground):
    palette = tokens(scheme)
    assert contrast(palette[ink], palette[ground]) >= LEAST


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("cell", ["cell-silent", "cell-late", "cell-alive", "bar"])
def test_drawings_stand_out_from_their_ground(scheme, cell):
    palette = tokens(scheme)
    assert contrast(palette[cell], palette["surface"]) >= (3 if cell in {"cell-silent", "bar"} else 2)


def test_every_token_that_is_used_is_there():
    assert set(re.findall(r"var\(--([\w-]+)", STYLE)) <= set(re.findall(r"--([\w-]+):", STYLE))


def test_nothing_comes_from_elsewhere():
    assert "url(" not in STYLE
    assert "@import" not in STYLE
