"""What the user decided: argument, then environment, then default. The only reader of the environment.

It is read once, when ``init()`` is called. Whitespace around a value is forgiven, trailing slashes of addresses too,
and a value that is empty counts as not given.
"""

from __future__ import annotations

import os

from aiops_sdk import releases
from aiops_sdk.frozen import Frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import FrozenSet, Iterable, Mapping, Optional, Tuple, Union


DEFAULT_PLATFORM_URL = "https://aiops.1genimpact.cloud"
DEFAULT_SERVICE_NAME = "unknown-service"
DEFAULT_ENVIRONMENT = "production"

_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off", "none"})


class ConfigError(RuntimeError):
    """The SDK cannot start with these settings; the message says which one and what to do."""


class Config(Frozen, hidden=("api_key", "proxy")):
    """Everything that can be chosen, checked. Never printed with its key."""

    api_key: str
    service_name: str = DEFAULT_SERVICE_NAME
    environment: str = DEFAULT_ENVIRONMENT
    platform_url: str = DEFAULT_PLATFORM_URL
    base_url: Optional[str] = None
    skip_paths: FrozenSet[str] = frozenset()
    release: Optional[str] = None
    #: Repeats of one failure are counted, and told together.
    aggregate_repeats: bool = True
    #: The folders that may hold what is undelivered, the first usable one is taken; none of them: nothing is kept on disk.
    spool: Tuple[str, ...] = ()
    #: What every event says besides: names and values.
    tags: Mapping[str, str] = {}
    #: How many of the things that happened before are told with an event; 0 for none.
    max_breadcrumbs: int = 50
    #: Whether SQL statements and outgoing HTTP calls are among them.
    capture_sql: bool = False
    capture_http: bool = False
    #: Whether what names stood for in the program's own calls is told.
    capture_locals: bool = False
    #: Whether the body of a request is told, and the arguments of a task.
    capture_body: bool = False
    #: Whether each decision is said on standard error.
    debug: bool = False
    #: Whether SIGTERM delivers what is queued before it ends the process.
    flush_on_sigterm: bool = False
    #: The proxy to reach the platform through, from the usual variables; may carry a password.
    proxy: Optional[str] = None

    @classmethod
    def load(
        cls,
        *,
        api_key: Optional[str] = None,
        service_name: Optional[str] = None,
        environment: Optional[str] = None,
        platform_url: Optional[str] = None,
        base_url: Optional[str] = None,
        skip_paths: Union[str, Iterable[str], None] = None,
        release: Optional[str] = None,
        aggregate_repeats: Optional[bool] = None,
        spool: Union[str, bool, None] = None,
        flush_on_sigterm: Optional[bool] = None,
        tags: Optional[Mapping[str, object]] = None,
        max_breadcrumbs: Optional[int] = None,
        capture_sql: Optional[bool] = None,
        capture_http: Optional[bool] = None,
        capture_locals: Optional[bool] = None,
        capture_body: Optional[bool] = None,
        debug: Optional[bool] = None,
        environ: Optional[Mapping[str, str]] = None,
    ) -> Config:
        """The settings for these arguments in this environment; ``ConfigError`` when there is no usable key or address."""
        env = os.environ if environ is None else environ
        address = _address(_first(platform_url, env.get("AIOPS_PLATFORM_URL")) or DEFAULT_PLATFORM_URL)
        service_address = _first(base_url, env.get("AIOPS_SERVICE_BASE_URL"))
        return cls(
            api_key=_key(_first(api_key, env.get("AIOPS_API_KEY"))),
            service_name=_first(service_name, env.get("AIOPS_SERVICE_NAME")) or DEFAULT_SERVICE_NAME,
            environment=_first(environment, env.get("AIOPS_ENV")) or DEFAULT_ENVIRONMENT,
            platform_url=address,
            base_url=service_address.rstrip("/") if service_address else None,
            skip_paths=_paths(skip_paths) or _paths(env.get("AIOPS_SKIP_PATHS")),
            release=_first(release, env.get("AIOPS_RELEASE")) or releases.of_environment(env),
            aggregate_repeats=_decision(aggregate_repeats, env.get("AIOPS_AGGREGATE_REPEATS"), usual=True),
            spool=_spool(spool, env),
            flush_on_sigterm=_decision(flush_on_sigterm, env.get("AIOPS_FLUSH_ON_SIGTERM"), usual=False),
            tags=_tags(tags),
            max_breadcrumbs=_number(max_breadcrumbs, env.get("AIOPS_MAX_BREADCRUMBS"), usual=50, most=1_000),
            capture_sql=_decision(capture_sql, env.get("AIOPS_CAPTURE_SQL"), usual=False),
            capture_http=_decision(capture_http, env.get("AIOPS_CAPTURE_HTTP"), usual=False),
            capture_locals=_decision(capture_locals, env.get("AIOPS_CAPTURE_LOCALS"), usual=False),
            capture_body=_decision(capture_body, env.get("AIOPS_CAPTURE_BODY"), usual=False),
            debug=_decision(debug, env.get("AIOPS_DEBUG"), usual=False),
            proxy=_proxy_for(address, env),
        )


