"""The way of an event out of the process: a bounded buffer, one thread, one kept-alive connection."""

from __future__ import annotations

from aiops_sdk.delivery.parcel import Parcel, pack
from aiops_sdk.delivery.transport import Accepted, HttpTransport, Outcome, Refused, Retry, Transport
from aiops_sdk.delivery.voice import Voice
from aiops_sdk.delivery.worker import Bell, Delivery

__all__ = [
    "Accepted",
    "Bell",
    "Delivery",
    "HttpTransport",
    "Outcome",
    "Parcel",
    "Refused",
    "Retry",
    "Transport",
    "Voice",
    "pack",
]
