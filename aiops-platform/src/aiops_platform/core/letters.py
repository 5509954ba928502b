"""Letters: mail to one person about their account. What alerts say is a message, see `messages`."""

from dataclasses import dataclass
from typing import Final

from aiops_platform.core.messages import Link
from aiops_platform.core.text import one_line

_LONGEST: Final = 100


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A subject, some lines, and one link to follow."""

    subject: str
    lines: tuple[str, ...]
    link: Link


def invitation(*, by: str, project: str, role: str, url: str) -> Letter:
    """Somebody is invited."""
    by, project = one_line(by, _LONGEST), one_line(project, _LONGEST)
    return Letter(
        subject=f"{by} invites you to {project}",
        lines=(
            f"{by} invites you to the project {project}, as {role}.",
            "The link works once, for 7 days. If you do not know what this is about, do nothing.",
        ),
        link=Link("Look at the invitation", url),
    )


def forgotten(*, name: str, url: str) -> Letter:
    """Somebody has forgotten their password."""
    return Letter(
        subject="Choose another password",
        lines=(
            f"Hello {one_line(name, _LONGEST)}, somebody asked for another password for your account.",
            "The link works once, for 15 minutes. If that was not you, do nothing: your password stays.",
        ),
        link=Link("Choose another password", url),
    )
