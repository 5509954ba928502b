"""The API for Python programs: `Client(url, token).incidents("service:shop is:new")`. Imports no framework and no database."""

from aiops_platform.client.calls import Client
from aiops_platform.client.link import ApiError, UnreachableError

__all__ = ["ApiError", "Client", "UnreachableError"]
