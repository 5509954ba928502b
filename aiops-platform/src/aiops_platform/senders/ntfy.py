"""ntfy, here or elsewhere: published as JSON to the server of the topic.

A message has at most 4,096 bytes (a longer one would become a file) and three actions; priorities are 1 to 5. See
https://docs.ntfy.sh/publish/#publish-as-json.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from aiops_platform.core.messages import Message, MessageState, Severity
from aiops_platform.senders.posting import Post, json_post
from aiops_platform.senders.wording import clipped_bytes

_MESSAGE: Final = 3_500
_TITLE: Final = 250
_ACTIONS: Final = 3
_PRIORITIES: Final = {Severity.CRITICAL: 5, Severity.ERROR: 4, Severity.WARNING: 3, Severity.INFO: 2}
_TAGS: Final = {
    MessageState.FIRING: "rotating_light",
    MessageState.OVER: "white_check_mark",
    MessageState.TEST: "wave",
}


def request(settings: Mapping[str, str], message: Message, _now: datetime) -> Post:
    """The message for the topic whose address is set."""
    server, _, topic = settings["url"].rpartition("/")
    token = settings.get("token")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return json_post(f"{server}/", content(message, topic), headers)


def content(message: Message, topic: str) -> dict[str, Any]:
    """What is published."""
    said = "\n".join([*message.lines(), *(f"{label}: {value}" for label, value in message.labels.items())])
    wanted: dict[str, Any] = {
        "topic": topic,
        "title": clipped_bytes(message.subject, _TITLE),
        "message": clipped_bytes(said, _MESSAGE),
        "priority": _PRIORITIES[message.severity] if message.state is MessageState.FIRING else 2,
        "tags": [_TAGS[message.state]],
        "actions": [{"action": "view", "label": each.label, "url": each.url} for each in message.actions[:_ACTIONS]],
    }
    if message.url:
        wanted["click"] = message.url
    return wanted
