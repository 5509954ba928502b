"""The tables of settings and options say what the code has, no more and no less."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import aiops_sdk
from aiops_platform.settings import Settings
from aiops_sdk.config import Config

# What is not just any text.
VALUES = {
    "shutdown_timeout": "7",
    "platform_url": "https://read.example",
    "base_url": "https://read.example",
    "spool": "/read/from/there",
    "max_breadcrumbs": "7",
    "proxy": "http://read.example:3128",
}
WORDS = {"yes": True, "no": False}
NO_VARIABLE = "–"

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
TOOLS = Path(__file__).parents[2] / "tools"


def table(page: str) -> list[tuple[str, ...]]:
    """The body rows of the page's first table, without the marks for code."""
    lines = (REFERENCE / page).read_text(encoding="utf-8").splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("|---")) + 1
    rows = []
    for line in lines[first:]:
        if not line.startswith("|"):
            break
        rows.append(tuple(re.sub(r"^`([^`]*)`$", r"\1", cell.strip()) for cell in line.strip("| ").split(" | ")))
    return rows


def options() -> list[str]:
    parameters = inspect.signature(aiops_sdk.init).parameters.values()
    return [each.name for each in parameters if each.kind is not inspect.Parameter.VAR_KEYWORD]


def test_every_setting_of_the_platform_has_its_line_and_every_line_its_setting() -> None:
    assert table("settings.md") == [
        (doc.variable, doc.default, f"{doc.least} to {doc.most}" if doc.most else NO_VARIABLE, doc.meaning)
        for doc in Settings.documentation()
    ]


def test_the_page_on_options_is_the_one_that_is_made_from_the_code() -> None:
    done = subprocess.run([sys.executable, TOOLS / "sdk_options.py"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_page_on_noise_is_the_one_that_is_made_from_the_rules() -> None:
    done = subprocess.run([sys.executable, TOOLS / "noise_page.py"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_page_on_searching_is_the_one_that_is_made_from_the_fields() -> None:
    done = subprocess.run([sys.executable, TOOLS / "search_page.py"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_option_of_the_sdk_has_its_line_and_every_line_its_option() -> None:
    assert [row[0] for row in table("sdk-options.md")] == options()


def test_every_variable_named_for_an_option_is_the_one_that_is_read() -> None:
    variables = {row[0]: row[1] for row in table("sdk-options.md")}
    for option, variable in variables.items():
        if variable == NO_VARIABLE:
            continue
        if type(getattr(Config(api_key="key"), option)) is bool:
            read = {getattr(Config.load(environ={"AIOPS_API_KEY": "key", variable: word}), option) for word in WORDS}
            assert read == {True, False}, f"{option} is not read from {variable}"
            continue
        value = VALUES.get(option, "read-from-the-environment")
        config = Config.load(environ={"AIOPS_API_KEY": "key", variable: value})
        read = getattr(config, option)
        assert read in (value, frozenset({value}), (value,), int(value) if value.isdigit() else value), (
            f"{option} is not read from {variable}"
        )


def test_every_default_named_for_an_option_is_the_one_that_is_used() -> None:
    config = Config.load(environ={"AIOPS_API_KEY": "key"})
    written = {row[0]: row[2] for row in table("sdk-options.md") if "`" not in row[2] and " " not in row[2]}
    words = {decision: word for word, decision in WORDS.items()}
    values = {option: getattr(config, option) for option in written}
    used = {option: words[value] if type(value) is bool else str(value or "none") for option, value in values.items()}
    assert written == used
