"""The dictionary with which a fresh store packs events until it has trained its own: made of made-up events, always the same.

    .venv/bin/python tools/first_dictionary.py

Run it after a change of what events look like on the wire. Stores that already work keep what they have.
"""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec

from aiops_platform.core import wire
from aiops_platform.core.event import Event
from aiops_platform.core.parcel import ParcelKind
from aiops_platform.storage import bodies

TARGET: Final = Path(bodies.__file__).with_name("first.dictionary")
_SEED: Final = 20261122
_EVENTS: Final = 400
_BEGIN: Final = datetime(2026, 11, 22, 3, 14, 7, 123456, tzinfo=UTC)
_NOUNS: Final = [
    "account",
    "address",
    "basket",
    "batch",
    "booking",
    "carrier",
    "cart",
    "catalogue",
    "claim",
    "contract",
    "coupon",
    "currency",
    "customer",
    "delivery",
    "device",
    "discount",
    "document",
    "draft",
    "export",
    "feed",
    "file",
    "import",
    "inventory",
    "invoice",
    "item",
    "job",
    "ledger",
    "letter",
    "message",
    "month",
    "number",
    "offer",
    "order",
    "page",
    "parcel",
    "payment",
    "photo",
    "plan",
    "price",
    "profile",
    "queue",
    "refund",
    "region",
    "report",
    "request",
    "reservation",
    "result",
    "return",
    "row",
    "schedule",
    "search",
    "seat",
    "session",
    "shipment",
    "stock",
    "store",
    "supplier",
    "task",
    "tax",
    "template",
    "ticket",
    "token",
    "user",
    "vehicle",
    "voucher",
]
_VERBS: Final = [
    "apply",
    "approve",
    "archive",
    "assign",
    "book",
    "cancel",
    "charge",
    "check",
    "close",
    "collect",
    "confirm",
    "convert",
    "copy",
    "count",
    "create",
    "delete",
    "deliver",
    "export",
    "fetch",
    "find",
    "group",
    "handle",
    "import",
    "insert",
    "join",
    "list",
    "load",
    "lock",
    "merge",
    "move",
    "notify",
    "open",
    "parse",
    "pay",
    "prepare",
    "print",
    "publish",
    "read",
    "refresh",
    "remove",
    "render",
    "reserve",
    "resolve",
    "save",
    "select",
    "send",
    "sort",
    "start",
    "store",
    "sync",
    "take",
    "update",
    "upload",
    "validate",
]
_ERRORS: Final = (
    ("KeyError", "builtins", "'{noun}_{number}'"),
    ("ValueError", "builtins", "invalid literal for int() with base 10: '{noun}'"),
    ("TypeError", "builtins", "unsupported operand type(s) for +: 'NoneType' and 'int'"),
    ("AttributeError", "builtins", "'NoneType' object has no attribute '{noun}'"),
    ("IndexError", "builtins", "list index out of range"),
    ("ZeroDivisionError", "builtins", "division by zero"),
    ("FileNotFoundError", "builtins", "[Errno 2] No such file or directory: '/srv/app/data/{noun}-{number}.json'"),
    ("ConnectionRefusedError", "builtins", "[Errno 111] Connection refused"),
    ("TimeoutError", "builtins", "timed out"),
    ("UnicodeDecodeError", "builtins", "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
    ("JSONDecodeError", "json.decoder", "Expecting value: line 1 column {number} (char {number})"),
    ("ConnectTimeout", "requests.exceptions", "HTTPSConnectionPool(host='{noun}.example.com', port=443): Max retries exceeded"),
    ("OperationalError", "sqlalchemy.exc", "(sqlite3.OperationalError) database is locked"),
    ("IntegrityError", "sqlalchemy.exc", "(psycopg.errors.UniqueViolation) duplicate key value violates unique constraint"),
    ("DoesNotExist", "app.{noun}.models", "{title} matching query does not exist."),
    ("ValidationError", "app.{noun}.forms", "1 validation error for {title}"),
)  # fmt: skip
_PLACES: Final = (
    ("flask/app.py", "flask.app", ("wsgi_app", "full_dispatch_request", "dispatch_request")),
    ("werkzeug/serving.py", "werkzeug.serving", ("run_wsgi", "execute")),
    ("django/core/handlers/base.py", "django.core.handlers.base", ("_get_response", "get_response")),
    ("django/core/handlers/exception.py", "django.core.handlers.exception", ("inner",)),
    ("starlette/routing.py", "starlette.routing", ("__call__", "handle", "app")),
    ("starlette/middleware/errors.py", "starlette.middleware.errors", ("__call__",)),
    ("fastapi/routing.py", "fastapi.routing", ("app", "run_endpoint_function")),
    ("celery/app/trace.py", "celery.app.trace", ("trace_task", "__protected_call__")),
    ("sqlalchemy/engine/base.py", "sqlalchemy.engine.base", ("execute", "_execute_context", "_handle_dbapi_exception")),
    ("sqlalchemy/orm/session.py", "sqlalchemy.orm.session", ("execute", "flush", "commit")),
    ("requests/sessions.py", "requests.sessions", ("request", "send", "get")),
    ("urllib3/connectionpool.py", "urllib3.connectionpool", ("urlopen", "_make_request")),
)
_LINES: Final = (
    "def {verb}_{noun}({noun}, {other}):",
    "async def {verb}_{noun}(self, {noun}_id: int) -> {title}:",
    "class {title}({other_title}):",
    "    {noun} = {verb}_{other}({noun}_id, {number})",
    "    {noun} = self.{other}.get({noun}_id)",
    "    return {verb}_{noun}({other}, {noun}={noun})",
    "    if {noun} is None:",
    '        raise ValueError(f"no such {noun}: {{{noun}_id}}")',
    "    for {noun} in self.{other}s:",
    "        {other}.append({verb}({noun}))",
    "    with session.begin() as transaction:",
    "        {noun} = session.execute(select({title}).where({title}.id == {noun}_id)).scalar_one()",
    "    try:",
    "    except {title}Error as error:",
    "    except Exception:",
    '        log.exception("could not {verb} %s", {noun})',
    '        log.warning("{noun} %s has no {other}", {noun}.id)',
    '    response = client.get(f"{{self.base_url}}/{noun}s/{{{noun}_id}}", timeout=10)',
    "    response.raise_for_status()",
    "    data = response.json()",
    "    total = sum({noun}.{other} for {noun} in {noun}s)",
    '    """{verb} the {noun} of the {other}."""',
    "    return jsonify({noun}.as_dict())",
    '@app.route("/{noun}s/<int:{noun}_id>", methods=["GET", "POST"])',
    "import logging",
    "from app.{noun} import {verb}_{noun}",
    "",
    "",
    "",
)  # fmt: skip
_AGENTS: Final = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:{number}.0) Gecko/20100101 Firefox/{number}.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{number}.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "python-requests/2.32.{number}",
    "curl/8.{number}.0",
)


