"""What the user decided: argument, then environment, then default. The only reader of the environment.

It is read once, when ``init()`` is called. Whitespace around a value is forgiven, trailing slashes of addresses too,
and a value that is empty counts as not given.
"""

from __future__ import annotations

import collections.abc
import os

from aiops_sdk import releases, telling
from aiops_sdk.frozen import Frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, FrozenSet, Iterable, List, Mapping, Optional, Tuple, Union


DEFAULT_PLATFORM_URL = "https://aiops.1genimpact.cloud"
DEFAULT_SERVICE_NAME = "unknown-service"
DEFAULT_ENVIRONMENT = "production"

# AWS Lambda says it to the process, and nobody else does.
_FUNCTION = "AWS_LAMBDA_FUNCTION_NAME"

_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off", "none"})


class ConfigError(RuntimeError):
    """The SDK cannot start with these settings; the message says which one and what to do."""


class Config(Frozen, hidden=("api_key", "proxy", "scrub_values", "secrets")):
    """Everything that can be chosen, checked. Never printed with its key."""

    # The comments over the fields are the page on options: tools/sdk_options.py copies them.

    #: The key that lets this service report: from the page *Set-up*, or `aiops key create NAME`. Without one `init()`
    #: raises `RuntimeError`.
    api_key: str
    #: The service's name in incidents. On AWS Lambda the function's name, unless it is given.
    service_name: str = DEFAULT_SERVICE_NAME
    #: Where it runs. A service has its own incidents in each environment.
    environment: str = DEFAULT_ENVIRONMENT
    #: The platform's address. Set it to your own.
    platform_url: str = DEFAULT_PLATFORM_URL
    #: This service's own address; heartbeats tell it to the platform. The first address that a request reaches the service
    #: at, unless it is given.
    base_url: Optional[str] = None
    #: More paths that are never reported: a list, or text with commas.
    skip_paths: FrozenSet[str] = frozenset()
    #: Which version of the service runs. Else what the platform that runs it or the CI system says, or the commit of the
    #: git checkout that it lies in.
    release: Optional[str] = None
    #: What every event says besides: a mapping of names to values.
    tags: Mapping[str, str] = {}
    #: Repeats of one failure are counted and told together every ten seconds. `False` or `no`: each is sent by itself.
    aggregate_repeats: bool = True
    #: The folder in which undelivered events outlive the process, see below. `False` or `off`: none.
    spool: Tuple[str, ...] = ()
    #: Before SIGTERM ends the process, what is queued is sent. Without it nothing is lost either: the next start sends it.
    flush_on_sigterm: bool = False
    #: For how many seconds the end of the process may be held up for what is queued, from 0 to 60. The rest is kept on disk,
    #: and the next start sends it.
    shutdown_timeout: int = 2
    #: How many of the things that happened before are told with an event: log lines from INFO up, and what
    #: `add_breadcrumb()` says. 0: none.
    max_breadcrumbs: int = 50
    #: SQL statements are told as breadcrumbs, without their parameters: those of SQLAlchemy and Django.
    capture_sql: bool = False
    #: Calls of other services are told as breadcrumbs, without their query: of http.client, urllib3, requests, httpx, aiohttp.
    capture_http: bool = False
    #: What names stood for in the calls of your own code is told, as short texts of built-in types. Before Python 3.13, a
    #: function that called `locals()` and runs on keeps what its names stood for at the failure until it returns.
    capture_locals: bool = False
    #: Small JSON bodies of requests are told, and the arguments of tasks.
    capture_body: bool = False
    #: Each decision is said on standard error: what was captured, merged, counted, ignored by which rule, dropped why.
    debug: bool = False
    #: A function that gets each event as a dictionary before it is sent, and returns it, changed or not, or None to drop it.
    before_send: Any = None
    #: What is never reported: exception classes, their dotted names, and patterns of messages such as `*timed out*`; a
    #: list, or text with commas.
    ignore_errors: Tuple[object, ...] = ()
    #: Words that tell, in the name of a value, that it is a secret, besides `password`, `token` and the like.
    scrub_names: Tuple[str, ...] = ()
    #: Texts that are secrets, besides those that the environment holds under telling names.
    scrub_values: Tuple[str, ...] = ()
    #: The proxy to reach the platform through. Else the usual variables decide.
    proxy: Optional[str] = None
    #: The file, or folder, with the certificates that are believed; else those that the system trusts. Also from
    #: `REQUESTS_CA_BUNDLE` and `CURL_CA_BUNDLE`.
    ca_file: Optional[str] = None
    #: What brings everything to the platform instead of HTTP: a `Transport`.
    transport: Any = None

    # What is no option, but read from the environment with them: the secrets that it held.
    secrets: Tuple[str, ...] = ()
    # And whether this process stands still between two pieces of work, as on AWS Lambda: then no heartbeat is owed.
    freezes: bool = False

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
        shutdown_timeout: Optional[int] = None,
        tags: Optional[Mapping[str, object]] = None,
        max_breadcrumbs: Optional[int] = None,
        capture_sql: Optional[bool] = None,
        capture_http: Optional[bool] = None,
        capture_locals: Optional[bool] = None,
        capture_body: Optional[bool] = None,
        debug: Optional[bool] = None,
        before_send: Optional[Callable[[Dict[str, object]], Optional[Dict[str, object]]]] = None,
        ignore_errors: Union[str, type, Iterable[object], None] = None,
        scrub_names: Union[str, Iterable[str], None] = None,
        scrub_values: Union[str, Iterable[str], None] = None,
        proxy: Optional[str] = None,
        ca_file: Optional[str] = None,
        transport: object = None,
        environ: Optional[Mapping[str, str]] = None,
    ) -> Config:
        """The settings for these arguments in this environment; ``ConfigError`` when there is no usable key or address."""
        env = os.environ if environ is None else environ
        address = _address(_first(platform_url, env.get("AIOPS_PLATFORM_URL")) or DEFAULT_PLATFORM_URL)
        service_address = _first(base_url, env.get("AIOPS_SERVICE_BASE_URL"))
        return cls(
            api_key=_key(_first(api_key, env.get("AIOPS_API_KEY"))),
            service_name=_first(service_name, env.get("AIOPS_SERVICE_NAME"), env.get(_FUNCTION))
            or DEFAULT_SERVICE_NAME,
            environment=_first(environment, env.get("AIOPS_ENV")) or DEFAULT_ENVIRONMENT,
            platform_url=address,
            base_url=service_address.rstrip("/") if service_address else None,
            skip_paths=frozenset(_texts("skip_paths", skip_paths) or _listed(env.get("AIOPS_SKIP_PATHS"))),
            release=_first(release, env.get("AIOPS_RELEASE")) or releases.of_environment(env),
            aggregate_repeats=_decision(aggregate_repeats, env, "AIOPS_AGGREGATE_REPEATS", usual=True),
            spool=_spool(spool, env),
            flush_on_sigterm=_decision(flush_on_sigterm, env, "AIOPS_FLUSH_ON_SIGTERM", usual=False),
            shutdown_timeout=_number(shutdown_timeout, env, "AIOPS_SHUTDOWN_TIMEOUT", usual=2, most=60),
            tags=_tags(tags),
            max_breadcrumbs=_number(max_breadcrumbs, env, "AIOPS_MAX_BREADCRUMBS", usual=50, most=1_000),
            capture_sql=_decision(capture_sql, env, "AIOPS_CAPTURE_SQL", usual=False),
            capture_http=_decision(capture_http, env, "AIOPS_CAPTURE_HTTP", usual=False),
            capture_locals=_decision(capture_locals, env, "AIOPS_CAPTURE_LOCALS", usual=False),
            capture_body=_decision(capture_body, env, "AIOPS_CAPTURE_BODY", usual=False),
            debug=_decision(debug, env, "AIOPS_DEBUG", usual=False),
            before_send=_function("before_send", before_send),
            ignore_errors=_errors(ignore_errors) or _listed(env.get("AIOPS_IGNORE_ERRORS")),
            scrub_names=_texts("scrub_names", scrub_names) or _listed(env.get("AIOPS_SCRUB_NAMES")),
            scrub_values=_texts("scrub_values", scrub_values) or _listed(env.get("AIOPS_SCRUB_VALUES")),
            secrets=telling.secrets_in(env),
            freezes=bool(env.get(_FUNCTION)),
            proxy=_proxy(_first(proxy, env.get("AIOPS_PROXY")), address, env),
            # The last two as other HTTP clients heed them; SSL_CERT_FILE and SSL_CERT_DIR are heeded by OpenSSL itself.
            ca_file=_first(
                ca_file, *[env.get(name) for name in ("AIOPS_CA_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")]
            ),
            transport=_transport(transport),
        )


