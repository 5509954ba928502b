"""What `aiops doctor` wants to know of the store."""

from dataclasses import dataclass

from sqlalchemy import func, select

from aiops_platform.storage.database import Database
from aiops_platform.storage.schema import buried


@dataclass(frozen=True)
class Buried:
    """Parcels that could not be understood, and why the newest of them could not."""

    count: int
    newest_reason: str | None


def buried_parcels(database: Database) -> Buried:
    """Raises StoreUnavailableError, also when the tables are not those of this version."""
    newest = select(buried.c.reason).order_by(buried.c.id.desc()).limit(1)
    with database.read() as connection:
        count = connection.execute(select(func.count()).select_from(buried)).scalar_one()
        return Buried(count, connection.execute(newest).scalar_one_or_none())
