"""Texts made fit for what shows them: cut to a provider's limit, and without what would call people or start a link."""

from typing import Final

from aiops_platform.core.messages import Message, MessageState, Severity

# Between two signs that would mean something together; nobody sees it.
_NOTHING: Final = "\u200b"
_CUT: Final = "…"


def clipped(text: str, most: int) -> str:
    """The text in at most so many characters; `…` says that it was cut."""
    return text if len(text) <= most else text[: most - 1].rstrip() + _CUT


def clipped_bytes(text: str, most: int) -> str:
    """The same for bytes in UTF-8."""
    raw = text.encode()
    if len(raw) <= most:
        return text
    return raw[: most - len(_CUT.encode())].decode(errors="ignore").rstrip() + _CUT


def calling_nobody(text: str) -> str:
    """The same to read, but `@all`, `@here` and their like are no names any more."""
    return text.replace("@", "@" + _NOTHING)


def linking_nothing(text: str) -> str:
    """The same to read, but `[this](https://…)` is no link any more."""
    return text.replace("](", "]" + _NOTHING + "(")


def color(message: Message) -> str:
    """The colour that says how bad it is, as `#rrggbb`."""
    match message.state:
        case MessageState.OVER:
            return "#2e7d32"
        case MessageState.TEST:
            return "#5b6470"
        case MessageState.FIRING:
            return _COLORS[message.severity]


_COLORS: Final = {
    Severity.CRITICAL: "#a4001d",
    Severity.ERROR: "#d32f2f",
    Severity.WARNING: "#b26a00",
    Severity.INFO: "#1565c0",
}
