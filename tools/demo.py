"""Runs the platform and, beside it, the shop that fails on demand; everything lives in a folder that goes when they end.

Ctrl-C, SIGTERM or a closed terminal ends both. When one of them dies, the other is ended, too.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SHOP = Path(__file__).resolve().parent.parent / "examples" / "shop"
BIN = Path(sys.executable).parent
HOST = "127.0.0.1"
PLATFORM_PORT, SHOP_PORT = 8400, 5000
# So often somebody looks at a page of the shop, one after the other: what is mended is proven by what they would have met.
LOOKS_EVERY = 0.1
LOOKED_AT = ("/visits", "/bestsellers", "/gift-wrap")
# What the shop's own fixers mend by themselves; the last one is left to people.
POLICIES: tuple[dict[str, object], ...] = (
    {
        "name": "Recycle a poisoned pool",
        "match": "service:shop type:OperationalError readonly",
        "fixer": "recycle-connection-pool",
        "mode": "automatic",
    },
    {
        "name": "Drop a damaged entry",
        "match": "service:shop type:JSONDecodeError",
        "fixer": "drop-cache-entry",
        "params": {"entry": {"from": "tag.cache_entry"}},
        "mode": "automatic",
    },
    {
        "name": "Go on without what fails",
        "match": "service:shop place:paper_for",
        "fixer": "switch-feature-off",
        "params": {"feature": "gift-wrap"},
        "mode": "ask",
    },
)
# Of all of them; people press the buttons more often than things break.
RAILS = {"cool_down_seconds": 10, "per_hour": 60, "per_day": 500, "watch_seconds": 20, "resolve": True}
READY_WITHIN = 60.0  # seconds; a slow machine with a cold disk needs some of them
ENDS_WITHIN = 10.0


class DemoError(Exception):
    """The demo cannot go on; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One of the two running programs, in a process group of its own, with what it printed."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def last_words(self) -> str:
        """The end of what it printed."""
        return self.log.read_text(errors="replace")[-3000:].strip()


def main() -> int:
    """Run the demo until it is told to end."""
    asked_to_end = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda *_: asked_to_end.set())
    try:
        with tempfile.TemporaryDirectory(prefix="aiops-demo-") as folder:
            run(Path(folder), asked_to_end)
    except DemoError as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    print("Everything has ended, and the throw-away folder is gone.")
    return 0


def run(folder: Path, asked_to_end: threading.Event) -> None:
    """Start both, say where they are, and watch over them."""
    platform_url = f"http://{HOST}:{choose_port(PLATFORM_PORT, 'the platform')}"
    shop_port = choose_port(SHOP_PORT, "the shop")
    settings = platform_settings(folder, platform_url)
    with contextlib.ExitStack() as parts:
        say(f"Starting the platform in a throw-away folder, {folder}")
        serve: list[str | Path] = [BIN / "aiops", "serve", *data(folder)]
        platform = parts.enter_context(running("The platform", serve, settings, folder))
        if not wait_until_ready(platform, f"{platform_url}/health", asked_to_end):
            return
        key = ask(["key", "create", "demo", *data(folder)], settings)
        link = sign_in_link(folder, settings)

        say("Starting the shop, which reports to it")
        flask: list[str | Path] = [sys.executable, "-m", "flask", "--app", "app", "run", "--port", str(shop_port)]
        shop = parts.enter_context(running("The shop", flask, shop_settings(folder, platform_url, key), folder, SHOP))
        if not wait_until_ready(shop, f"http://{HOST}:{shop_port}/", asked_to_end):
            return
        arrange_fixes(platform_url, ask(["token", "create", "demo", *data(folder)], settings))
        parts.enter_context(visitors(f"http://{HOST}:{shop_port}"))
        another = f"{os.path.relpath(BIN / 'aiops')} signin --data {folder / 'platform'}"
        say(
            f"\n  The platform   {link}\n                 (this link signs you in once, within 15 minutes; for another:"
        )
        say(f"                 {another})")
        say(f"  The shop       http://{HOST}:{shop_port}/\n                 (press a button under “Make it fail”;")
        say(f"                 what breaks is mended within seconds: {platform_url}/fixes)")
        say("\nCtrl-C ends both and leaves nothing behind.")
        watch([platform, shop], asked_to_end)
        say("\nEnding both")


def say(words: str) -> None:
    """Print at once, even into a pipe."""
    print(words, flush=True)


def choose_port(standard: int, whose: str) -> int:
    """The standard port, or, where that is taken, a free one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, standard))
        except OSError:
            pass
        else:
            return standard
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        free = int(probe.getsockname()[1])
    say(f"Port {standard} is taken, so {whose} uses {free}")
    return free


def data(folder: Path) -> list[str]:
    """The option that names the platform's data folder."""
    return ["--data", str(folder / "platform")]


