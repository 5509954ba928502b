"""The paths on which services report: bare ASGI, because a framework's router costs more than all of HTTP."""

from aiops_platform.api.ingest.carrying import Carrier
from aiops_platform.api.ingest.counts import Counts
from aiops_platform.api.ingest.handler import Reception
from aiops_platform.api.ingest.keys import KeyRing

__all__ = ["Carrier", "Counts", "KeyRing", "Reception"]
