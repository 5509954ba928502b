"""Time zones where the system has none, as in slim images: those that are installed with the platform."""

import subprocess
import sys

from platform_process import DEADLINE, environment

READ = "from aiops_platform.core import zones; print(zones.zone_called('Europe/Berlin'))"


def test_a_system_without_zones_has_those_that_come_with_the_platform() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", READ],
        env=environment(PYTHONTZPATH=""),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("Europe/Berlin\n", "")
