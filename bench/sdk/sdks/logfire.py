"""logfire."""

from __future__ import annotations

from typing import Any

import logfire

IMPORT = "import logfire"
SETUP = "`logfire.configure(token, console=False)`, `logfire.exception(…)`, `logfire.instrument_flask(app)`: traces are what it is for"


def start(url: str) -> None:
    """Sends to the address given, says nothing on the console."""
    logfire.configure(
        token="0",
        service_name="bench",
        environment="production",
        console=False,
        send_to_logfire=True,
        advanced=logfire.AdvancedOptions(base_url=url),
    )


def capture(exc: BaseException) -> None:
    """A log with the exception that is being handled."""
    logfire.exception("The order failed", _exc_info=exc)


def flush() -> None:
    """Wait for its processors."""
    logfire.force_flush(60_000)


def attach(app: Any) -> None:
    """Its Flask integration."""
    logfire.instrument_flask(app)
