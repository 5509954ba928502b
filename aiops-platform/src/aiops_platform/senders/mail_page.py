"""A mail as a page: one column that fits a phone, light or dark as its reader's program is, nothing loaded from anywhere."""

from html import escape
from typing import Final

from aiops_platform.core.letters import Letter
from aiops_platform.core.messages import Item, Link, Message
from aiops_platform.senders.wording import color

_STYLE: Final = """
:root { color-scheme: light dark; supported-color-schemes: light dark; }
body { margin: 0; padding: 0; background: #f4f5f7; color: #1b1f24; font: 16px/1.5 system-ui, sans-serif; }
.sheet { max-width: 560px; margin: 0 auto; padding: 24px 20px; background: #ffffff; }
.bar { height: 4px; border-radius: 2px; }
h1 { font-size: 20px; line-height: 1.3; margin: 16px 0 8px; overflow-wrap: anywhere; }
p, li, td, th { overflow-wrap: anywhere; }
p { margin: 0 0 8px; }
ul { margin: 8px 0; padding-left: 20px; }
table { border-collapse: collapse; width: 100%; margin: 12px 0; font-size: 14px; }
th { text-align: left; font-weight: normal; color: #5b6470; padding: 4px 12px 4px 0; width: 30%; vertical-align: top; }
td { padding: 4px 0; }
a { color: #0b57c2; }
.button { display: inline-block; margin: 8px 8px 0 0; padding: 9px 16px; border: 1px solid #0b57c2; border-radius: 6px;
  text-decoration: none; }
.first { background: #0b57c2; color: #ffffff; }
@media (prefers-color-scheme: dark) {
  body { background: #14171a; color: #e6e8ea; }
  .sheet { background: #1d2125; }
  th { color: #a0a8b0; }
  a { color: #8ab8ff; }
  .button { border-color: #8ab8ff; }
  .first { background: #8ab8ff; color: #10141a; }
}
"""


def page(message: Message) -> str:
    """The message as a whole HTML document."""
    parts = [
        f'<div class="bar" style="background:{color(message)}"></div>',
        f"<h1>{escape(message.heading)}</h1>",
        *(f"<p>{escape(line)}</p>" for line in message.text),
        _items(message),
        _table(message),
        _buttons(message),
    ]
    return document(message.heading, "\n".join(part for part in parts if part))


def letter_page(letter: Letter) -> str:
    """The same for a letter."""
    lines = "".join(f"<p>{escape(line)}</p>" for line in letter.lines)
    return document(letter.subject, f"<h1>{escape(letter.subject)}</h1>{lines}{button(letter.link, first=True)}")


def document(title: str, body: str) -> str:
    """A page with this body, which is HTML already."""
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    schemes = (
        '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
    )
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}{schemes}<style>{_STYLE}</style></head>\n'
        f'<body><div class="sheet">\n{body}\n</div></body></html>\n'
    )


def button(link: Link, *, first: bool = False) -> str:
    """Something to press."""
    return f'<a class="button{" first" if first else ""}" href="{escape(link.url)}">{escape(link.label)}</a>'


def _items(message: Message) -> str:
    items = f"<ul>{''.join(_item(item) for item in message.items)}</ul>" if message.items else ""
    return items + "".join(f"<p>{line}</p>" for line in message.rest(_title))


def _item(item: Item) -> str:
    return f"<li>{_title(item)}{': ' + escape(item.text) if item.text else ''}</li>"


def _title(item: Item) -> str:
    return f'<a href="{escape(item.url)}">{escape(item.title)}</a>' if item.url else escape(item.title)


def _table(message: Message) -> str:
    rows = (f"<tr><th>{escape(label)}</th><td>{escape(value)}</td></tr>" for label, value in message.labels.items())
    return f"<table>{''.join(rows)}</table>"


def _buttons(message: Message) -> str:
    opening = [button(Link("Open it", message.url), first=True)] if message.url else []
    return " ".join([*opening, *(button(each) for each in message.actions)])
