"""Microsoft Teams, by a workflow that posts what it is sent: one adaptive card, at most 28 kB.

Text blocks and facts know a little Markdown, which is escaped. See
https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook and
https://adaptivecards.io/explorer/AdaptiveCard.html (version 1.4, what Teams shows on phones, too).
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from aiops_platform.core.messages import Item, Message, MessageState, Severity
from aiops_platform.senders.posting import Post, json_post
from aiops_platform.senders.wording import clipped

_MOST_BYTES: Final = 27_000
# How much of each text there may be; the first that fits is taken.
_SIZES: Final = (1_000, 400, 150, 60)
_FACTS: Final = 10
_ACTIONS: Final = 5
_MARKS: Final = re.compile(r"([\\*_~`#\[\]()<>])")


def request(settings: Mapping[str, str], message: Message, _now: datetime) -> Post:
    """The message for such a workflow."""
    posts = (json_post(settings["url"], content(message, size)) for size in _SIZES)
    return next((post for post in posts if len(post.body) <= _MOST_BYTES), _least(settings, message))


def content(message: Message, size: int) -> dict[str, Any]:
    """What is posted, with at most `size` characters of each text."""
    body: list[dict[str, Any]] = [
        {"type": "TextBlock", "text": _plain(message.heading), "size": "Large", "weight": "Bolder", "wrap": True}
        | {"color": _color(message)}
    ]
    body += [_block(_plain(clipped(line, size))) for line in message.text]
    for item in message.items:
        body.append(_block(f"• {_link(item, size)}" + (f": {_plain(clipped(item.text, size))}" if item.text else "")))
    body += [_block(line) for line in message.rest(lambda item: _link(item, size))]
    facts = [{"title": label, "value": _plain(clipped(value, size))} for label, value in message.labels.items()]
    body.append({"type": "FactSet", "facts": facts[:_FACTS]})
    links = ([("Open it", message.url)] if message.url else []) + [(each.label, each.url) for each in message.actions]
    return _envelope(body, links[:_ACTIONS])


def _least(settings: Mapping[str, str], message: Message) -> Post:
    body = [_block(_plain(message.heading))]
    return json_post(settings["url"], _envelope(body, [("Open it", message.url)] if message.url else []))


def _envelope(body: list[dict[str, Any]], links: list[tuple[str, str]]) -> dict[str, Any]:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": body,
        "actions": [{"type": "Action.OpenUrl", "title": label, "url": url} for label, url in links],
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "contentUrl": None, "content": card}]}


def _link(item: Item, size: int) -> str:
    title = _plain(clipped(item.title, size))
    return f"[{title}]({item.url})" if item.url else title


def _block(text: str) -> dict[str, Any]:
    return {"type": "TextBlock", "text": text, "wrap": True, "spacing": "Small"}


def _color(message: Message) -> str:
    if message.state is MessageState.OVER:
        return "Good"
    if message.state is MessageState.TEST or message.severity is Severity.INFO:
        return "Default"
    return "Warning" if message.severity is Severity.WARNING else "Attention"


def _plain(text: str) -> str:
    return _MARKS.sub(r"\\\1", text)
