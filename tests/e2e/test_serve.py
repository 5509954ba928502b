"""`aiops serve` as a person meets it: the first start, the mistakes that people make, and its end."""

from __future__ import annotations

import json
import re
import signal
import socket
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from e2e.platforms import OPENER, Platform, aiops, is_up, serve, settings
from e2e.programs import eventually, finished, free_port, installed, started


def test_the_first_start_says_all_that_is_needed(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with started(serve(tmp_path / "data", port), log=tmp_path / "log", environment=settings()) as program:
        program.says(re.escape(f"{url}/signin/"))
        key = program.says(r"AIOPS_API_KEY=['\"]?(aiops_[\w-]+)").group(1)
        program.says(re.escape(str(tmp_path / "data")))
        program.says(re.escape("aiops_sdk-0.2.0-py3-none-any.whl"))
        program.says("init_flask")
        eventually(lambda: is_up(f"{url}/health"), what="the platform's first answer")

        assert send(url, key) == 202


def test_the_second_start_keeps_what_there_is_and_shows_no_key_again(tmp_path: Path) -> None:
    port = free_port()
    data = tmp_path / "data"
    with started(serve(data, port), log=tmp_path / "first", environment=settings()) as program:
        key = program.says(r"AIOPS_API_KEY=['\"]?(aiops_[\w-]+)").group(1)
        eventually(lambda: is_up(f"http://127.0.0.1:{port}/health"), what="the first start's answer")
        program.end()

    with started(serve(data, port), log=tmp_path / "second", environment=settings()) as program:
        eventually(lambda: is_up(f"http://127.0.0.1:{port}/health"), what="the second start's answer")

        assert send(f"http://127.0.0.1:{port}", key) == 202
        assert key not in program.said()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_it_ends_cleanly_and_leaves_nothing_behind(tmp_path: Path, how: signal.Signals) -> None:
    port = free_port()
    with started(serve(tmp_path / "data", port), log=tmp_path / "log", environment=settings()) as program:
        eventually(lambda: is_up(f"http://127.0.0.1:{port}/health"), what="the platform's first answer")
        assert len(program.living()) >= 3, "The door and the worker are processes of their own."

        assert program.end(how) == 0

        eventually(lambda: not program.living(), what="the end of every process")
        assert "Traceback" not in program.said()
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))


def test_a_supervisor_that_is_killed_takes_its_children_along(tmp_path: Path) -> None:
    port = free_port()
    with started(serve(tmp_path / "data", port), log=tmp_path / "log", environment=settings()) as program:
        eventually(lambda: is_up(f"http://127.0.0.1:{port}/health"), what="the platform's first answer")

        program.end(signal.SIGKILL)

        eventually(lambda: not program.living(), what="the end of every process")


def test_starting_twice_on_one_folder_is_refused(platform: Platform) -> None:
    done = finished(serve(platform.data, free_port()), environment=settings())

    assert_refused(done.returncode, done.stderr, names=str(platform.data))
    assert is_up(f"{platform.url}/health")


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        done = finished(serve(tmp_path / "data", port), environment=settings())

    assert_refused(done.returncode, done.stderr, names=str(port))


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    # Root may write wherever a folder can be; not even root can make one inside a file.
    (tmp_path / "in-the-way").write_text("a file")

    done = finished(serve(tmp_path / "in-the-way" / "data", free_port()), environment=settings())

    assert_refused(done.returncode, done.stderr, names="in-the-way")


def assert_refused(code: int, stderr: str, *, names: str) -> None:
    """One clear sentence that names the thing, and an exit code that scripts notice."""
    assert code != 0
    assert names in stderr
    assert "Traceback" not in stderr
    assert len(stderr.strip().splitlines()) <= 3, stderr


def test_keys_are_made_listed_and_revoked_while_it_runs(platform: Platform) -> None:
    key = platform.command("key", "create", "night-shift")
    assert re.fullmatch(r"aiops_[\w-]{43}", key), "The key alone, so that scripts can use it."
    assert send(platform.url, key) == 202

    listed = platform.command("key", "list")
    assert "night-shift" in listed
    assert key not in listed

    platform.command("key", "revoke", "night-shift")
    eventually(lambda: send(platform.url, key) == 401, what="the end of the revoked key")
    assert send(platform.url, platform.key) == 202


def test_a_sign_in_link_works_once(platform: Platform) -> None:
    link = platform.sign_in_link()

    assert answer_to(link) == 303
    assert answer_to(link) == 410


def test_the_platform_hands_out_the_wheel_of_its_sdk(platform: Platform, tmp_path: Path) -> None:
    wheel = tmp_path / "aiops_sdk-0.2.0-py3-none-any.whl"
    with OPENER.open(f"{platform.url}/sdk/{wheel.name}", timeout=10) as answer:
        wheel.write_bytes(answer.read())

    # Python imports from a zip file, and a pure wheel is one.
    program = f"import sys; sys.path.insert(0, {str(wheel)!r}); import aiops_sdk; print(aiops_sdk.__version__)"
    done = finished([installed("published", "python"), "-I", "-c", program], environment=settings())

    assert done.stdout.strip() == "0.2.0", done.stderr


def test_it_says_its_version() -> None:
    done = finished([installed("e2e", "aiops"), "--version"], environment=settings())

    assert done.returncode == 0
    assert "0.1.0" in done.stdout


def test_a_key_can_be_made_before_the_first_start(tmp_path: Path) -> None:
    assert aiops("key", "create", "early", data=tmp_path / "data").startswith("aiops_")


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Shows a redirect instead of following it."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


def answer_to(link: str) -> int:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect())
    try:
        with opener.open(link, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return refusal.code


def send(url: str, key: str) -> int:
    """Report something with that key, and return the status of the answer."""
    request = urllib.request.Request(
        f"{url}/v1/sdk/exception",
        data=json.dumps({"signal_type": "log_error", "service": "tests", "message": "Hello"}).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    try:
        with OPENER.open(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return refusal.code
