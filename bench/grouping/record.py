"""Records the table: raises every case in real libraries, and keeps what both clients would send, as `table.jsonl`.

    .venv/bin/python bench/grouping/record.py           the table
    .venv/bin/python bench/grouping/record.py unseen    the cases that the rule was not made with, as `unseen.jsonl`

It makes environments of its own in .venvs. One line is one event: which case, which problem of it, what was called, by
which client and Python; and what grouping reads of its body. Folders of this machine are written as those of a server.
"""

import importlib
import json
import os
import re
import subprocess
import sys
import tempfile
from itertools import groupby
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TABLE = HERE / "table.jsonl"
UNSEEN = HERE / "unseen.jsonl"
TOPICS = ("plain", "web", "stores", "clients", "data", "logs", "places")
OLD_CLIENT = "aiops-sdk==0.1.6"
# The libraries are installed for the first; the others raise what Python raises by itself.
PYTHONS = ("3.11", "3.8", "3.13")
TEXT_LIMIT = 1_200
FRAME_LIMIT = 40
KEPT = (
    *("signal_type", "source", "error_type", "message", "status_code", "request_path", "route"),
    *("logger", "template", "fingerprint", "stack_trace"),
)


def main() -> int:
    """Run all, and write the table."""
    unseen = sys.argv[1:] == ["unseen"]
    cases = [case for topic in (["unseen"] if unseen else TOPICS) for case in _imported(topic).CASES]
    table = UNSEEN if unseen else TABLE
    with tempfile.TemporaryDirectory() as place:
        lines = [line for client, python in _rounds() for line in _recorded(cases, client, python, Path(place))]
    order = {case["name"]: number for number, case in enumerate(cases)}
    lines.sort(key=lambda line: (order[line["case"]], line["problem"], line["client"] == "old", line["python"]))
    table.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    heard = {(line["case"], line["problem"]) for line in lines}
    for case in cases:
        for problem in case["problems"]:
            if (case["name"], problem) not in heard:
                print(f"not heard: {case['name']} · {problem}")
    print(f"{len(cases)} cases, {len(heard)} problems, {len(lines)} events, {table.stat().st_size // 1000} kB")
    return 0


def _imported(topic: str) -> Any:
    for folder in (str(HERE), str(HERE / "cases")):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    return importlib.import_module(topic)


def _rounds() -> list[tuple[str, str]]:
    return [("new", PYTHONS[0]), ("old", PYTHONS[0]), *(("new", python) for python in PYTHONS[1:])]


def _recorded(cases: list[dict[str, Any]], client: str, python: str, place: Path) -> list[dict[str, Any]]:
    """The lines of the table that this client tells in this Python."""
    environment = _environment(client, python)
    chosen = place / f"{client}-{python}.json"
    chosen.write_text(json.dumps([one for case in cases if (one := _of_round(case, client, python))["calls"]]))
    output = place / f"{client}-{python}.jsonl"
    folder = place / "files"
    surroundings = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AIOPS_", "PYTHON")) and "proxy" not in name.lower()
    } | {
        "AIOPS_API_KEY": "none",
        "AIOPS_PLATFORM_URL": "http://127.0.0.1:9",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TZ": "UTC",
    }
    if client == "new":
        surroundings["PYTHONPATH"] = str(ROOT / "aiops-sdk" / "src")
    else:
        surroundings["PYTHONPATH"] = str(_old_client())
    subprocess.run(
        [str(environment / "bin/python"), "child.py", client, str(chosen), str(folder), str(output)],
        cwd=HERE,
        env=surroundings,
        check=True,
        timeout=900,
    )
    lines = [json.loads(line) for line in output.read_text().splitlines()]
    ways = {(case["name"], number): one for case in cases for number, one in enumerate(_calls(case, client, python))}
    clean = _Cleaner(folder, environment)
    return [
        {
            "case": line["case"],
            "problem": line["problem"],
            "call": line["call"],
            "client": client,
            "python": python,
            "body": clean.body(line["body"], ways[line["case"], line["number"]]),
        }
        for line in lines
    ]


def _of_round(case: dict[str, Any], client: str, python: str) -> dict[str, Any]:
    return {name: case[name] for name in ("name", "code", "file", "own")} | {"calls": _calls(case, client, python)}


def _calls(case: dict[str, Any], client: str, python: str) -> list[dict[str, Any]]:
    """The old client and other Pythons tell the first of each problem; each further call is of a later release."""
    only_first = client == "old" or python != PYTHONS[0]
    if (client == "old" and not case["old"]) or (python != PYTHONS[0] and not case["pythons"]):
        return []
    return [
        {"root": f"/srv/releases/{40 + number}", "shift": 3 * number, **call, "problem": problem}
        for problem, calls in case["problems"].items()
        for number, call in enumerate(calls[:1] if only_first else calls)
    ]


