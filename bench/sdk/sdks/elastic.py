"""elastic-apm."""

from __future__ import annotations

from typing import Any

import elasticapm

IMPORT = "import elasticapm"
SETUP = "`elasticapm.Client(service_name, server_url)`, `ElasticAPM(app, client=…)`: all its defaults, so transactions are recorded, too"

_client: Any = None


def start(url: str) -> None:
    """All defaults."""
    global _client
    _client = elasticapm.Client(service_name="bench", server_url=url, environment="production")


def capture(exc: BaseException) -> None:
    """The exception that is being handled."""
    _client.capture_exception()


def flush() -> None:
    """Wait for its queue."""
    _client._transport.flush()


def attach(app: Any) -> None:
    """Its Flask integration."""
    from elasticapm.contrib.flask import ElasticAPM

    ElasticAPM(app, client=_client)
