"""The door process: uvicorn, with the limits and the manners that it does not have by itself."""

from aiops_platform.door.server import serve

__all__ = ["serve"]
