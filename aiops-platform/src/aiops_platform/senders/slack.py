"""Slack's incoming webhooks, and Mattermost's and Rocket.Chat's, which take the same: one attachment with its colour.

Blocks are Slack's alone; attachments all three know. `<`, `>` and `&` are escaped, which leaves no `<!channel>`; an `@` is
taken apart for Mattermost. See https://docs.slack.dev/messaging/formatting-message-text and
https://docs.slack.dev/reference/messaging/attachments and https://developers.mattermost.com/integrate/webhooks/incoming.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from aiops_platform.core.messages import Message
from aiops_platform.senders.posting import Post, json_post
from aiops_platform.senders.wording import calling_nobody, clipped, color, linking_nothing

_TEXT: Final = 2_500
_FIELDS: Final = 10
_VALUE: Final = 300
_SHORT: Final = 40


def request(settings: Mapping[str, str], message: Message, _now: datetime) -> Post:
    """The message for such a webhook."""
    return json_post(settings["url"], content(message))


def content(message: Message) -> dict[str, Any]:
    """What is posted. The first line is what a notification shows."""
    items = [
        f"• {_link(item.url, item.title)}" + (f": {_plain(item.text)}" if item.text else "") for item in message.items
    ]
    lines = _fitting([*(_plain(line) for line in message.text), *items, *_rest(message)])
    actions = " · ".join(_link(each.url, each.label) for each in message.actions)
    attachment: dict[str, Any] = {
        "color": color(message),
        "fallback": _plain(message.heading),
        "text": "\n".join([*lines, actions] if actions else lines),
        "mrkdwn_in": ["text"],
        "fields": [
            {"title": _plain(label), "value": _plain(clipped(value, _VALUE)), "short": len(value) <= _SHORT}
            for label, value in list(message.labels.items())[:_FIELDS]
        ],
        "ts": int(message.at.timestamp()),
    }
    if message.url:
        attachment |= {"title": "Open it", "title_link": message.url}
    return {"text": _plain(message.subject), "attachments": [attachment], "unfurl_links": False, "unfurl_media": False}


def _rest(message: Message) -> list[str]:
    return message.rest(lambda item: _link(item.url, item.title))


def _plain(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return calling_nobody(linking_nothing(escaped))


def _link(url: str, label: str) -> str:
    # A bar would end the address, and a label with one has said all before it.
    return f"<{url.replace('&', '&amp;')}|{_plain(label.replace('|', '/'))}>" if url else _plain(label)


def _fitting(lines: list[str]) -> list[str]:
    """Whole lines only: a link that is cut in its middle would show what is in it."""
    kept: list[str] = []
    for line in lines:
        if sum(map(len, kept)) + len(line) > _TEXT:
            return [*kept, clipped(line, 200) if "<" not in line else "…"]
        kept.append(line)
    return kept
