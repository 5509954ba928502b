"""The tokens of the style sheet, which pairs of them stand on each other, and by how much one is told from the other. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Final, Literal

Scheme = Literal["light", "dark"]
SCHEMES: Final[tuple[Scheme, ...]] = ("light", "dark")
TEXT: Final = 4.5
SHAPE: Final = 3.0

_GROUNDS: Final = ("paper", "surface", "sunken")
_ALARMS: Final = ("red", "amber", "green")
#: Which ink is read on which ground.
TEXTS: Final = (
    *product(("ink", "ink-2", "ink-3", "accent", *_ALARMS), _GROUNDS),
    *((alarm, f"{alarm}-soft") for alarm in _ALARMS),
    ("ink-2", "red-soft"),
    ("ink-2", "green-soft"),
    ("ink", "accent-soft"),
    ("ink-2", "accent-soft"),
    ("ink", "here"),
    ("ink-3", "here"),
    ("main-ink", "main"),
)
#: Which edge of a control, and which drawing, is seen on which ground.
SHAPES: Final = (
    *product(("edge", "accent", "red"), _GROUNDS),
    *product(("cell-alive", "cell-late", "cell-silent", "cell-stopped", "bar", "amber"), ("surface", "paper")),
    ("main", "surface"),
    ("main", "paper"),
)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """What stands on what, the contrast of both schemes, and the least that it must be."""

    ink: str
    ground: str
    least: float
    contrasts: Mapping[Scheme, float]

    @property
    def is_enough(self) -> bool:
        """Whether it can be told in both."""
        return min(self.contrasts.values()) >= self.least


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """Colours by their names in each scheme, and all other tokens as they are written."""

    colours: Mapping[Scheme, Mapping[str, str]]
    sizes: Mapping[str, str]

    def pairs(self) -> tuple[Pair, ...]:
        """Every pair that there is, texts first."""
        named = [(pair, TEXT) for pair in TEXTS] + [(pair, SHAPE) for pair in SHAPES]
        return tuple(
            Pair(
                ink=ink,
                ground=ground,
                least=least,
                contrasts={each: contrast(self.colours[each][ink], self.colours[each][ground]) for each in SCHEMES},
            )
            for (ink, ground), least in named
        )


def read(style: str) -> Tokens:
    """The tokens of a style sheet: those of the light scheme in its first `:root`, what the dark one changes in its second."""
    light, dark = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    written: dict[str, str] = dict(re.findall(r"--([\w-]+): ([^;]+);", light))
    colours = {name: value for name, value in written.items() if value.startswith("#")}
    darker = {name: value for name, value in re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark) if name in colours}
    return Tokens(
        colours={"light": colours, "dark": colours | darker},
        sizes={name: value for name, value in written.items() if name not in colours},
    )


def contrast(one: str, other: str) -> float:
    """From 1 to 21, as WCAG 2.2 says it, of two colours `#rrggbb`."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
