"""What providers document of the requests that they take, as checks: a local receiver is as strict as they are."""

import hmac
import json
import re
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import Any

import jsonschema

# https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks and
# https://docs.slack.dev/reference/messaging/attachments
SLACK = {
    "type": "object",
    "required": ["text"],
    "additionalProperties": False,
    "properties": {
        "text": {"type": "string", "minLength": 1, "maxLength": 4000},
        "unfurl_links": {"type": "boolean"},
        "unfurl_media": {"type": "boolean"},
        "attachments": {
            "type": "array",
            "maxItems": 20,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["fallback"],
                "properties": {
                    "fallback": {"type": "string"},
                    "color": {"type": "string", "pattern": "^#[0-9a-f]{6}$"},
                    "title": {"type": "string"},
                    "title_link": {"type": "string", "pattern": "^https?://"},
                    "text": {"type": "string", "maxLength": 16000},
                    "mrkdwn_in": {"type": "array", "items": {"enum": ["pretext", "text", "fields"]}},
                    "ts": {"type": "integer"},
                    "fields": {
                        "type": "array",
                        "maxItems": 10,
                        "items": {
                            "type": "object",
                            "required": ["title", "value", "short"],
                            "additionalProperties": False,
                            "properties": {
                                "title": {"type": "string"},
                                "value": {"type": "string", "maxLength": 2000},
                                "short": {"type": "boolean"},
                            },
                        },
                    },
                },
            },
        },
    },
}

# https://discord.com/developers/docs/resources/webhook#execute-webhook
DISCORD = {
    "type": "object",
    "required": ["embeds"],
    "additionalProperties": False,
    "properties": {
        "content": {"type": "string", "maxLength": 2000},
        "allowed_mentions": {"const": {"parse": []}},
        "embeds": {
            "type": "array",
            "minItems": 1,
            "maxItems": 10,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "title": {"type": "string", "maxLength": 256},
                    "description": {"type": "string", "minLength": 1, "maxLength": 4096},
                    "url": {"type": "string", "pattern": "^https?://"},
                    "color": {"type": "integer", "minimum": 0, "maximum": 0xFFFFFF},
                    "timestamp": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"},
                    "fields": {
                        "type": "array",
                        "maxItems": 25,
                        "items": {
                            "type": "object",
                            "required": ["name", "value"],
                            "additionalProperties": False,
                            "properties": {
                                "name": {"type": "string", "minLength": 1, "maxLength": 256},
                                "value": {"type": "string", "minLength": 1, "maxLength": 1024},
                                "inline": {"type": "boolean"},
                            },
                        },
                    },
                },
            },
        },
    },
}

_TEXT_BLOCK = {
    "type": "object",
    "required": ["type", "text"],
    "additionalProperties": False,
    "properties": {
        "type": {"const": "TextBlock"},
        "text": {"type": "string"},
        "size": {"enum": ["Default", "Small", "Medium", "Large", "ExtraLarge"]},
        "weight": {"enum": ["Default", "Lighter", "Bolder"]},
        "color": {"enum": ["Default", "Dark", "Light", "Accent", "Good", "Warning", "Attention"]},
        "spacing": {"enum": ["None", "Small", "Default", "Medium", "Large", "ExtraLarge", "Padding"]},
        "wrap": {"type": "boolean"},
    },
}
_FACT = {
    "type": "object",
    "required": ["title", "value"],
    "additionalProperties": False,
    "properties": {"title": {"type": "string"}, "value": {"type": "string"}},
}
_FACT_SET = {
    "type": "object",
    "required": ["type", "facts"],
    "additionalProperties": False,
    "properties": {"type": {"const": "FactSet"}, "facts": {"type": "array", "items": _FACT}},
}
_CARD = {
    "type": "object",
    "required": ["type", "version", "body"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"const": "http://adaptivecards.io/schemas/adaptive-card.json"},
        "type": {"const": "AdaptiveCard"},
        "version": {"const": "1.4"},
        "msteams": {"const": {"width": "Full"}},
        "body": {"type": "array", "minItems": 1, "items": {"oneOf": [_TEXT_BLOCK, _FACT_SET]}},
        "actions": {
            "type": "array",
            "maxItems": 6,
            "items": {
                "type": "object",
                "required": ["type", "title", "url"],
                "additionalProperties": False,
                "properties": {
                    "type": {"const": "Action.OpenUrl"},
                    "title": {"type": "string", "minLength": 1},
                    "url": {"type": "string", "pattern": "^https?://"},
                },
            },
        },
    },
}
# https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
TEAMS = {
    "type": "object",
    "required": ["type", "attachments"],
    "additionalProperties": False,
    "properties": {
        "type": {"const": "message"},
        "attachments": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1,
            "items": {
                "type": "object",
                "required": ["contentType", "content"],
                "additionalProperties": False,
                "properties": {
                    "contentType": {"const": "application/vnd.microsoft.card.adaptive"},
                    "contentUrl": {"type": "null"},
                    "content": _CARD,
                },
            },
        },
    },
}

