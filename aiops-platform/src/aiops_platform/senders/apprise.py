"""Apprise, for its hundred other services: a program of its own, with nothing of ours in it and an end to its time.

It says success or failure, nothing else; see https://github.com/caronc/apprise. It is installed by who wants it:
`pip install aiops-platform[apprise]`.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from aiops_platform.core.backoff import Outcome, Refused, Retry, Sent
from aiops_platform.core.messages import Message, MessageState, Severity
from aiops_platform.senders.wording import clipped

_SECONDS: Final = 20.0
_MOST_FAILURES: Final = 10
_LONGEST: Final = 3_000
_NOT_THERE: Final = 3
# Nothing of the platform's surroundings, in which secrets stand.
_SURROUNDINGS: Final = {"PATH": "", "HOME": "/", "LANG": "C.UTF-8"}

# Runs in Python's isolated mode: no variables, no files of a user, no folder of ours.
PROGRAM: Final = f"""
import json, sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except (ImportError, ValueError, OSError):
    pass
asked = json.load(sys.stdin)
try:
    import apprise
except ImportError:
    sys.exit({_NOT_THERE})
# Of a text `add` takes as many as there are in it.
one, told = apprise.Apprise.instantiate(asked["url"]), apprise.Apprise()
done = one is not None and told.add(one)
done = done and told.notify(title=asked["title"], body=asked["body"], notify_type=asked["type"])
sys.exit(0 if done else 1)
"""
COMMAND: Final = (sys.executable, "-I", "-c", PROGRAM)


def send(settings: Mapping[str, str], message: Message, *, command: Sequence[str] = COMMAND) -> Outcome:
    """Hands the message to Apprise. `command` is for tests."""
    try:
        done = subprocess.run(  # noqa: S603 (ours; what people typed goes in by standard input)
            command,
            input=json.dumps(_asked(settings["url"], message)).encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_SURROUNDINGS,
            cwd="/",
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Retry(f"It was not done within {_SECONDS:g} seconds", most_failures=_MOST_FAILURES)
    except OSError as error:
        return Retry(f"Apprise could not be started: {error.strerror or error}")
    if done.returncode == 0:
        return Sent(answer="Apprise says that it was sent")
    if done.returncode == _NOT_THERE:
        return Refused("Apprise is not installed here: pip install 'aiops-platform[apprise]'", for_good=True)
    return Retry("Apprise says that it failed, and not why", most_failures=_MOST_FAILURES)


def _asked(url: str, message: Message) -> dict[str, str]:
    lines = [*message.lines(), *(f"{label}: {value}" for label, value in message.labels.items())]
    links = [message.url] if message.url else []
    links += [f"{each.label}: {each.url}" for each in message.actions]
    body = "\n".join([clipped("\n".join(lines), _LONGEST), *links])
    return {"url": url, "title": message.subject, "body": body or message.heading, "type": _type(message)}


def _type(message: Message) -> str:
    if message.state is MessageState.OVER:
        return "success"
    if message.state is MessageState.TEST or message.severity is Severity.INFO:
        return "info"
    return "warning" if message.severity is Severity.WARNING else "failure"
