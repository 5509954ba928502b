"""A badge: a small picture that says how a service is. Drawn here, readable without colour."""

from html import escape
from typing import Final

from aiops_platform.core.monitor import MonitorState
from aiops_platform.web.cut import shortened

_LONGEST: Final = 40
_HEIGHT: Final = 20
_PADDING: Final = 6
# Of the usual fonts at 11 pixels: narrow letters, wide ones, all others.
_NARROW, _WIDE, _USUAL = 3.5, 9.5, 6.6
_SAID: Final = {
    MonitorState.ALIVE: ("up", "#15683c"),
    MonitorState.LATE: ("late", "#835000"),
    MonitorState.SILENT: ("down", "#b3261b"),
    MonitorState.PAUSED: ("paused", "#4c5058"),
    MonitorState.STOPPED: ("stopped", "#4c5058"),
    MonitorState.NEW: ("new", "#4c5058"),
}
_HELD: Final = ("maintenance", "#4c5058")


def badge(label: str, state: MonitorState, *, is_held: bool = False) -> str:
    """The picture as SVG. The label is what was asked for. `is_held`: it is in maintenance, which hides all but a pause."""
    said, color = _SAID[state] if not is_held or state is MonitorState.PAUSED else _HELD
    name = shortened(label, _LONGEST)
    left, right = (round(_width(text)) + 2 * _PADDING for text in (name, said))
    shown, whole = escape(name), left + right
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="{_HEIGHT}" role="img" '
        f'aria-label="{shown}: {said}"><title>{shown}: {said}</title>'
        f'<clipPath id="r"><rect width="{whole}" height="{_HEIGHT}" rx="4"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="{_HEIGHT}" fill="#1f2a44"/>'
        f'<rect x="{left}" width="{right}" height="{_HEIGHT}" fill="{color}"/></g>'
        f'<g fill="#ffffff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f'<text x="{_PADDING}" y="14" textLength="{left - 2 * _PADDING}">{shown}</text>'
        f'<text x="{left + _PADDING}" y="14" textLength="{right - 2 * _PADDING}">{said}</text></g></svg>'
    )


def _width(text: str) -> float:
    return sum(
        _NARROW if letter in "iIl.,:;|!'" else _WIDE if letter in "mwMW—…" or ord(letter) > 0x2E7F else _USUAL
        for letter in text
    )
