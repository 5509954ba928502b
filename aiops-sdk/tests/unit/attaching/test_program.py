"""Which program a Python was started for, read off its command line."""

from __future__ import annotations

from typing import List, Optional

import pytest

from aiops_sdk.attaching import program


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["app.py", "-m", "pip"], "app.py"),
        (["/srv/bin/gunicorn", "shop:app"], "gunicorn"),
        (["-m", "pip", "install"], "pip"),
        (["-mpip", "install"], "pip"),
        (["-Im", "pip"], "pip"),
        (["-u", "-X", "dev", "-W", "error", "app.py"], "app.py"),
        (["-Xdev", "-Werror", "-u", "app.py"], "app.py"),
        (["--check-hash-based-pycs=always", "app.py"], "app.py"),
        (["-c", "import pip"], ""),
        (["-cprint(1)"], ""),
        (["-c", "from multiprocessing.resource_tracker import main;main(4)"], None),
        (["-c", "from multiprocessing.spawn import spawn_main; spawn_main(1)"], ""),
        (["-"], "-"),
        ([], ""),
        (["-m"], ""),
        (["-X"], ""),
    ],
)
def test_the_program_is_found_behind_python_s_options(words: List[str], expected: Optional[str]):
    assert program(["python", *words]) == expected
