"""What the parts share is in memory for as long as the platform runs: what few need is loaded by those who need it."""

import subprocess
import sys

import pytest

SHARED = "from aiops_platform import assembly, worker"


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"{SHARED}; import sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module",
    ["sqlalchemy.dialects.postgresql", "alembic", "litestar", "uvicorn", "jinja2", "markdown_it", "smtplib", "urllib3"],
)
def test_what_few_need_is_not_loaded_for_all(loaded, module):
    assert module not in loaded


def test_what_all_need_is(loaded):
    assert {"sqlalchemy", "msgspec", "aiops_platform.pipeline.digest"} <= loaded
