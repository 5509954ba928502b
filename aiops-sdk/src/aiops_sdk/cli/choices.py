"""The settings that the environment holds. What a program passes to ``init()`` is not seen from here."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiops_sdk.cli.findings import fails, ok, warning
from aiops_sdk.config import DEFAULT_PLATFORM_URL, DEFAULT_SERVICE_NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, Mapping

    from aiops_sdk.cli.findings import Finding
    from aiops_sdk.config import Config, ConfigError


def unusable(error: ConfigError) -> Finding:
    """There is no way to begin."""
    return fails("settings", "{} What your program itself passes to init() is not seen here.", error)


def look(config: Config, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Key, service and address."""
    # Of a short one the end would be half of it.
    yield (
        ok("key", "the one that ends in …{}", config.api_key[-2:]) if len(config.api_key) > 12 else ok("key", "is set")
    )
    if config.service_name == DEFAULT_SERVICE_NAME:
        yield warning("service", "has no name and is called {}: set AIOPS_SERVICE_NAME", DEFAULT_SERVICE_NAME)
    else:
        yield ok("service", "{} in {}", config.service_name, config.environment)
    parts = urlsplit(config.platform_url)
    # It may have come by another way than the variable; what counts is what would be used.
    if config.platform_url == DEFAULT_PLATFORM_URL and not environ.get("AIOPS_PLATFORM_URL", "").strip():
        yield warning("address", "{}, the default: set AIOPS_PLATFORM_URL to your own platform's", config.platform_url)
    elif parts.scheme == "http" and not is_here(parts.hostname or ""):
        yield warning("address", "{}: without https everybody on the way can read the key", config.platform_url)
    else:
        yield ok("address", "{}", config.platform_url)


def is_here(host: str) -> bool:
    """Whether it is this machine."""
    return host in ("localhost", "::1") or host.startswith("127.")
