"""Which of the planted secrets leave the process, and which harmless values are still there."""

from __future__ import annotations

import json
from dataclasses import dataclass

import reading
from children import Bench
from environments import Installed
from planted import HARMLESS, SECRETS

DEADLINE = 60.0
ROWS = ("secrets that left, of 23", "harmless values that remained, of 9")


@dataclass(frozen=True, kw_only=True)
class Leaks:
    """``secrets`` names the places of those that left; ``harmless`` are those that arrived."""

    secrets: list[str]
    harmless: list[str]


def leak(bench: Bench, sdk: Installed) -> Leaks:
    """Let one SDK report a request that is full of secrets."""
    with bench.surroundings() as around:
        around.run(sdk, "leak", deadline=DEADLINE)
        came = b"\n".join(reading.unpacked(request) for request in around.sink.requests)
        return Leaks(
            secrets=[place for place, secret in SECRETS.items() if _is_in(secret, came)],
            harmless=[value for value in HARMLESS if _is_in(value, came)],
        )


def _is_in(value: str, came: bytes) -> bool:
    return any(form.encode() in came for form in (value, json.dumps(value)[1:-1]))
