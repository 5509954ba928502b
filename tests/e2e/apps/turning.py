"""How the valve is turned: that it begins and ends stands in files of the folder `FIXER_FOLDER`, one line each time."""

from __future__ import annotations

import os
from pathlib import Path

folder = Path(os.environ["FIXER_FOLDER"])


def begin() -> None:
    """Each time is a line of its own: so it shows if it is ever done twice."""
    with (folder / "begun").open("a") as begun:
        begun.write("begun\n")


def may_end() -> bool:
    """Whether somebody lets it end."""
    return (folder / "leave").exists()


def end() -> str:
    """What is told of it."""
    with (folder / "ended").open("a") as ended:
        ended.write("ended\n")
    return "It is turned."
