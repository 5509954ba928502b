"""What a check of ``aiops-sdk doctor`` found: one line, with what to do where something is to be done."""

from __future__ import annotations

from aiops_sdk.frozen import Frozen

OK = "ok"
WARNING = "warning"
FAILS = "fails"


class Finding(Frozen):
    """``about`` is what was looked at, in one or two words."""

    verdict: str
    about: str
    said: str

    def line(self) -> str:
        """As it is printed."""
        return "{:<8} {:<12} {}".format(self.verdict, self.about, " ".join(self.said.split()))


def ok(about: str, said: str, *values: object) -> Finding:
    """Nothing is to be done."""
    return Finding(OK, about, said.format(*values))


def warning(about: str, said: str, *values: object) -> Finding:
    """It works, but maybe not as one would like."""
    return Finding(WARNING, about, said.format(*values))


def fails(about: str, said: str, *values: object) -> Finding:
    """Nothing is reported like this."""
    return Finding(FAILS, about, said.format(*values))
