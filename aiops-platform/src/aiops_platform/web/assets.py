"""What browsers may keep: styles, scripts, pictures. Read once at the start, so a request never touches the disk."""

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

_TYPES = {
    # The framework says itself that text is UTF-8.
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".txt": "text/plain",
    ".whl": "application/octet-stream",
}
_WORTH_PACKING = {".css", ".js", ".svg", ".txt"}
_VERSION_LENGTH = 10


@dataclass(frozen=True, kw_only=True)
class Asset:
    """A file as it is sent. `version` changes with the content; `packed` is its gzip, when that pays."""

    name: str
    content: bytes
    packed: bytes | None
    media_type: str
    version: str


class Assets:
    """The files below a folder, by their path within it. What is not known at the start does not exist."""

    def __init__(self, folder: Path) -> None:
        files = sorted(path for path in folder.rglob("*") if path.suffix in _TYPES and path.is_file())
        self._assets = {asset.name: asset for asset in (_read(path, folder) for path in files)}

    def find(self, name: str) -> Asset | None:
        """The asset of this path."""
        return self._assets.get(name)

    def url(self, name: str) -> str:
        """An address that changes with the content, so that browsers may keep what they got for ever."""
        asset = self._assets.get(name)
        return f"/static/{name}" if asset is None else f"/static/{name}?v={asset.version}"


def _read(path: Path, folder: Path) -> Asset:
    content = path.read_bytes()
    return Asset(
        name=path.relative_to(folder).as_posix(),
        content=content,
        packed=gzip.compress(content, 9, mtime=0) if path.suffix in _WORTH_PACKING else None,
        media_type=_TYPES[path.suffix],
        version=hashlib.sha256(content).hexdigest()[:_VERSION_LENGTH],
    )
