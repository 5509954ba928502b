"""Services that stand in each way there is, for tests and pictures of time lines."""

from datetime import timedelta

from seeds import Seeds
from sqlalchemy import insert

from aiops_platform.core.monitor import MonitorState
from aiops_platform.storage import schema

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ALIVE, LATE, SILENT, STOPPED, PAUSED = (
    MonitorState.ALIVE, MonitorState.LATE, MonitorState.SILENT, MonitorState.STOPPED, MonitorState.PAUSED
)  # fmt: skip


def plant_lives(seeds: Seeds, project: int) -> dict[str, int]:
    """Services that stand in each way, a time in which nobody listened, and maintenance that holds for one of them."""
    lives = {
        "shop": [(ALIVE, 80 * DAY), (SILENT, 30 * DAY), (ALIVE, 30 * DAY - HOUR)],
        "search": [(ALIVE, 20 * DAY), (LATE, 2 * HOUR), (SILENT, HOUR)],
        "mailer": [(ALIVE, 5 * DAY), (LATE, HOUR / 60)],
        "billing": [(ALIVE, 60 * DAY), (PAUSED, 3 * DAY)],
        "import": [(ALIVE, 40 * DAY), (STOPPED, 10 * DAY)],
    }
    ids = {}
    for name, states in lives.items():
        ids[name] = seeds.service(project, name)
        seeds.monitor(ids[name], states)
    now = seeds.now
    with seeds.database.begin() as connection:
        listened = [(now - 85 * DAY, now - 12 * DAY), (now - 11 * DAY, now)]
        connection.execute(insert(schema.listened), [{"since": since, "until": until} for since, until in listened])
        window = {"project_id": project, "name": "Move", "services": ["billing"], "environments": []}
        window |= {"since": now - 6 * DAY, "until": now - 5 * DAY, "weekly": None, "ends_with_deploy": False}
        connection.execute(insert(schema.maintenance).values(**window, made_by="Ana", made_at=now - 7 * DAY))
    return ids