class Making:
    """Made-up events, one after the other."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 (the same events each time)

    def event(self) -> dict[str, Any]:
        """One event, as a client writes it."""
        signal = self._chance.choices(("exception", "http_error", "log_error"), (7, 1, 2))[0]
        made = {"signal_type": signal} | self._surroundings()
        if signal == "exception":
            made |= {"source": "manual", "status_code": 500, "exceptions": self._exceptions()}
            made["error_type"], made["message"] = made["exceptions"][0]["type"], made["exceptions"][0]["value"]
        elif signal == "http_error":
            made |= {
                "source": "http",
                "status_code": 502,
                "error_type": "HTTPError",
                "message": "GET / returned HTTP 502",
            }
        else:
            said = self._filled("{noun} %s was not {verb}ed")
            made |= {"source": "logging", "error_type": "ERROR", "logger": self._filled("app.{noun}"), "template": said}
            made["message"] = said.replace("%s", self._filled("{number}"))
        return made | self._request() | {"breadcrumbs": [self._breadcrumb() for _ in range(self._chance.randrange(8))]}

    def _surroundings(self) -> dict[str, Any]:
        pid, at = self._chance.randrange(2, 40_000), _BEGIN + timedelta(seconds=self._chance.randrange(10**7))
        return {
            "service": self._filled("{noun}-service"), "environment": self._chance.choice(("production", "staging")),
            "host": self._filled("{noun}-{number}"), "timestamp": int(at.timestamp()),
            "instance": {"id": self._uuid(), "host": self._filled("{noun}-{number}"), "pid": pid},
            "sdk": {"name": "aiops-sdk", "version": "0.2.0"}, "event_id": self._uuid(), "level": "error",
            "occurred_at": self._time(at), "sent_at": self._time(at), "release": self._filled("2026.{number}"),
            "tags": {self._filled("{noun}"): self._filled("{other}")},
            "contexts": {
                "runtime": {"name": "cpython", "version": "3.12.7"},
                "os": {"name": "Linux", "version": "6.8.0-48-generic"},
                "process": {"pid": pid, "thread": "MainThread", "argv0": "/srv/app/.venv/bin/gunicorn"},
                "capture": {"mechanism": self._chance.choice(("flask", "django", "asgi", "celery", "logging"))},
            },
        }  # fmt: skip

    def _request(self) -> dict[str, Any]:
        path = self._filled("/{noun}s/{number}/{verb}")
        return {
            "request_path": path, "route": self._filled("/{noun}s/<int:{noun}_id>/{verb}"),
            "request": {
                "method": self._chance.choice(("GET", "POST")), "url": f"https://shop.example.com{path}?page=2",
                "query": "page=2", "remote_addr": self._filled("10.0.{number}.7"),
                "headers": {
                    "Host": "shop.example.com", "User-Agent": self._filled(self._chance.choice(_AGENTS)),
                    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
                    "Accept-Encoding": "gzip, deflate, br, zstd", "Accept-Language": "en-US,en;q=0.5",
                    "Content-Type": "application/json", "Content-Length": self._filled("{number}"),
                    "Cookie": "[removed]", "Authorization": "[removed]", "X-Forwarded-For": self._filled("10.0.{number}.7"),
                    "Referer": "https://shop.example.com/", "X-Request-Id": self._uuid(),
                },
            },
            "user": {"id": self._filled("{number}"), "email": self._filled("{noun}@example.com")},
        }  # fmt: skip

    def _exceptions(self) -> list[dict[str, Any]]:
        many = self._chance.choices((1, 2, 3), (7, 2, 1))[0]
        found = [self._exception(each) for each in range(many)]
        for place, each in enumerate(found[1:]):
            each |= {"parent": place, "relation": self._chance.choice(("cause", "context"))}
        return found

    def _exception(self, place: int) -> dict[str, Any]:
        kind, module, said = self._chance.choice(_ERRORS)
        theirs = [
            self._frame(*self._chance.choice(_PLACES)) for _ in range(0 if place else self._chance.randrange(2, 8))
        ]
        ours = [self._frame() for _ in range(self._chance.randrange(1, 9))]
        return {
            "type": kind, "module": self._filled(module), "value": self._filled(said), "notes": [], "frames": theirs + ours
        }  # fmt: skip

    def _frame(self, file: str = "", module: str = "", functions: tuple[str, ...] = ()) -> dict[str, Any]:
        found: dict[str, Any] = {
            "file": f"/srv/app/.venv/lib/python3.12/site-packages/{file}" if file else self._filled("/srv/app/{noun}/{other}.py"),
            "function": self._chance.choice(functions) if functions else self._filled("{verb}_{noun}"),
            "module": module or self._filled("app.{noun}.{other}"),
            "line": self._chance.randrange(1, 900),
            "in_app": not file,
            "source": {"before": self._lines(5), "line": self._lines(1)[0], "after": self._lines(5)},
        }  # fmt: skip
        if not file:
            names = self._chance.sample(_NOUNS, self._chance.randrange(1, 6))
            found["locals"] = {"self": self._filled("<{title} object at 0x7f{number}a0{number}>")} | {
                name: self._filled(self._chance.choice(("None", "{number}", "'{other}'", "[]", "{{'id': {number}}}")))
                for name in names
            }
        return found

    def _breadcrumb(self) -> dict[str, Any]:
        at = self._time(_BEGIN + timedelta(seconds=self._chance.randrange(10**7)))
        kinds: tuple[dict[str, Any], ...] = (
            {"category": self._filled("app.{noun}"), "level": "info", "message": self._filled("{verb} {noun} {number}")},
            {"category": "http", "level": "info", "message": self._filled("GET https://{noun}.example.com/{noun}s 200"),
             "data": {"method": "GET", "status": 200, "milliseconds": 12.3}},
            {"category": "sql", "level": "info", "message": self._filled("SELECT {noun}.id FROM {noun} WHERE {noun}.id = ?"),
             "data": {"milliseconds": 0.4}},
        )  # fmt: skip
        return {"at": at, **self._chance.choice(kinds)}

    def _lines(self, many: int) -> list[str]:
        return [self._filled(self._chance.choice(_LINES)) for _ in range(many)]

    def _filled(self, text: str) -> str:
        noun, other = self._chance.sample(_NOUNS, 2)
        return text.format(
            noun=noun, other=other, title=noun.title(), other_title=other.title(), verb=self._chance.choice(_VERBS),
            number=self._chance.randrange(1, 10 ** self._chance.randrange(1, 5)),
        )  # fmt: skip

    def _uuid(self) -> str:
        return str(UUID(int=self._chance.getrandbits(128), version=4))

    @staticmethod
    def _time(at: datetime) -> str:
        return at.isoformat().replace("+00:00", "Z")


def made_up(many: int, seed: int = _SEED) -> list[bytes]:
    """Bodies of made-up events, as the store keeps them."""
    making = Making(seed)
    events = [wire.parse(msgspec.json.encode(making.event()), ParcelKind.EXCEPTION) for _ in range(many)]
    return [wire.write(event) for event in events if isinstance(event, Event)]


if __name__ == "__main__":
    TARGET.write_bytes(bodies.trained(made_up(_EVENTS)))
    print(f"{TARGET}: {TARGET.stat().st_size} bytes")