def _environment(client: str, python: str) -> Path:
    """An environment with the libraries (the first Python), or without any."""
    environment = ROOT / ".venvs" / f"grouping-{python}"
    done = environment / "made"
    if not done.exists():
        subprocess.run([_interpreter(python), "-m", "venv", "--clear", str(environment)], check=True)
        if python == PYTHONS[0]:
            names = (HERE / "requirements.txt").read_text().split()
            subprocess.run(
                [
                    str(ROOT / ".venv/bin/uv"),
                    "pip",
                    "install",
                    "-q",
                    "--python",
                    str(environment / "bin/python"),
                    *names,
                ],
                check=True,
            )
        done.touch()
    return environment


def _interpreter(python: str) -> str:
    """One on PATH; with pyenv, one of its versions that is not chosen."""
    folders = sorted(Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob(f"versions/{python}.*/bin/python"))
    return str(folders[-1]) if folders else f"python{python}"


def _old_client() -> Path:
    target = ROOT / ".venvs" / "grouping-old-client"
    if not target.exists():
        command = [str(ROOT / ".venv/bin/uv"), "pip", "install", "-q", "--no-deps", "--target", str(target), OLD_CLIENT]
        subprocess.run([*command, "--python", str(_environment("old", PYTHONS[0]) / "bin/python")], check=True)
    return target


class _Cleaner:
    """Leaves of a body what grouping reads, and writes the folders of this machine as those of a server."""

    def __init__(self, folder: Path, environment: Path) -> None:
        python = subprocess.run(
            [str(environment / "bin/python"), "-c", "import os; print(os.path.dirname(os.__file__))"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        self._files = folder
        self._folders = (
            (str(environment.resolve()), "/srv/venv"),
            (str(environment), "/srv/venv"),
            (python, f"/usr/lib/{Path(python).name}"),
            (str(ROOT / "aiops-sdk" / "src"), "/srv/venv/lib/python3/site-packages"),
            (str(HERE), "/srv"),
        )

    def body(self, body: dict[str, Any], call: dict[str, Any]) -> dict[str, Any]:
        kept = {name: body[name] for name in KEPT if body.get(name) not in (None, "", [])}
        if "exceptions" in body:
            kept["exceptions"] = [self._exception(each) for each in body["exceptions"]]
            kept.pop("stack_trace", None)
        text = json.dumps(kept)
        for here, there in self._folders:
            text = text.replace(here, there)
        text = re.sub(re.escape(str(self._files)) + r"/\d+-\d+", "", text)
        if call.get("venv"):
            text = text.replace("/srv/venv", call["venv"])
        if call.get("windows"):
            text = _on_windows(text)
        cleaned: dict[str, Any] = json.loads(text)
        return cleaned

    def _exception(self, exception: dict[str, Any]) -> dict[str, Any]:
        kept = {
            name: exception[name]
            for name in ("type", "module", "value", "parent", "relation")
            if exception.get(name) is not None
        }
        kept["value"] = kept.get("value", "")[:TEXT_LIMIT]
        kept["frames"] = [_frame(each) for each in _shorter(exception.get("frames", []))]
        return kept


def _shorter(frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without what lies deep inside of a library, where the application has frames: the first of its calls, the last two."""
    if len(frames) > FRAME_LIMIT:
        frames = frames[:20] + frames[-20:]
    if not any(each.get("in_app") for each in frames):
        return frames
    told: list[dict[str, Any]] = []
    for is_ours, run in groupby(frames, key=lambda each: bool(each.get("in_app"))):
        same = list(run)
        told += same if is_ours or len(same) <= 3 else [same[0], *same[-2:]]
    return told


def _frame(frame: dict[str, Any]) -> dict[str, Any]:
    kept = {
        name: frame[name] for name in ("file", "function", "module", "line", "in_app") if frame.get(name) is not None
    }
    line = (frame.get("source") or {}).get("line", "").strip()
    return kept | ({"source": {"line": line}} if line else {})


def _on_windows(text: str) -> str:
    """The paths as they would be there; this one thing is not recorded but written."""

    def path(match: re.Match[str]) -> str:
        inner = re.sub(r"^/srv/venv/lib/python[\d.]+/", "/srv/venv/Lib/", match[0])
        inner = re.sub(r"^/usr/lib/python([\d.]+)/", "/Python311/Lib/", inner)
        return "C:" + inner.replace("/", r"\\")

    return re.sub(r"/(?:srv|usr)/[\w./-]+\.py\b", path, text)


if __name__ == "__main__":
    sys.exit(main())