def _first(*values: Optional[str]) -> Optional[str]:
    """The first value that is more than whitespace."""
    for value in values:
        if value is not None and str(value).strip():
            return str(value).strip()
    return None


def _decision(given: object, env: Mapping[str, str], variable: str, *, usual: bool) -> bool:
    """Yes or no: the argument, else what the variable says, else as usual. A word that is neither counts as not given."""
    if given is not None and not isinstance(given, str):
        return bool(given)
    # An argument may be a word, too: somebody hands in what stood in a variable of their own.
    wrong: List[Tuple[str, str]] = []
    decision = usual
    for name, said in ((_option(variable), given), (variable, env.get(variable))):
        word = (_first(said) or "").lower()
        if word in _YES or word in _NO:
            decision = word in _YES
            break
        if word:
            wrong.append((name, str(said)))
    for name, word in wrong:
        _complain(name, word, "neither yes nor no", "yes" if decision else "no")
    return decision


def _number(given: Optional[int], env: Mapping[str, str], variable: str, *, usual: int, most: int) -> int:
    """A count from 0 to ``most``. What is none counts as not given."""
    wrong: List[Tuple[str, object]] = []
    number = usual
    for name, said in ((_option(variable), given), (variable, env.get(variable))):
        if said is None or said == "":
            continue
        try:
            found = int(said)
        except (TypeError, ValueError, OverflowError):
            found = -1
        number = min(found, most) if found >= 0 else usual
        if number != found:
            wrong.append((name, said))
        if found >= 0:
            break
    for name, each in wrong:
        _complain(name, each, "no number from 0 to {}".format(most), str(number))
    return number


