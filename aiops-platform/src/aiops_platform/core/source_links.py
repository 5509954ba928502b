"""The way from a line of a traceback to the project's repository: a template of an address, as people have set it. Pure."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from aiops_platform.core.errors import PlatformError

LONGEST: Final = 500
_PLACES: Final = ("path", "line", "release")
_PLACE: Final = re.compile(r"\{([^{}]*)\}")


class SourceLinkError(PlatformError):
    """A template that cannot be used; the message says why, and what to do."""


@dataclass(frozen=True)
class SourceLink:
    """`template` is an https address with places in it; `root` is what of a file's path lies outside of the repository."""

    template: str
    root: str = ""

    def to(self, file: str, line: int | None, release: str | None) -> str | None:
        """The address of that line; None where the file is not of the repository, or what the template asks is not known."""
        path = file.replace("\\", "/")
        if self.root:
            if not path.startswith(self.root):
                return None
            path = path[len(self.root) :]
        elif path.startswith("/") or path[1:3] == ":/":
            return None
        steps = path.lstrip("/").split("/")
        if path.startswith("<") or not all(steps) or {".", ".."} & set(steps):
            return None
        known = {"path": quote("/".join(steps)), "line": str(line or ""), "release": quote(release or "", safe="")}
        asked = set(_PLACE.findall(self.template))
        if not all(known[name] for name in asked):
            return None
        return _PLACE.sub(lambda place: known[place[1]], self.template)


def checked(template: str, root: str) -> SourceLink:
    """The link that was written. Raises SourceLinkError."""
    template, root = template.strip(), root.strip().replace("\\", "/")
    if (
        max(len(template), len(root)) > LONGEST
        or not template.isascii()
        or not (template + root).isprintable()
        or " " in template
    ):
        raise SourceLinkError(f"Give an address of at most {LONGEST} characters without blanks")
    unknown = sorted(set(_PLACE.findall(template)) - set(_PLACES))
    if unknown:
        raise SourceLinkError(f"{{{unknown[0][:40]}}} is not known: there are {{path}}, {{line}} and {{release}}")
    if "{path}" not in template:
        raise SourceLinkError("Say with {path} where the file's path stands in it")
    if not _is_https(template):
        raise SourceLinkError("Give an address that begins with https:// and the name of a host")
    return SourceLink(template, root if not root or root.endswith("/") else f"{root}/")


def _is_https(template: str) -> bool:
    try:
        parts = urlsplit(template)
        return parts.scheme == "https" and bool(parts.hostname) and not {"{", "@"} & set(parts.netloc)
    except ValueError:
        return False
