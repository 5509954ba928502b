"""What the page's section "Quick Start" promises: it is run as it stands there."""

from __future__ import annotations

from pathlib import Path

from children import run_program, started_program
from loopback import Answer, Platform

QUICK_START = """
    from flask import Flask, jsonify
    app = Flask(__name__)

    @app.route("/")
    def home():
        try:
            return jsonify({"total": None + 1})
        except Exception as e:
            return jsonify({"message": str(e)}), 500

    import aiops_sdk
    from aiops_sdk.integrations.flask import init_flask

    # Initialise once at startup (reads AIOPS_API_KEY from env if not passed)
    aiops_sdk.init(api_key="your-api-key")

    # Register Flask integration (call after your Flask app is created)
    init_flask(app)
"""


def test_initialise_once_at_startup(platform: Platform, tmp_path: Path) -> None:
    """# Initialise once at startup (reads AIOPS_API_KEY from env if not passed)"""
    for key, environ in (('api_key="passed"', {}), ("", {"AIOPS_API_KEY": "from-env"})):
        program = f"import aiops_sdk\naiops_sdk.init({key})\naiops_sdk.capture_exception(ValueError())"
        run_program(tmp_path, program, environ={"AIOPS_PLATFORM_URL": platform.url, **environ})
    keys = [received.headers["Authorization"] for received in platform.received if "message" in received.body]
    assert keys == ["Bearer passed", "Bearer from-env"]


def test_report_unhandled_exceptions_before_the_process_exits(platform: Platform, tmp_path: Path) -> None:
    """- Report unhandled exceptions before the process exits"""
    platform.answer(Answer(delay=1.0))
    ended = run_program(tmp_path, QUICK_START + "    raise ValueError('nobody catches me')", platform_url=platform.url)
    assert [event["message"] for event in platform.events] == ["nobody catches me"]
    assert "ValueError: nobody catches me" in ended.err


def test_capture_every_http_error_response(platform: Platform, tmp_path: Path) -> None:
    """- Capture every HTTP 4xx/5xx error response (extracts the real error from your JSON response body)"""
    run_program(tmp_path, QUICK_START + "    app.test_client().get('/')", platform_url=platform.url)
    (event,) = platform.events
    assert (event["signal_type"], event["status_code"], event["error_type"]) == ("http_error", 500, "TypeError")
    assert event["message"].startswith("unsupported operand type(s)")


def test_forward_error_and_critical_log_records(platform: Platform, tmp_path: Path) -> None:
    """- Forward ERROR and CRITICAL log records as incidents"""
    program = """
    import logging
    logging.warning("not this")
    logging.error("this")
    logging.getLogger("shop").critical("and this")
    """
    run_program(tmp_path, QUICK_START + program, platform_url=platform.url)
    assert [event["message"] for event in platform.events] == ["this", "and this"]


def test_send_heartbeats_every_30_seconds(platform: Platform, tmp_path: Path) -> None:
    """- Send heartbeats every 30 seconds so the platform knows the service is alive"""
    program = started_program(tmp_path, QUICK_START + "    import time; time.sleep(30)", platform_url=platform.url)
    try:
        first = platform.wait_for_heartbeats(1)[0]
    finally:
        program.kill()
        program.communicate()
    assert (first["signal_type"], first["interval"]) == ("heartbeat", 30)
