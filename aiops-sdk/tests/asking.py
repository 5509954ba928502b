"""Asks for fixes as a platform does, by what the wire says and with code of its own."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import time
import uuid
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

import pytest
from events import a_config

import aiops_sdk
from aiops_sdk import _api
from aiops_sdk import client as clients
from aiops_sdk.client import Client
from aiops_sdk.delivery.transport import Accepted
from aiops_sdk.fixing import declaring

KEY = "key-of-the-test"
PATH = "/_aiops/fix"


def secret_of(key: str = KEY) -> bytes:
    """HKDF with SHA-256, as RFC 5869 says it."""
    drawn = hmac.new(b"\x00" * 32, key.encode(), "sha256").digest()
    return hmac.new(drawn, b"aiops callback v1\x01", "sha256").digest()


def signature(body: bytes, message_id: str, at: int, key: str = KEY) -> str:
    """One signature of a message."""
    digest = hmac.new(secret_of(key), f"{message_id}.{at}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def a_fix(fix: str = "mend", **fields: Any) -> Dict[str, Any]:
    """What is asked for; a field of None is left out."""
    usual: Dict[str, Any] = {
        "type": "fix",
        "request": str(uuid.uuid4()),
        "project": "7",
        "service": "shop",
        "environment": "production",
        "incident": "42",
        "fix": fix,
        "params": {},
        "deadline": int(time.time()) + 120,
    }
    return {name: value for name, value in {**usual, **fields}.items() if value is not None}


def a_challenge(**fields: Any) -> Dict[str, Any]:
    """What is asked before anything is asked for."""
    return a_fix(
        **{
            "type": "challenge",
            "challenge": "c" * 43,
            "address": "https://shop.example",
            **dict.fromkeys(("incident", "fix", "params", "deadline")),
            **fields,
        }
    )


def posted(
    asked: Mapping[str, Any],
    *,
    at: Optional[int] = None,
    key: str = KEY,
    message_id: Optional[str] = None,
    body: Optional[bytes] = None,
) -> Tuple[Dict[str, str], bytes]:
    """The headers and the body of this request."""
    raw = json.dumps(asked).encode() if body is None else body
    message_id = str(asked.get("request")) if message_id is None else message_id
    at = int(time.time()) if at is None else at
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": signature(raw, message_id, at, key),
    }
    return headers, raw


def carried(asked: Mapping[str, Any], **how: Any) -> Dict[str, str]:
    """The same request as the answer to a heartbeat carries it."""
    headers, body = posted(asked, **how)
    return {**headers, "body": body.decode()}


def answer(*fixes: Mapping[str, str], project: str = "7") -> bytes:
    """The answer to a heartbeat that carries these."""
    told = {"accepted": 1, "rejected": [], "capabilities": ["fixes"], "project": project, "fixes": list(fixes)}
    return json.dumps(told).encode()


def fresh_fixers(monkeypatch: pytest.MonkeyPatch) -> List[Any]:
    """No fixer is registered but one, which adds to what this gives."""
    monkeypatch.setattr(declaring, "REGISTRY", declaring.Registry())
    made: List[Any] = []

    @aiops_sdk.fixer("mend")
    def mend(pool: str = "main") -> None:
        made.append(pool)

    return made


@contextlib.contextmanager
def heard(folder: Path) -> Iterator[Client]:
    """A current client that listens to every framework, and whose platform has accepted a beat."""
    made = Client(a_config(spool=(str(folder),)))
    aiops_sdk.fixing.install(made)
    assert made.fixes is not None
    made.fixes.heard(Accepted(project="7"))
    clients.make_current(made)
    _api.listen(made)
    try:
        yield made
    finally:
        clients.make_current(None)
        made.close(0.0)
