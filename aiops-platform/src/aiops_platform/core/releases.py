"""Which of two releases is the older one: by their numbers where both have such, else by when each was first seen."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias

# `shop@1.4.2`, `release-1.4.2`, `v1.4.2`: a name may stand before the number.
_NAMED = re.compile(r"(?P<name>[a-z][\w.@/-]*?[@/_-])??v?(?P<number>\d.*)", re.IGNORECASE)
_SEMVER = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[a-z-][0-9a-z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-z-][0-9a-z-]*))*))?"
    r"(?:\+[0-9a-z.-]+)?",
    re.IGNORECASE,
)
_PEP440 = re.compile(
    r"(?:(?P<epoch>\d+)!)?(?P<release>\d+(?:\.\d+)*)"
    r"(?:[-_.]?(?P<pre>alpha|beta|preview|pre|a|b|c|rc)[-_.]?(?P<pre_number>\d*))?"
    r"(?P<post>-(?P<post_bare>\d+)|[-_.]?(?:post|rev|r)[-_.]?(?P<post_number>\d*))?"
    r"(?P<dev>[-_.]?dev[-_.]?(?P<dev_number>\d*))?"
    r"(?:\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?",
    re.IGNORECASE,
)
# The beginning of a commit's hash may consist of digits, or read like a version: `1234567`, `12a3456`.
_LONGEST_WITHOUT_A_DOT: Final = 6
_PRE: Final = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}

_Order: TypeAlias = tuple[Any, ...]


def is_older(release: str, than: str, first_seen: Mapping[str, datetime]) -> bool:
    """Whether one release comes before another. Of those that nobody can tell apart neither does.

    By SemVer where both are such versions, else by PEP 440 where both are; else by when they were first seen.
    """
    if release == than:
        return False
    for order in (_semver, _pep440):
        mine, its = _ordered(release, order), _ordered(than, order)
        # Of two names each has numbers of its own.
        if mine is not None and its is not None and mine[0] == its[0]:
            return bool(mine < its)
    began, its_began = first_seen.get(release), first_seen.get(than)
    return began is not None and its_began is not None and began < its_began


def newest(first_seen: Mapping[str, datetime]) -> str | None:
    """The release that none of the others is newer than, as far as they can be compared; None of none."""
    found: str | None = None
    for release in sorted(first_seen, key=lambda each: (first_seen[each], each)):
        if found is None or not is_older(release, found, first_seen):
            found = release
    return found


def _ordered(release: str, order: Callable[[str], _Order | None]) -> _Order | None:
    named = _NAMED.fullmatch(release)
    if named is None or ("." not in named["number"] and len(named["number"]) > _LONGEST_WITHOUT_A_DOT):
        return None
    place = order(named["number"])
    return None if place is None else ((named["name"] or "").lower(), place)


def _semver(number: str) -> _Order | None:
    found = _SEMVER.fullmatch(number)
    if found is None:
        return None
    *numbers, pre = found.groups()
    parts = [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in (pre or "").split(".")]
    return (*map(int, numbers), pre is None, parts)


def _pep440(number: str) -> _Order | None:
    found = _PEP440.fullmatch(number)
    if found is None:
        return None
    release = [int(part) for part in found["release"].split(".")]
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    is_dev, is_post = found["dev"] is not None, found["post"] is not None
    pre: _Order = (2, "", 0)
    if found["pre"]:
        kind = found["pre"].lower()
        pre = (1, _PRE.get(kind, kind), int(found["pre_number"] or 0))
    elif is_dev and not is_post:
        pre = (0, "", 0)
    post = int(found["post_bare"] or found["post_number"] or 0) if is_post else -1
    return int(found["epoch"] or 0), release, pre, post, not is_dev, int(found["dev_number"] or 0)