# https://docs.ntfy.sh/publish/#publish-as-json
NTFY = {
    "type": "object",
    "required": ["topic"],
    "additionalProperties": False,
    "properties": {
        "topic": {"type": "string", "pattern": "^[-_A-Za-z0-9]{1,64}$"},
        "message": {"type": "string"},
        "title": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "priority": {"type": "integer", "minimum": 1, "maximum": 5},
        "click": {"type": "string", "pattern": "^https?://"},
        "actions": {
            "type": "array",
            "maxItems": 3,
            "items": {
                "type": "object",
                "required": ["action", "label", "url"],
                "additionalProperties": False,
                "properties": {
                    "action": {"const": "view"},
                    "label": {"type": "string", "minLength": 1},
                    "url": {"type": "string", "pattern": "^https?://"},
                },
            },
        },
    },
}

# https://developer.pagerduty.com/docs/send-alert-event
_ROUTING = {"type": "string", "pattern": "^[A-Za-z0-9]{32}$"}
_DEDUP = {"type": "string", "minLength": 1, "maxLength": 255}
PAGERDUTY = {
    "oneOf": [
        {
            "type": "object",
            "required": ["routing_key", "event_action", "payload"],
            "additionalProperties": False,
            "properties": {
                "routing_key": _ROUTING,
                "event_action": {"const": "trigger"},
                "dedup_key": _DEDUP,
                "client": {"type": "string"},
                "client_url": {"type": "string", "pattern": "^https?://"},
                "links": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["href"],
                        "additionalProperties": False,
                        "properties": {"href": {"type": "string", "pattern": "^https?://"}, "text": {"type": "string"}},
                    },
                },
                "payload": {
                    "type": "object",
                    "required": ["summary", "source", "severity"],
                    "additionalProperties": False,
                    "properties": {
                        "summary": {"type": "string", "minLength": 1, "maxLength": 1024},
                        "source": {"type": "string", "minLength": 1},
                        "severity": {"enum": ["critical", "warning", "error", "info"]},
                        "timestamp": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"},
                        "component": {"type": "string"},
                        "group": {"type": "string"},
                        "class": {"type": "string"},
                        "custom_details": {"type": "object"},
                    },
                },
            },
        },
        {
            "type": "object",
            "required": ["routing_key", "event_action", "dedup_key"],
            "additionalProperties": False,
            "properties": {
                "routing_key": _ROUTING,
                "event_action": {"enum": ["acknowledge", "resolve"]},
                "dedup_key": _DEDUP,
            },
        },
    ]
}


def check(provider: str, body: bytes) -> dict[str, Any]:
    """The body of a request, as long as this provider would take it."""
    said: dict[str, Any] = json.loads(body)
    schemas: dict[str, dict[str, Any]] = {
        "slack": SLACK,
        "discord": DISCORD,
        "teams": TEAMS,
        "ntfy": NTFY,
        "pagerduty": PAGERDUTY,
    }
    jsonschema.validate(said, schemas[provider])
    match provider:
        case "discord":
            texts = [text for embed in said["embeds"] for text in _texts(embed)]
            assert sum(map(len, texts)) <= 6000
        case "teams":
            assert len(body) <= 28 * 1024
        case "ntfy":
            assert len(said["message"].encode()) <= 4096
        case "pagerduty":
            assert len(body) <= 512 * 1024
        case _:
            assert not re.search(r"<!|<@|<#|@(channel|here|all|everyone)", json.dumps(said, ensure_ascii=False))
    return said


def _texts(embed: dict[str, Any]) -> list[str]:
    fields = [text for field in embed.get("fields", []) for text in (field["name"], field["value"])]
    return [embed.get("title", ""), embed.get("description", ""), *fields]


def is_signed(headers: dict[str, str], body: bytes, secret: str) -> bool:
    """Whether a webhook is signed with this secret, as the specification has its receivers check it.

    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = b64encode(hmac.new(b64decode(secret.removeprefix("whsec_")), content, sha256).digest()).decode()
    given = [each.split(",") for each in headers["webhook-signature"].split(" ")]
    return any(version == "v1" and hmac.compare_digest(text, wanted) for version, text in given)
