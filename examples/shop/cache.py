"""A cache of answers that are costly to find: a JSON file each, which all processes of the shop share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path


class Cache:
    """Texts under names, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, name: str, find: Callable[[], list[str]]) -> list[str]:
        """What is kept under that name; found and kept where nothing is. `json.JSONDecodeError` where it is damaged."""
        entry = self._entry(name)
        if entry.exists():
            return list(json.loads(entry.read_text()))
        found = find()
        entry.write_text(json.dumps(found))
        return found

    def drop(self, name: str) -> bool:
        """Forget what is kept under that name, and say whether anything was."""
        was_there = self._entry(name).exists()
        self._entry(name).unlink(missing_ok=True)
        return was_there

    def damage(self, name: str) -> None:
        """Leave half an entry behind, as a writer does whose disk is full."""
        self._entry(name).write_text('["Coffee mug", "Tea')

    def _entry(self, name: str) -> Path:
        return self._folder / f"{name}.json"
