"""aiops-sdk from this tree."""

from __future__ import annotations

import inspect
from typing import Any

import aiops_sdk

IMPORT = "import aiops_sdk"
SETUP = (
    "`aiops_sdk.init(api_key, platform_url=…)`, `init_flask(app)`; `aggregate_repeats=False` in every row but the burst"
)

aggregates = False


def start(url: str) -> None:
    """As the guide says."""
    options: dict[str, Any] = {}
    if not aggregates and "aggregate_repeats" in inspect.signature(aiops_sdk.init).parameters:
        options["aggregate_repeats"] = False
    aiops_sdk.init("key-of-the-bench", platform_url=url, service_name="bench", **options)


capture = aiops_sdk.capture_exception


def flush() -> None:
    """Wait for the worker."""
    aiops_sdk.flush(60)


attach = aiops_sdk.init_flask
