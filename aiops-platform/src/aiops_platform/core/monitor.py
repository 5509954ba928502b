"""A monitor expects beats; its state follows from the time since the last one."""

from enum import StrEnum


class MonitorState(StrEnum):
    """What is known of a service's life. `STOPPED`: it said goodbye with a closing beat."""

    NEW = "new"
    ALIVE = "alive"
    LATE = "late"
    SILENT = "silent"
    STOPPED = "stopped"
