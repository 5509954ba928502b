"""Triage: what people do with incidents, one by one and many at once; each is done under somebody's name."""

from aiops_platform.pipeline.triage.desk import Triage

__all__ = ["Triage"]
