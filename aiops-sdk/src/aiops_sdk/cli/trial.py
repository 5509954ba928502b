"""``aiops-sdk send-test``: one event, on the way that all take, and where it can be seen."""

from __future__ import annotations

import logging
from urllib.parse import urlencode

from aiops_sdk.cli import CommandError
from aiops_sdk.client import Client, http_transport
from aiops_sdk.config import Config, ConfigError
from aiops_sdk.delivery.transport import Accepted
from aiops_sdk.frozen import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping, Optional

    from aiops_sdk.delivery.transport import HttpTransport, Outcome


SECONDS = 10.0


class TestEvent(Exception):  # noqa: N818 - people see this name, and it is not an error
    """Not an error: it shows that errors of this service arrive."""


class Heard:
    """A connection that remembers the last answer."""

    def __init__(self, transport: HttpTransport) -> None:
        self._transport = transport
        self.outcome: Optional[Outcome] = None

    def send(self, path: str, body: bytes, *, compress: bool = False) -> Outcome:
        """Send it on, and keep what came of it."""
        self.outcome = self._transport.send(path, body, compress=compress)
        return self.outcome

    def close(self) -> None:
        """End the connection."""
        self._transport.close()

    def abandon(self) -> None:
        """Leave the connection to another process."""
        self._transport.abandon()


def send_test(environ: Mapping[str, str]) -> int:
    """Send one event, with three attempts. Raises ``CommandError`` with the reason if it does not arrive."""
    try:
        config = Config.load(environ=environ)
    except ConfigError as error:
        raise CommandError(str(error)) from error
    # What goes wrong is said here, once.
    logging.getLogger("aiops_sdk").addHandler(logging.NullHandler())
    heard = Heard(http_transport(config))
    client = Client(replace(config, spool=()), heard)
    event_id = _capture(client)
    client.deliver_now(event_id or "", SECONDS)
    client.close(0.5)
    if not isinstance(heard.outcome, Accepted):
        why = "nobody answers" if heard.outcome is None else heard.outcome.why
        raise CommandError(
            "The test event did not reach {}: {}. 'aiops-sdk doctor' looks closer.".format(config.platform_url, why)
        )
    print("Test event {} has arrived.".format(event_id))
    print("See it at {}".format(_page(config, heard.outcome)))
    return 0


def _capture(client: Client) -> Optional[str]:
    try:
        _raise("A test event of {}: errors of this service arrive".format(client.config.service_name))
    except TestEvent as error:
        return client.capture_exception(error, mechanism="send-test")
    return None


def _raise(message: str) -> None:
    raise TestEvent(message)


def _page(config: Config, outcome: Accepted) -> str:
    if outcome.capabilities is None:
        return config.platform_url  # An older platform, whose pages we do not know.
    wanted = urlencode({"service": config.service_name, "environment": config.environment})
    return "{}/incidents?{}".format(config.platform_url, wanted)
