"""What the page's table "Environment Variables" promises, row by row."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

import flask
import pytest
from children import run_program
from loopback import Platform

import aiops_sdk


@pytest.fixture(autouse=True)
def a_key_and_a_platform(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIOPS_API_KEY", "key-from-env")
    monkeypatch.setenv("AIOPS_PLATFORM_URL", platform.url)


def the_event(platform: Platform) -> Dict[str, Any]:
    aiops_sdk.init()
    aiops_sdk.capture_exception(ValueError("it broke"))
    return platform.wait_for_events()[0]


def test_aiops_api_key(platform: Platform) -> None:
    """| `AIOPS_API_KEY` | **Yes** | — | Platform API key |"""
    the_event(platform)
    assert {received.headers["Authorization"] for received in platform.received} == {"Bearer key-from-env"}


def test_aiops_api_key_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    """| `AIOPS_API_KEY` | **Yes** | … |"""
    monkeypatch.delenv("AIOPS_API_KEY")
    with pytest.raises(RuntimeError, match="AIOPS_API_KEY"):
        aiops_sdk.init()


def test_aiops_service_name(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """| `AIOPS_SERVICE_NAME` | No | … | Service name shown in incidents |"""
    monkeypatch.setenv("AIOPS_SERVICE_NAME", "shop")
    assert the_event(platform)["service"] == "shop"


def test_aiops_service_name_has_a_default(platform: Platform) -> None:
    """| `AIOPS_SERVICE_NAME` | No | `unknown-service` | … |"""
    assert the_event(platform)["service"] == "unknown-service"


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_aiops_env(platform: Platform, monkeypatch: pytest.MonkeyPatch, environment: str) -> None:
    """| `AIOPS_ENV` | No | … | Environment (`production` / `staging` / etc.) |"""
    monkeypatch.setenv("AIOPS_ENV", environment)
    assert the_event(platform)["environment"] == environment


def test_aiops_env_has_a_default(platform: Platform) -> None:
    """| `AIOPS_ENV` | No | `production` | … |"""
    assert the_event(platform)["environment"] == "production"


def test_aiops_platform_url(platform: Platform) -> None:
    """| `AIOPS_PLATFORM_URL` | No | … | Override if self-hosting the platform |"""
    assert the_event(platform)["message"] == "it broke"


def test_aiops_platform_url_has_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """| `AIOPS_PLATFORM_URL` | No | `https://aiops.1genimpact.cloud` | … |"""
    monkeypatch.delenv("AIOPS_PLATFORM_URL")
    assert aiops_sdk.Config.load().platform_url == "https://aiops.1genimpact.cloud"


def test_aiops_service_base_url(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """| `AIOPS_SERVICE_BASE_URL` | No | … | This service's own base URL (used for automated fix callbacks) |"""
    monkeypatch.setenv("AIOPS_SERVICE_BASE_URL", "https://shop.example.com/")
    aiops_sdk.init()
    assert platform.wait_for_heartbeats()[0]["base_url"] == "https://shop.example.com"


def test_aiops_service_base_url_is_auto_detected(platform: Platform) -> None:
    """| `AIOPS_SERVICE_BASE_URL` | No | auto-detected | … |"""
    app = flask.Flask("shop")
    aiops_sdk.init_flask(app)
    client = aiops_sdk.init()
    app.test_client().get(
        "/", headers={"X-Forwarded-Proto": "https, http", "X-Forwarded-Host": "shop.example.com, proxy"}
    )
    assert client.base_url == "https://shop.example.com"


def test_aiops_skip_paths(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """| `AIOPS_SKIP_PATHS` | No | — | Extra paths to exclude from monitoring (comma-separated, e.g. `/admin/health,/internal/ping`) |"""
    monkeypatch.setenv("AIOPS_SKIP_PATHS", "/admin/health,/internal/ping")
    aiops_sdk.init()
    app = flask.Flask("shop")
    aiops_sdk.init_flask(app)

    @app.route("/<path:path>")
    def crash(path: str) -> str:
        raise RuntimeError(path)

    for path in ("/admin/health", "/internal/ping", "/orders"):
        app.test_client().get(path)
    assert aiops_sdk.flush(10)
    assert [event["request_path"] for event in platform.events] == ["/orders"]


def test_the_variables_are_read_when_init_is_called(platform: Platform, tmp_path: Path) -> None:
    """(What the old client got wrong: it read `AIOPS_SKIP_PATHS` when it was imported.)"""
    program = """
        import aiops_sdk
        import os
        os.environ["AIOPS_SERVICE_NAME"] = "named after the import"
        aiops_sdk.init()
        aiops_sdk.capture_exception(ValueError())
    """
    run_program(tmp_path, program, platform_url=platform.url)
    assert platform.events[0]["service"] == "named after the import"