def surroundings() -> dict[str, str]:
    """Our environment without what would change either program."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIOPS_", "FLASK_", "SHOP_"))}
    # Not even compiled modules stay behind beside the shop's sources.
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1"}


def platform_settings(folder: Path, url: str) -> dict[str, str]:
    """The platform's environment; its commands need the same, to print links that lead there."""
    port = url.rpartition(":")[2]
    return {
        **surroundings(),
        "HOME": str(folder),
        "AIOPS_SERVER_PORT": port,
        "AIOPS_SERVER_PUBLIC_URL": url,
        # The shop is on this machine, and is called back there.
        "AIOPS_SERVER_ALLOW_PRIVATE_TARGETS": "127.0.0.0/8",
    }


def shop_settings(folder: Path, platform_url: str, key: str) -> dict[str, str]:
    """The shop's environment: where it keeps its stock, how its SDK reports, and where that keeps what is undelivered."""
    return {
        **surroundings(),
        "SHOP_DATABASE": str(folder / "shop" / "stock.db"),
        "SHOP_PLATFORM": platform_url,
        "AIOPS_PLATFORM_URL": platform_url,
        "AIOPS_API_KEY": key,
        "AIOPS_ENV": "demo",
        "AIOPS_SPOOL": str(folder / "shop" / "spool"),
    }


def arrange_fixes(platform_url: str, token: str) -> None:
    """Say by the platform's API what is done about what breaks."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for policy in POLICIES:
        request = urllib.request.Request(  # noqa: S310 - we have started what answers there
            f"{platform_url}/api/v1/fix-policies",
            data=json.dumps({**policy, **RAILS}).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        try:
            opener.open(request, timeout=10).close()
        except urllib.error.HTTPError as refusal:
            raise DemoError(f"The platform refused a policy: {refusal.read().decode(errors='replace')}") from None


@contextlib.contextmanager
def visitors(shop: str) -> Iterator[None]:
    """Somebody walks through the shop all the time."""
    over = threading.Event()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def walk() -> None:
        for page in itertools.cycle(LOOKED_AT):
            if over.wait(LOOKS_EVERY):
                return
            # What fails is what the demo is about.
            with contextlib.suppress(OSError):
                opener.open(shop + page, timeout=10).close()

    walker = threading.Thread(target=walk, name="visitors", daemon=True)
    walker.start()
    try:
        yield
    finally:
        over.set()
        walker.join(ENDS_WITHIN)


@contextlib.contextmanager
def running(
    name: str, command: list[str | Path], environment: dict[str, str], folder: Path, directory: Path | None = None
) -> Iterator[Part]:
    """Run a program in a process group of its own; at the end the whole group is gone."""
    log = folder / f"{name.rsplit(maxsplit=1)[-1]}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=directory, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True,
        )  # fmt: skip
        try:
            yield Part(name=name, process=process, log=log)
        finally:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask the program to end, as Ctrl-C would; whatever is left of its group after a while is killed."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(ENDS_WITHIN)
    # The children of a program that has ended are still in its group.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(ENDS_WITHIN)
    # Killed is not yet gone, and until then a program may still write into the folder that is removed next.
    deadline = time.monotonic() + ENDS_WITHIN / 2
    while group_lives(process.pid) and time.monotonic() < deadline:
        time.sleep(0.02)


def group_lives(group: int) -> bool:
    """Whether a process of that group is left."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def wait_until_ready(part: Part, url: str, asked_to_end: threading.Event) -> bool:
    """Wait until the program answers at that address; false when the demo was asked to end before."""
    deadline = time.monotonic() + READY_WITHIN
    while not answers(url):
        must_live(part)
        if time.monotonic() > deadline:
            raise DemoError(
                f"{part.name} did not answer within {READY_WITHIN:.0f} seconds. It said:\n{part.last_words()}"
            )
        if asked_to_end.wait(0.05):
            return False
    return True


def answers(url: str) -> bool:
    """Whether a page comes back from there."""
    # No proxy of the user's belongs between us and this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def must_live(part: Part) -> None:
    """Stop the demo with the program's last words if it has ended by itself."""
    code = part.process.poll()
    if code is not None:
        raise DemoError(f"{part.name} has ended by itself (exit code {code}). Its last words:\n{part.last_words()}")


def watch(parts: list[Part], asked_to_end: threading.Event) -> None:
    """Return when asked to end; complain when one of the programs has ended by itself."""
    while not asked_to_end.wait(0.2):
        for part in parts:
            must_live(part)


def sign_in_link(folder: Path, environment: dict[str, str]) -> str:
    """A fresh link, out of the words that the command prints around it."""
    said = ask(["signin", *data(folder)], environment)
    link = re.search(r"https?://\S+", said)
    if not link:
        raise DemoError(f"`aiops signin` printed no link, but: {said}")
    return link.group()


def ask(arguments: list[str], environment: dict[str, str]) -> str:
    """What a command of the platform printed."""
    command: list[str | Path] = [BIN / "aiops", *arguments]
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
        start_new_session=True,
    )  # fmt: skip
    if done.returncode:
        raise DemoError(f"`aiops {' '.join(arguments)}` failed: {done.stderr.strip()}")
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
