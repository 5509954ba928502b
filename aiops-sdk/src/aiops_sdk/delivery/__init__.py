"""The way of an event out of the process: a bounded buffer, one thread, one kept-alive connection, and a folder for what waits."""

from __future__ import annotations

from aiops_sdk.delivery.buffer import Draft
from aiops_sdk.delivery.disk import Disk, folder_name
from aiops_sdk.delivery.link import Link
from aiops_sdk.delivery.parcel import Parcel, pack
from aiops_sdk.delivery.transport import Accepted, Barred, HttpTransport, Outcome, Refused, Retry, Transport
from aiops_sdk.delivery.voice import Voice
from aiops_sdk.delivery.worker import FAILED, Bell, Delivery

__all__ = [
    "FAILED",
    "Accepted",
    "Barred",
    "Bell",
    "Delivery",
    "Disk",
    "Draft",
    "HttpTransport",
    "Link",
    "Outcome",
    "Parcel",
    "Refused",
    "Retry",
    "Transport",
    "Voice",
    "folder_name",
    "pack",
]
