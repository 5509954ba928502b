"""The rules that import contracts cannot say, read off the syntax trees of both packages."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SDK = ROOT / "aiops-sdk/src/aiops_sdk"
PLATFORM = ROOT / "aiops-platform/src/aiops_platform"
MODULES = sorted([*SDK.rglob("*.py"), *PLATFORM.rglob("*.py")])

# A framework may be named only inside the SDK's file for it.
FRAMEWORKS = {
    "flask": {"flask", "werkzeug", "blinker"},
    "httpx": {"httpx"},
    "sqlalchemy": {"sqlalchemy"},
    "django_sql": {"django"},
}
LONGEST_FUNCTION = 60
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc", "shared", "tools", "lib"}


@cache
def tree(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"), filename=str(module))


@cache
def nodes(module: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree(module)))


def short(module: Path) -> str:
    return module.relative_to(ROOT).as_posix()


def imported(module: Path) -> Iterator[tuple[str, int]]:
    """What the module imports when it runs; what only the type checker sees is not imported."""
    for_types = {
        id(node)
        for block in nodes(module)
        if isinstance(block, ast.If) and ast.unparse(block.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}
        for inside in block.body
        for node in ast.walk(inside)
    }
    for node in nodes(module):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name.partition(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0], node.lineno


@cache
def attributes(module: Path) -> tuple[tuple[str, int], ...]:
    """Each dotted name that the module's code says, such as `os.environ`, with its line."""
    return tuple((dotted(node), node.lineno) for node in nodes(module) if isinstance(node, ast.Attribute))


def dotted(node: ast.expr) -> str:
    """`a.b.c`; what is no name stands as nothing: `.c` of `a().c`."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def test_the_sdk_imports_the_standard_library_alone_but_for_a_framework_in_its_own_file() -> None:
    strangers = [
        f"{short(module)}:{line} imports {name}"
        for module in sorted(SDK.rglob("*.py"))
        for name, line in imported(module)
        if name not in sys.stdlib_module_names
        and name != "aiops_sdk"
        and not (module.parent.name == "integrations" and name in FRAMEWORKS.get(module.stem, set()))
        # It runs only in pytest, and the other one stands in the place of a file of the same name.
        and (module.name, name) not in {("pytest_plugin.py", "pytest"), ("sitecustomize.py", "sitecustomize")}
    ]
    assert strangers == []


def test_the_core_reads_no_clock() -> None:
    clocks = re.compile(r"(.*\.)?(datetime\.(now|utcnow|today)|date\.today|time\.(time|monotonic|perf_counter)(_ns)?)")
    readings = [
        f"{short(module)}:{line} reads {name}"
        for module in sorted((PLATFORM / "core").rglob("*.py"))
        for name, line in attributes(module)
        if clocks.fullmatch(name)
    ]
    assert readings == []


def test_only_config_and_settings_read_the_environment() -> None:
    # The command line hands the environment to the settings, and does not look into it.
    readers = {SDK / "config.py", SDK / "cli/__init__.py", PLATFORM / "settings.py", PLATFORM / "cli/__init__.py"}
    readings = [
        f"{short(module)}:{line} reads {name}"
        for module in MODULES
        # Most say nothing of it at all.
        if module not in readers and "env" in module.read_text(encoding="utf-8")
        for name, line in attributes(module)
        if name in {"os.environ", "os.getenv", "os.environb"}
    ]
    # `from os import environ` would hide it from the look above.
    hidden = [
        f"{short(module)}:{node.lineno}"
        for module in MODULES
        for node in nodes(module)
        if isinstance(node, ast.ImportFrom) and node.module == "os" and module not in readers
    ]
    assert readings + hidden == []


def test_a_module_s_name_says_what_it_is_about() -> None:
    nameless = [
        short(module) for module in MODULES if {module.stem.strip("_"), module.parent.name.strip("_")} & EMPTY_NAMES
    ]
    assert nameless == []


def test_a_module_s_first_line_says_its_one_idea() -> None:
    silent = [short(module) for module in MODULES if module.stat().st_size and not ast.get_docstring(tree(module))]
    assert silent == []


def test_no_function_is_longer_than_a_reader_can_hold() -> None:
    long = [
        f"{short(module)}:{node.lineno} {node.name} has {length} lines"
        for module in MODULES
        for node in nodes(module)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (length := (node.end_lineno or 0) - node.body[0].lineno + 1) > LONGEST_FUNCTION
    ]
    assert long == []


def test_no_module_keeps_state_but_the_sdk_s_current_client() -> None:
    """A `global` statement is how module state gets written; the SDK's current client is the one exception."""
    allowed = {SDK / "client.py"}
    writers = [
        f"{short(module)}:{node.lineno} writes {', '.join(node.names)}"
        for module in MODULES
        if module not in allowed
        for node in nodes(module)
        if isinstance(node, ast.Global)
    ]
    assert writers == []


def test_imports_are_absolute() -> None:
    relative = [
        f"{short(module)}:{node.lineno}"
        for module in MODULES
        for node in nodes(module)
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_a_broad_except_in_the_sdk_stands_only_in_its_guard() -> None:
    """Never raising into the host is one module's work, so that under test it can let errors through."""
    broad = [
        f"{short(module)}:{node.lineno}"
        for module in sorted(SDK.rglob("*.py"))
        if module.name != "_safety.py"
        for node in nodes(module)
        if isinstance(node, ast.ExceptHandler) and swallows_everything(node)
    ]
    assert broad == []


def swallows_everything(handler: ast.ExceptHandler) -> bool:
    """Whether it catches all there is and does not raise again."""
    caught = "" if handler.type is None else ast.unparse(handler.type)
    broad = caught in {"", "Exception", "BaseException"}
    return broad and not any(isinstance(node, ast.Raise) for node in ast.walk(handler))


@pytest.fixture(scope="module")
def committed() -> dict[str, str]:
    """Each text file that git knows, by its path."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    if listing.returncode:
        pytest.skip("This is no git clone, so there is nothing committed to look at.")
    texts = {}
    for name in filter(None, listing.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and b"\0" not in (content := path.read_bytes()):
            texts[name] = content.decode("utf-8", errors="replace")
    return texts


def test_nothing_committed_names_a_package_registry_or_a_path_of_one_machine(committed: dict[str, str]) -> None:
    # Put together from pieces, or this file would name them itself.
    registries = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("registry", "npmjs", "org"))]
    folders = ["/" + "root/", "/" + "work/"]
    said = [
        f"{name} says {word}"
        for name, text in committed.items()
        for word in [*registries, *folders]
        if re.search(r"(?<![\w.])" + re.escape(word), text)
    ]
    assert said == []


def test_locks_that_write_down_addresses_are_not_committed(committed: dict[str, str]) -> None:
    assert [name for name in committed if Path(name).name in {"uv.lock", "poetry.lock", "Pipfile.lock"}] == []


def test_every_requirement_is_locked_by_hash(committed: dict[str, str]) -> None:
    unlocked = [
        f"{name}: {line}"
        for name, text in committed.items()
        if name.startswith("requirements/") and name.endswith(".txt")
        for line in text.splitlines()
        if re.match(r"[A-Za-z]", line) and not line.endswith("\\")
    ]
    assert unlocked == []
