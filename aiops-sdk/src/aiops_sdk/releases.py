"""Which version of the program runs, where nobody says so: as its platform, its CI or its checkout know it."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, Mapping, Optional


#: Where platforms and CI systems tell a program the revision that it was made from; the first that is set counts.
VARIABLES = (
    "HEROKU_SLUG_COMMIT",
    "HEROKU_BUILD_COMMIT",
    "RENDER_GIT_COMMIT",
    "RAILWAY_GIT_COMMIT_SHA",
    "VERCEL_GIT_COMMIT_SHA",
    "FLY_MACHINE_VERSION",
    "K_REVISION",  # Cloud Run, Knative
    "GAE_VERSION",
    "CODEBUILD_RESOLVED_SOURCE_VERSION",
    "GITHUB_SHA",
    "CI_COMMIT_SHA",  # GitLab
    "CIRCLE_SHA1",
    "BUILDKITE_COMMIT",
    "BITBUCKET_COMMIT",
    "TRAVIS_COMMIT",
    "DRONE_COMMIT_SHA",
    "BUILD_SOURCEVERSION",  # Azure Pipelines
    "GIT_COMMIT",  # Jenkins, and many Dockerfiles
    "COMMIT_SHA",
)

# How many folders upwards a checkout is looked for.
_LEVELS = 8
# A packed-refs file may hold the refs of years.
_READ = 1024 * 1024


def of_environment(environ: Mapping[str, str]) -> Optional[str]:
    """What the platform or the CI system says."""
    for name in VARIABLES:
        value = environ.get(name, "").strip()
        if value:
            return value
    return None


def of_checkout(folder: Optional[str] = None) -> Optional[str]:
    """The commit that is checked out where the program lies, read from git's files; no program is started."""
    try:
        for place in (_program(),) if folder is None else (folder,):
            found = _checkout_at(place)
            if found is not None:
                return _commit(found)
    except (OSError, ValueError):
        # Not to be read, or not what it looks like.
        return None
    return None


def _program() -> str:
    """The folder of what was started; of a module or an interactive start, the current one."""
    started: object = getattr(sys.modules.get("__main__"), "__file__", None)
    if isinstance(started, str) and "site-packages" not in started and not _is_installed(started):
        return os.path.dirname(os.path.abspath(started))
    return os.getcwd()


def _is_installed(file: str) -> bool:
    """Whether it is a command of an environment (gunicorn, celery), and the program lies where it was started."""
    return os.path.dirname(os.path.abspath(file)) == os.path.dirname(sys.executable) or file.startswith(sys.prefix)


def _checkout_at(folder: str) -> Optional[str]:
    """The git folder of the checkout that this folder is part of."""
    for place in _upwards(folder):
        found = os.path.join(place, ".git")
        if os.path.isdir(found):
            return found
        if os.path.isfile(found):
            # A worktree, or a submodule: the file says where.
            pointer = _line(found)
            return os.path.join(place, pointer[8:]) if pointer.startswith("gitdir: ") else None
    return None


def _upwards(folder: str) -> Iterator[str]:
    for _ in range(_LEVELS):
        yield folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return
        folder = parent


def _commit(git: str) -> Optional[str]:
    if not os.path.isfile(os.path.join(git, "HEAD")):
        return None
    head = _line(os.path.join(git, "HEAD"))
    if not head.startswith("ref: "):
        return _checked(head)
    name = head[5:]
    common = os.path.join(git, "commondir")
    folders = [git, os.path.join(git, _line(common))] if os.path.isfile(common) else [git]
    for folder in folders:
        loose = os.path.join(folder, *name.split("/"))
        if os.path.isfile(loose):
            return _checked(_line(loose))
        found = _packed(os.path.join(folder, "packed-refs"), name)
        if found is not None:
            return found
    return None


def _packed(file: str, name: str) -> Optional[str]:
    if not os.path.isfile(file):
        return None
    with open(file, encoding="ascii", errors="replace") as packed:
        for line in packed.read(_READ).splitlines():
            commit, _, ref = line.partition(" ")
            if ref == name:
                return _checked(commit)
    return None


def _line(file: str) -> str:
    with open(file, encoding="utf-8") as opened:
        return opened.read(4096).partition("\n")[0].strip()


def _checked(commit: str) -> Optional[str]:
    return commit if len(commit) in (40, 64) and all(digit in "0123456789abcdef" for digit in commit) else None
