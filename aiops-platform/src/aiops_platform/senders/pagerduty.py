"""PagerDuty's Events API v2: an alert triggers, its end resolves, and its group is the key that brings them together.

Limits: the summary 1,024 characters, the key 255, all of it 512 kB. See
https://developer.pagerduty.com/docs/send-alert-event.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from aiops_platform.core.messages import Message, MessageState
from aiops_platform.senders.posting import Post, json_post
from aiops_platform.senders.wording import clipped

_SUMMARY: Final = 1_024


def request(settings: Mapping[str, str], message: Message, _now: datetime) -> Post:
    """The event for the service whose integration key is set."""
    return json_post(settings["url"], content(message, settings["routing_key"]))


def content(message: Message, routing_key: str) -> dict[str, Any]:
    """What is enqueued. One that only tries the channel out is resolved at once: it wakes nobody for long."""
    known = {"routing_key": routing_key, "dedup_key": message.group}
    if message.state is MessageState.OVER:
        return known | {"event_action": "resolve"}
    payload: dict[str, Any] = {
        "summary": clipped(message.subject, _SUMMARY),
        "source": message.service or message.project,
        "severity": message.severity.value,
        "timestamp": message.at.isoformat(),
        "custom_details": {**message.labels, "Text": message.lines()},
    }
    payload |= {"component": message.service} if message.service else {}
    payload |= {"group": message.environment} if message.environment else {}
    event = known | {"event_action": "trigger", "payload": payload, "client": "AIOps"}
    event |= {"client_url": message.url} if message.url else {}
    return event | {"links": [{"href": each.url, "text": each.label} for each in message.actions]}


def resolving(settings: Mapping[str, str], message: Message) -> Post:
    """Ends what a trial has begun."""
    known = {"routing_key": settings["routing_key"], "dedup_key": message.group, "event_action": "resolve"}
    return json_post(settings["url"], known)
