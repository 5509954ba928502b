"""The unit and the container file say what is true of the program, as far as it can be told without running them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from aiops_platform.api.probes import PATHS
from aiops_platform.cli.parser import make_parser
from aiops_platform.settings import Settings

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy" / "aiops.service"
CONTAINER = ROOT / "deploy" / "Containerfile"


def instructions() -> list[tuple[str, str]]:
    """Of the container file: each instruction with what follows it."""
    text = re.sub(r"^#.*\n", "", CONTAINER.read_text(encoding="utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in text.splitlines() if line.strip()]


def said(instruction: str) -> str:
    return "\n".join(rest for name, rest in instructions() if name == instruction)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    text = UNIT.read_text(encoding="utf-8")
    # The user and the program are made by whoever installs it.
    here = re.sub(r"^(User|Group)=.*\n", "", text.replace("/opt/aiops/bin/aiops", "/bin/true"), flags=re.MULTILINE)
    (tmp_path / UNIT.name).write_text(here, encoding="utf-8")
    command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / UNIT.name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("file", [UNIT, CONTAINER], ids=lambda file: file.name)
def test_every_setting_that_is_named_is_one(file: Path) -> None:
    named = set(re.findall(r"AIOPS_SERVER_[A-Z_]+", file.read_text(encoding="utf-8")))
    assert named
    assert named <= {each.variable for each in Settings.documentation()}


def test_both_start_what_the_program_knows() -> None:
    assert make_parser().parse_args(["serve"]).command is not None
    assert re.search(r"^ExecStart=\S+/aiops serve$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    assert (said("ENTRYPOINT"), said("CMD")) == ('["aiops"]', '["serve"]')


def test_the_container_runs_as_nobody_who_may_more() -> None:
    assert said("USER") not in ("", "root", "0")
    assert f" {said('USER')} " in said("RUN")


def test_the_container_keeps_its_data_in_its_volume_and_is_looked_after_where_it_answers() -> None:
    assert f"AIOPS_SERVER_DATA={said('VOLUME')}" in said("ENV")
    assert f":{said('EXPOSE')}/" in said("HEALTHCHECK")
    path = re.search(rf":{said('EXPOSE')}(/\w+)", said("HEALTHCHECK"))
    assert path is not None
    assert path.group(1) in PATHS


def test_the_container_is_built_of_a_named_version() -> None:
    assert re.fullmatch(r"python:3\.\d+-slim-\w+", said("FROM"))
