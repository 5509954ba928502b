"""Monitors as rows of their table."""

from collections.abc import Mapping
from typing import Any

from aiops_platform.core.monitor import Monitor, MonitorState
from aiops_platform.storage import schema


def monitor_of(row: Mapping[Any, Any]) -> Monitor:
    """The monitor that a row of the table holds."""
    fields = {name: row[name] for name in Monitor.__dataclass_fields__}
    instances = {name: schema.moment(micros) for name, micros in row["instances"].items()}
    return Monitor(**fields | {"state": MonitorState(row["state"]), "instances": instances})


def row_of(monitor: Monitor) -> dict[str, Any]:
    """The row of a monitor."""
    instances = {name: schema.micros(seen) for name, seen in monitor.instances.items()}
    return {**vars(monitor), "last_beat": dict(monitor.last_beat), "instances": instances}
