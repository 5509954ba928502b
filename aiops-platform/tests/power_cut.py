"""A disk that forgets: programs run on it as on any other, and after a power cut it holds what they had synced.

Beside that it may hold any of what they had only written: which pages of it, chance decides, as with real disks.
"""

import random
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_PAGE = 4096
_SOURCE = Path(__file__).with_suffix(".c")


@dataclass(frozen=True)
class ForgetfulDisk:
    """Its files lie in `folder`; `shadow` knows what of them is durable."""

    folder: Path
    shadow: Path
    library: Path

    @classmethod
    def made_in(cls, place: Path) -> "ForgetfulDisk | None":
        """None where there is no C compiler."""
        compiler = shutil.which("cc")
        if compiler is None:
            return None
        disk = cls(place / "disk", place / "shadow", place / "power_cut.so")
        disk.folder.mkdir()
        disk.shadow.mkdir()
        command = [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", disk.library, _SOURCE]
        subprocess.run(command, check=True, timeout=60)
        return disk

    def environment(self) -> dict[str, str]:
        """What a program must be started with."""
        return {
            "LD_PRELOAD": str(self.library),
            "POWER_FOLDER": str(self.folder),
            "POWER_SHADOW": str(self.shadow),
        }

    def cut_power(self, also_kept: float, chance: random.Random) -> None:
        """Leaves what was synced, and of the pages that were only written this share. Nobody uses the disk."""
        for path in [path for path in self.folder.rglob("*") if path.is_file()]:
            synced = self.shadow / str(path.stat().st_ino)
            if path.name.endswith("-shm") or not synced.exists():
                path.unlink()
            else:
                path.write_bytes(_left(synced.read_bytes(), path.read_bytes(), also_kept, chance))
        for synced in self.shadow.iterdir():
            synced.unlink()
        for path in self.folder.rglob("*"):
            if path.is_file():
                shutil.copyfile(path, self.shadow / str(path.stat().st_ino))


def _left(synced: bytes, written: bytes, also_kept: float, chance: random.Random) -> bytes:
    if not also_kept:
        return synced
    length = chance.choice((len(synced), len(written)))
    pages = [
        (written if chance.random() < also_kept else synced)[at : at + _PAGE].ljust(_PAGE, b"\0")
        for at in range(0, length, _PAGE)
    ]
    return b"".join(pages)[:length]
