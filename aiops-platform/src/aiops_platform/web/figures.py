"""Numbers as pages show them: said as `words` says them, with the number itself beside, for a script to write it as the viewer does."""

from markupsafe import Markup, escape

from aiops_platform.web import words


def number(value: int) -> Markup:
    """`12,345`."""
    return Markup('<data value="{}">{}</data>').format(value, f"{value:,}") if abs(value) >= 1000 else escape(value)


def short(value: int) -> Markup:
    """`12.3k`."""
    said = words.short(value)
    return Markup('<data value="{}" data-short>{}</data>').format(value, said) if value >= 1000 else escape(said)


def many(value: int, one: str, more: str | None = None) -> Markup:
    """`1 event`, `12,345 events`."""
    return Markup("{} {}").format(number(value), one if value == 1 else more or one + "s")
