"""Digest: parcels become events, events incidents; heartbeats keep monitors alive, jobs run; many in one transaction."""

from aiops_platform.pipeline.digest.station import Digest

__all__ = ["Digest"]
