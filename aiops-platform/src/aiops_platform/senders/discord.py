"""Discord's webhooks: one embed with its colour, mentions switched off, Markdown escaped.

Limits: content 2,000 characters; of an embed the title 256, the description 4,096, 25 fields of 256 and 1,024, all of it
together 6,000. See https://discord.com/developers/docs/resources/webhook#execute-webhook and
https://discord.com/developers/docs/resources/message#embed-object-embed-limits.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from aiops_platform.core.messages import Message
from aiops_platform.senders.posting import Post, json_post
from aiops_platform.senders.wording import clipped, color

_MARKS: Final = re.compile(r"([\\*_~`|>#\[\]()<:@-])")
_TITLE: Final = 256
_DESCRIPTION: Final = 2_800
_FIELDS: Final = 8
_NAME: Final = 100
_VALUE: Final = 120


def request(settings: Mapping[str, str], message: Message, _now: datetime) -> Post:
    """The message for such a webhook."""
    return json_post(settings["url"], content(message))


def content(message: Message) -> dict[str, Any]:
    """What is posted."""
    items = [
        f"• {_link(item.url, item.title)}" + (f": {_plain(item.text)}" if item.text else "") for item in message.items
    ]
    actions = " · ".join(_link(each.url, each.label) for each in message.actions)
    room = _DESCRIPTION - len(actions) - 1
    lines = _fitting([*(_plain(line) for line in message.text), *items, *_rest(message)], max(room, 200))
    embed: dict[str, Any] = {
        "title": clipped(message.heading, _TITLE),
        "color": int(color(message)[1:], 16),
        "fields": [
            {"name": clipped(label, _NAME), "value": _plain(clipped(value, _VALUE)), "inline": True}
            for label, value in list(message.labels.items())[:_FIELDS]
        ],
        "timestamp": message.at.isoformat(),
    }
    if text := "\n".join([*lines, actions] if actions and room > 0 else lines):
        embed["description"] = text
    if message.url:
        embed["url"] = message.url
    return {"embeds": [embed], "allowed_mentions": {"parse": []}}


def _rest(message: Message) -> list[str]:
    return message.rest(lambda item: _link(item.url, item.title))


def _plain(text: str) -> str:
    return _MARKS.sub(r"\\\1", text)


def _link(url: str, label: str) -> str:
    return f"[{_plain(label)}](<{url}>)" if url else _plain(label)


def _fitting(lines: list[str], room: int) -> list[str]:
    kept: list[str] = []
    for line in lines:
        if sum(map(len, kept)) + len(kept) + len(line) > room - 2:
            return [*kept, "…"]
        kept.append(line)
    return kept
