"""Fixes: policies ask for them, their turns come, people decide, and what they have mended is watched."""

from aiops_platform.pipeline.fixing.desk import FixDesk
from aiops_platform.pipeline.fixing.station import Fixes

__all__ = ["FixDesk", "Fixes"]
