"""Alerts as rows, and back."""

from typing import Any

from sqlalchemy import RowMapping

from aiops_platform.core.alerting.alert import Alert, AlertState
from aiops_platform.core.messages import Severity

FIELDS = tuple(Alert.__dataclass_fields__)


def alert_of(row: RowMapping) -> Alert:
    """The alert that a row holds."""
    told = {name: row[name] for name in FIELDS}
    return Alert(**told | {"state": AlertState(row["state"]), "severity": Severity(row["severity"])})


def row_of(alert: Alert) -> dict[str, Any]:
    """Its row."""
    return {name: getattr(alert, name) for name in FIELDS}
