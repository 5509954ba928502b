"""Text from outside, made fit for a page: visible, and within a budget of bytes. Escaping is the template's."""

from dataclasses import dataclass
from html import escape

_ELLIPSIS = "…"

# Control characters are shown as their pictures (␀, ␛ …), so that nothing hides; a line break and a tab stay.
_VISIBLE: dict[int, str] = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"}
_VISIBLE[0x0D] = ""
_VISIBLE[0x7F] = "␡"
_VISIBLE.update({code: f"⟨{code:02X}⟩" for code in range(0x80, 0xA0)})
# These turn the direction of what follows, which can make a text read as something else ("Trojan source").
_VISIBLE.update({code: f"⟨{code:04X}⟩" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))})
# Halves of a character cannot be encoded.
_VISIBLE.update(dict.fromkeys(range(0xD800, 0xE000), "�"))


def visible(text: str) -> str:
    """The text with nothing hidden in it, and nothing that cannot be encoded."""
    return text.translate(_VISIBLE)


def shortened(text: str, most: int) -> str:
    """At most so many characters, all in one line, with an ellipsis where something was left out."""
    line = " ".join(visible(text[: most * 4]).split())
    return line if len(line) <= most and len(text) <= most * 4 else line[: most - 1].rstrip() + _ELLIPSIS


def shortened_text(text: str, most: int) -> str:
    """At most so many characters, with its lines, and with an ellipsis where something was left out."""
    return text if len(text) <= most else text[: most - 1].rstrip() + _ELLIPSIS


@dataclass(frozen=True, kw_only=True)
class Text:
    """A piece of text for a page. `at` points (JSON pointer) to the whole within the event; `of` is how long the whole is."""

    shown: str
    at: str
    is_cut: bool
    of: int


class Budget:
    """How many bytes of HTML may still be spent; whoever asks late on an overlong page gets less."""

    def __init__(self, left: int, *, out_of: "Budget | None" = None) -> None:
        self._left = left
        self._out_of = out_of

    @property
    def left(self) -> int:
        """How much there is still."""
        return self._left if self._out_of is None else min(self._left, self._out_of.left)

    def share(self, most: int) -> "Budget":
        """A budget within this one: what it spends is spent here, too; so no part can leave the others with nothing."""
        return Budget(most, out_of=self)

    def room(self, cost: int) -> bool:
        """Takes that much for markup, if it is there."""
        if cost > self.left:
            return False
        self._spend(cost)
        return True

    def text(self, text: str, *, at: str, most: int) -> Text:
        """As much of the text as `most` characters and the budget allow. Always answers; at worst with nothing."""
        full = visible(text[:most])
        shown = full
        if _bytes_of(full) > self.left:
            # A character costs at most 6 bytes (`&quot;`), so this cannot overshoot.
            shown = full[: max(0, self.left) // 6]
        self._spend(_bytes_of(shown))
        return Text(shown=shown, at=at, is_cut=len(text) > most or len(shown) < len(full), of=len(text))

    def _spend(self, cost: int) -> None:
        self._left -= cost
        if self._out_of is not None:
            self._out_of._spend(cost)


def _bytes_of(text: str) -> int:
    return len(escape(text).encode())
