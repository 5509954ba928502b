"""Alerts: what becomes true is matched with rules, and whoever is to know of it is told; and what people do with alerts."""

from aiops_platform.pipeline.alerting.desk import AlertDesk
from aiops_platform.pipeline.alerting.station import Alerting

__all__ = ["AlertDesk", "Alerting"]
