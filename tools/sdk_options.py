"""Writes the table of the SDK's options into its page, from the code: `python tools/sdk_options.py --write`.

Names come from `init()`, defaults and meanings from `Config`, variables from `Config.load`.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from pathlib import Path

from aiops_sdk import _api, config

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "sdk-options.md"
BEGIN = "| argument | variable | default | meaning |\n"
_SPOOL = "see below"
_DEFAULTS = {
    "api_key": "none: needed",
    "base_url": "seen in the first request",
    "spool": _SPOOL,
    "proxy": "the usual variables",
    "ca_file": "the system's",
    "release": "found, or none",
}


def main() -> int:
    """Compare, or write with `--write`."""
    written = PAGE.read_text("utf-8")
    made = page(written)
    if "--write" in sys.argv[1:]:
        PAGE.write_text(made, "utf-8")
        return 0
    if made != written:
        print(f"{PAGE.name} is not what the code says: python tools/sdk_options.py --write", file=sys.stderr)
        return 1
    return 0


def page(written: str) -> str:
    """The page with the table as the code has it."""
    before, _, rest = written.partition(BEGIN)
    after = rest[rest.index("\n\n") :] if "\n\n" in rest else "\n"
    return before + table() + after


def table() -> str:
    """The table, without a line break at its end."""
    meanings, variables = _meanings(), _variables()
    names = [name for name in inspect.signature(_api.init).parameters if name != "unknown"]
    rows = [f"| `{name}` | {_variable(variables.get(name))} | {_default(name)} | {meanings[name]} |" for name in names]
    return "\n".join([BEGIN.rstrip("\n"), "|---|---|---|---|", *rows])


def _meanings() -> dict[str, str]:
    """The comment over each field."""
    source = inspect.getsource(config.Config)
    found = re.finditer(r"((?:^    #: .*\n)+)    (\w+):", source, re.MULTILINE)
    return {match.group(2): re.sub(r"\s*#: ", " ", match.group(1)).strip() for match in found}


def _variables() -> dict[str, str]:
    """The variable of ours that is read for each field."""
    tree = ast.parse(Path(config.__file__).read_text("utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "cls"]
    found = {keyword.arg: re.findall(r"AIOPS_\w+", ast.unparse(keyword.value)) for keyword in calls[0].keywords}
    read = {name: names[0] for name, names in found.items() if name and names}
    # Read in functions of their own.
    return {
        **read,
        "platform_url": "AIOPS_PLATFORM_URL",
        "base_url": "AIOPS_SERVICE_BASE_URL",
        "spool": "AIOPS_SPOOL",
    }


def _variable(name: str | None) -> str:
    return f"`{name}`" if name else "–"


def _default(name: str) -> str:
    if name in _DEFAULTS:
        return _DEFAULTS[name]
    default = getattr(config.Config, name, None)
    if isinstance(default, bool):
        return "yes" if default else "no"
    return f"`{default}`" if default else "none"


if __name__ == "__main__":
    sys.exit(main())
