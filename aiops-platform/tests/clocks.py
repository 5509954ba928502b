"""A clock of one's own for a platform that really runs: it stands, goes on, and can be put back.

The platform reads its clock in one place (`process.clock`): there a file on the path of Python puts another one.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

_ANOTHER_CLOCK = """
import os
from datetime import UTC, datetime
from pathlib import Path

from aiops_platform.process import clock

_file = Path(os.environ["CLOCK"])


def utc_now():
    shows, since = _file.read_text().split()
    stood = datetime.fromisoformat(shows)
    return stood if since == "stands" else stood + (datetime.now(UTC) - datetime.fromisoformat(since))


clock.utc_now = utc_now
"""


class Clock:
    """What a platform takes for the time: it stands until it is let go."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "clock"
        (folder / "sitecustomize.py").write_text(_ANOTHER_CLOCK)
        path = os.pathsep.join(each for each in (str(folder), os.environ.get("PYTHONPATH", "")) if each)
        self.settings = {"PYTHONPATH": path, "CLOCK": str(self.file)}

    def stands_at(self, moment: datetime) -> None:
        self._write(f"{moment.isoformat()} stands")

    def goes_on_from(self, moment: datetime) -> None:
        self._write(f"{moment.isoformat()} {datetime.now(UTC).isoformat()}")

    def _write(self, said: str) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(said)
        new.replace(self.file)