def _option(variable: str) -> str:
    return variable[len("AIOPS_") :].lower()


def _complain(name: str, said: object, why: str, taken: str) -> None:
    import logging

    shown = "what it is" if telling.is_telling(name) else repr(said)
    logging.getLogger("aiops_sdk").warning("%s is %.100s, which is %s: %s is taken instead.", name, shown, why, taken)


def _tags(given: Optional[Mapping[str, object]]) -> Mapping[str, str]:
    if given is None:
        return {}
    if not isinstance(given, collections.abc.Mapping):
        raise ConfigError("tags is a mapping of names to values, and not of {}.".format(type(given).__name__))
    return {str(name): str(value) for name, value in given.items()}


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
    if env.get(_FUNCTION):
        # There one may write nowhere else.
        state = home = None
    folders = (
        os.path.join(state, "aiops-sdk") if state else None,
        os.path.join(home, ".local", "state", "aiops-sdk") if home else None,
        os.path.join(temporary, "aiops-sdk-{}".format(os.geteuid())),
    )
    return tuple(folder for folder in folders if folder is not None and os.path.isabs(folder))


def _listed(given: Optional[str]) -> Tuple[str, ...]:
    """What a text with commas lists."""
    return tuple([part.strip() for part in (given or "").split(",") if part.strip()])


def _texts(option: str, given: Union[str, Iterable[str], None]) -> Tuple[str, ...]:
    if given is None or isinstance(given, str):
        return _listed(given)
    parts = _parts(option, given, "a list of texts, or one text with commas")
    for part in parts:
        if not isinstance(part, str):
            # Not the thing itself: it may be a secret.
            raise ConfigError("{} is a list of texts, and one in it is of {}.".format(option, type(part).__name__))
    return tuple([part.strip() for part in parts if part.strip()])  # type: ignore[attr-defined]  # they are texts


def _errors(given: Union[str, type, Iterable[object], None]) -> Tuple[object, ...]:
    if given is None or isinstance(given, str):
        return _listed(given)
    if isinstance(given, type):
        return (given,)
    parts = _parts("ignore_errors", given, "an exception class, a text, or a list of these")
    for part in parts:
        if not isinstance(part, (str, type)):
            raise ConfigError(
                "ignore_errors is a list of exception classes and texts, and {!r} is neither.".format(part)
            )
    return parts


def _parts(option: str, given: object, expected: str) -> Tuple[object, ...]:
    if not isinstance(given, collections.abc.Iterable):
        raise ConfigError("{} is {}, and not of {}.".format(option, expected, type(given).__name__))
    return tuple(given)


def _function(option: str, given: object) -> object:
    if given is None or callable(given):
        return given
    raise ConfigError("{} is {!r}: pass a function.".format(option, given))


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


def _transport(given: object) -> object:
    missing = [name for name in ("send", "close", "abandon") if given is not None and not hasattr(given, name)]
    if missing:
        raise ConfigError(
            "What was passed as transport has no {}(): see aiops_sdk.delivery.transport.Transport.".format(
                "(), ".join(missing)
            )
        )
    return given


def _proxy(chosen: Optional[str], address: str, env: Mapping[str, str]) -> Optional[str]:
    """The one that was chosen for us, else the one that is there for all."""
    if chosen is None:
        return _proxy_for(address, env)
    return None if chosen.lower() in _NO else chosen


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
        if name == "*" or (name and (host == name or host.endswith("." + name) or _is_within(host, entry))):
            return True
    return False


def _is_within(host: str, entry: str) -> bool:
    """Whether the entry is a network, such as ``10.0.0.0/8``, and the host an address in it."""
    if "/" not in entry:
        return False
    from ipaddress import ip_address, ip_network

    try:
        return ip_address(host) in ip_network(entry.strip(), strict=False)
    except ValueError:
        return False


def _without_port(name: str) -> str:
    if name.startswith("["):
        return name[1:].partition("]")[0]
    # More than one colon, and it is an IPv6 address.
    return name.partition(":")[0] if name.count(":") == 1 else name
