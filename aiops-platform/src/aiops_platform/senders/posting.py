"""What HTTP senders have in common: a request to be posted, and what the usual numbers of an answer mean."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from aiops_platform.core.backoff import Outcome, Refused, Retry, Sent
from aiops_platform.core.text import one_line
from aiops_platform.senders.guarded import MOST_ANSWER, Answer

_FOR_GOOD: Final = (401, 403, 404, 405, 410)
_LATER: Final = (408, 425, 429)
_MOVED_FOR_GOOD: Final = (301, 308)


@dataclass(frozen=True)
class Post:
    """A request: where to, and what is said."""

    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def json_post(url: str, content: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Post:
    """A request whose body is JSON."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return Post(url, body, {"Content-Type": "application/json", **(headers or {})})


def outcome_of(answer: Answer, now: datetime) -> Outcome:
    """What an answer means, as far as its number says it."""
    said, status = _said(answer), answer.status
    if 200 <= status < 300:
        return Sent(status, said)
    after = _after(answer.headers.get("retry-after", ""), now)
    if status in _LATER or status >= 500:
        return Retry(said, status, after)
    if 300 <= status < 400:
        if status in _MOVED_FOR_GOOD:
            return Refused("It redirects to another address: give that one", status, for_good=True)
        return Retry("It redirects to another address, and redirects are not followed", status)
    return Refused(said, status, for_good=status in _FOR_GOOD)


def _said(answer: Answer) -> str:
    return one_line(answer.body.decode("utf-8", "replace"), MOST_ANSWER)


def _after(text: str, now: datetime) -> float | None:
    """The seconds of a Retry-After, which may also be a date."""
    text = text.strip()
    try:
        return max(0.0, float(text)) if text[:1].isdigit() and len(text) < 20 and "," not in text else _until(text, now)
    except (ValueError, TypeError, OverflowError):
        return None


def _until(text: str, now: datetime) -> float:
    return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
