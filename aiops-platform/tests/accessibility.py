"""Looks at a page as axe-core does: https://github.com/dequelabs/axe-core. It is fetched by npm once, and shipped to nobody."""

import shutil
import sys
from functools import cache
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]
_WANTED = _HERE / "frontend"
_FOLDER = _ROOT / ".venvs" / "axe"
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_BAD = {"serious", "critical"}
_LOOK = """async (tags) => {
    const found = await axe.run(document, { runOnly: tags, resultTypes: ["violations"] });
    return found.violations.map((each) => ({ id: each.id, impact: each.impact, help: each.help,
        nodes: each.nodes.map((node) => `${node.target.join(" ")}: ${node.html.slice(0, 160)} ${node.any.map((one) => one.message).join(" ")}`) }));
}"""


@cache
def axe_script() -> str:
    """The program that looks at a page; installed in the version of its lock where it is not there yet."""
    lock = (_WANTED / "package-lock.json").read_text()
    script, mark = _FOLDER / "node_modules" / "axe-core" / "axe.min.js", _FOLDER / "made-from"
    if not (script.is_file() and mark.is_file() and mark.read_text() == lock):
        sys.path.insert(0, str(_HERE.parent))
        from hatch_build import run_npm

        _FOLDER.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_WANTED / name, _FOLDER / name)
        run_npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], _FOLDER)
        mark.write_text(lock)
    return script.read_text()


def grave_violations(page: Any) -> list[str]:
    """What keeps people out of this page: serious and critical violations of WCAG 2.2 AA and of good practice."""
    page.evaluate(axe_script())
    found = page.evaluate(_LOOK, _TAGS)
    return [
        f"{each['id']} ({each['help']}): {node}" for each in found if each["impact"] in _BAD for node in each["nodes"]
    ]
