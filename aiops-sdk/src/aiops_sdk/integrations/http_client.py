"""Calls of other services, as breadcrumbs: what goes through ``http.client``, as urllib, urllib3 and requests do.

Told are method, address without query, status and duration. On by ``capture_http``.
"""

from __future__ import annotations

import functools
import http.client
import time

from aiops_sdk import _safety, modules, saying

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List

    from aiops_sdk.client import Client


_BEGUN = "_aiops_sdk_begun"


def install(client: Client) -> Callable[[], None]:
    """Note each call; the returned function ends it."""
    kind = http.client.HTTPConnection
    put_request, get_response, connect = kind.putrequest, kind.getresponse, kind.connect
    active = [client.config.max_breadcrumbs]

    @functools.wraps(put_request)
    def noting_begin(self: Any, method: str, url: str, *args: Any, **named: Any) -> None:
        if active:
            with _safety.guarded():
                setattr(self, _BEGUN, (time.monotonic(), method, url))
        put_request(self, method, url, *args, **named)

    @functools.wraps(get_response)
    def noting_end(self: Any) -> http.client.HTTPResponse:
        try:
            response = get_response(self)
        except Exception as exc:
            name = type(exc).__name__
            _safety.attempt(lambda: _note(self, name, active), None)
            raise
        _safety.attempt(lambda: _note(self, response.status, active), None)
        return response

    @functools.wraps(connect)
    def noting_no_connection(self: Any) -> None:
        try:
            connect(self)
        except Exception as exc:
            name = type(exc).__name__
            _safety.attempt(lambda: _note(self, name, active), None)
            raise

    undos = [
        modules.replace(kind, "connect", noting_no_connection),
        modules.replace(kind, "putrequest", noting_begin),
        modules.replace(kind, "getresponse", noting_end),
    ]

    def undo() -> None:
        active.clear()
        for each in undos:
            each()

    return undo


def _note(connection: Any, result: object, kept: List[int]) -> None:
    # What came after us may need what was noted.
    begun = vars(connection).pop(_BEGUN, None) if kept else None
    if begun is None or not kept[0]:
        return
    at, method, url = begun
    scheme = "https" if isinstance(connection, http.client.HTTPSConnection) else "http"
    host, port = getattr(connection, "_tunnel_host", None) or connection.host, connection.port
    address = url if "://" in url else "{}://{}:{}{}".format(scheme, host, port, url)
    saying.call_made(method, address, result, time.monotonic() - at, kept[0])