def _first(*values: Optional[str]) -> Optional[str]:
    """The first value that is more than whitespace."""
    for value in values:
        if value is not None and str(value).strip():
            return str(value).strip()
    return None


def _decision(given: Optional[bool], said: Optional[str], *, usual: bool) -> bool:
    """Yes or no: the argument, else what the variable says, else as usual. A word that is neither counts as not given."""
    if given is not None:
        return bool(given)
    word = (said or "").strip().lower()
    return word in _YES if word in _YES | _NO else usual


def _number(given: Optional[int], said: Optional[str], *, usual: int, most: int) -> int:
    """A count from 0 to ``most``. What is none counts as not given."""
    for each in (given, said):
        try:
            number = int(each) if each is not None else -1
        except (TypeError, ValueError):
            continue
        if number >= 0:
            return min(number, most)
    return usual


def _tags(given: Optional[Mapping[str, object]]) -> Mapping[str, str]:
    return {str(name): str(value) for name, value in (given or {}).items()}


def _spool(given: Union[str, bool, None], env: Mapping[str, str]) -> Tuple[str, ...]:
    """The folders to try: the one that was chosen, else where programs keep their state, else where temporary files go."""
    if given is not None and not isinstance(given, str):
        chosen = None if given else "off"
    else:
        chosen = _first(given, env.get("AIOPS_SPOOL"))
    if chosen is not None and chosen.lower() not in _YES:
        return () if chosen.lower() in _NO else (os.path.abspath(os.path.expanduser(chosen)),)
    if not hasattr(os, "geteuid"):
        return ()
    state, home = _first(env.get("XDG_STATE_HOME")), _first(env.get("HOME"))
    temporary = _first(env.get("TMPDIR")) or "/tmp"  # noqa: S108 - a folder of our own in it, which is checked to be so
    folders = (
        os.path.join(state, "aiops-sdk") if state else None,
        os.path.join(home, ".local", "state", "aiops-sdk") if home else None,
        os.path.join(temporary, "aiops-sdk-{}".format(os.geteuid())),
    )
    return tuple(folder for folder in folders if folder is not None and os.path.isabs(folder))


def _paths(given: Union[str, Iterable[str], None]) -> FrozenSet[str]:
    parts = given.split(",") if isinstance(given, str) else (given or ())
    return frozenset(part.strip() for part in parts if part.strip())


def _key(key: Optional[str]) -> str:
    if key is None:
        raise ConfigError(
            "No API key: pass it to aiops_sdk.init(api_key='…') or set the environment variable AIOPS_API_KEY. "
            "The platform's page Set-up makes one."
        )
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise ConfigError(
            "The API key contains characters that no key has (a line break, a space, a typographic quote?): copy it again."
        )
    return key


def _address(url: str) -> str:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ConfigError(
            "The platform's address {!r} is not usable: write it like https://aiops.example.com "
            "(platform_url=… or AIOPS_PLATFORM_URL).".format(url)
        )
    return url.rstrip("/")


def _proxy_for(address: str, env: Mapping[str, str]) -> Optional[str]:
    """The proxy that the usual variables name for this address; lower case first, as curl does."""
    from urllib.parse import urlsplit

    parts = urlsplit(address)
    host = parts.hostname or ""
    # A proxy has another loopback than we have.
    if host in ("localhost", "::1") or host.startswith("127."):
        return None
    if _is_exempt(host, env.get("no_proxy") or env.get("NO_PROXY") or ""):
        return None
    if parts.scheme == "https":
        return _first(env.get("https_proxy"), env.get("HTTPS_PROXY"), env.get("all_proxy"), env.get("ALL_PROXY"))
    # Under CGI, HTTP_PROXY is a header that a stranger sent ("httpoxy"): there only the lower-case name counts.
    upper = None if "REQUEST_METHOD" in env else env.get("HTTP_PROXY")
    return _first(env.get("http_proxy"), upper, env.get("all_proxy"), env.get("ALL_PROXY"))


def _is_exempt(host: str, exemptions: str) -> bool:
    for entry in exemptions.split(","):
        name = _without_port(entry.strip().lower()).lstrip(".")
        if name == "*" or (name and (host == name or host.endswith("." + name))):
            return True
    return False


def _without_port(name: str) -> str:
    if name.startswith("["):
        return name[1:].partition("]")[0]
    # More than one colon, and it is an IPv6 address.
    return name.partition(":")[0] if name.count(":") == 1 else name
