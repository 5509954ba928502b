"""What listens to the requests of any web framework: which of them are silent, and at what address they reach this service."""

from __future__ import annotations

import re

from aiops_sdk import _safety, noise
from aiops_sdk import client as clients

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional

    from aiops_sdk.client import Client


_SCHEMES = frozenset({"http", "https"})
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")


class Listener:
    """What is needed of a client again and again."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.knows_base_url = False
        self._extra_paths = noise.skip_paths(client.config.skip_paths)

    def learn_base_url(self, url: Optional[str]) -> None:
        """Tell the client where this service was reached, if the request says it."""
        if url is not None:
            self.client.saw_base_url(url)
            self.knows_base_url = True

    def skips(self, method: str, path: str, mounted: Optional[str]) -> bool:
        """Whether the request is never an incident, by its path within the app, or by the one that its client knows.

        ``mounted`` is the latter, where the app is mounted below a prefix.
        """
        if noise.is_noisy_request(method, path, self._extra_paths):
            return True
        return mounted is not None and noise.is_noisy_request(method, mounted, self._extra_paths)


class Ears:
    """Asks for the current client each time, and is deaf while there is none."""

    def __init__(self) -> None:
        self._listener: Optional[Listener] = None

    def listener(self) -> Optional[Listener]:
        """The listener for the current client, the same one while that is current."""
        client, known = clients.current(), self._listener
        if client is None:
            return None
        if known is None or known.client is not client:
            known = self._listener = Listener(client)
        return known

    def has_heard(self) -> bool:
        """Whether there was a client once."""
        return self._listener is not None


def has_route(app: Any, path: str) -> bool:
    """Whether the app itself says this path, as far as that can be seen: frameworks keep their routes in different places."""
    rules: Any = getattr(app, "url_map", None)
    named = [getattr(rule, "rule", None) for rule in rules.iter_rules()] if hasattr(rules, "iter_rules") else []
    named += getattr(app, "route_handler_method_map", None) or ()
    return path in named


def base_url(
    scheme: Optional[str], host: Optional[str], forwarded_scheme: Optional[str], forwarded_host: Optional[str]
) -> Optional[str]:
    """The address under which this service was reached, or None if what the request says has not the shape of one.

    A proxy in front says it in X-Forwarded-Proto and X-Forwarded-Host; of a list, the first was added nearest the client.
    """
    before = _first(forwarded_scheme).lower()
    scheme = before if before in _SCHEMES else (scheme or "").lower()
    outside = _first(forwarded_host)
    host = outside if _HOST.fullmatch(outside) else host or ""
    return "{}://{}".format(scheme, host) if scheme in _SCHEMES and _HOST.fullmatch(host) else None


@_safety.harmless
def step_aside(exc: BaseException) -> None:
    """Take the call that handles this exception out of its traceback, so that nobody is shown a call of ours.

    To be called in the ``except`` block that raises it on. Before Python 3.11 it is shown all the same where the
    exception is printed further out.
    """
    traceback = exc.__traceback__
    if traceback is not None and traceback.tb_next is not None:
        BaseException.with_traceback(exc, traceback.tb_next)


def _first(listed: Optional[str]) -> str:
    return (listed or "").partition(",")[0].strip()
