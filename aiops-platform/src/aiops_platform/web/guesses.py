"""How often a password may be tried here: for one account, and from one address. In memory, bounded, gone with the process."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from ipaddress import IPv6Address, ip_address
from typing import Any, Final

from litestar.connection import ASGIConnection

from aiops_platform.core.attempts import Attempts
from aiops_platform.core.people import User
from aiops_platform.ports import People

_MINUTES: Final = 15 * 60
# Many may stand behind one address, and a link from the command line still lets in who is held up by a stranger.
_OF_AN_ACCOUNT: Final = 10
_FROM_AN_ADDRESS: Final = 30
# Each takes a moment of a processor, one after the other: so many may wait, and others are to come again.
_MOST_WAITING: Final = 20
_CROWDED_SECONDS: Final = 5


class Guesses:
    """Lives in one event loop."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._accounts = Attempts(most=_OF_AN_ACCOUNT, seconds=_MINUTES)
        self._addresses = Attempts(most=_FROM_AN_ADDRESS, seconds=_MINUTES)
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def compare(self, people: People, email: str, password: str) -> User | None:
        """Whose address and password this is. The threads that pages need are not kept by a crowd of guesses."""
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(people.knows_password, email, password)
        finally:
            self._waiting -= 1

    def ask(self, account: str, address: str) -> int | None:
        """None when it may be tried; else in how many seconds again. An account need not exist."""
        if self._waiting >= _MOST_WAITING:
            return _CROWDED_SECONDS
        now = self._clock().timestamp()
        return self._addresses.ask(address, now) or self._accounts.ask(account.strip().lower()[:300], now)

    def was_right(self, account: str, address: str) -> None:
        """Who knew it did not guess."""
        self._addresses.give_back(address)
        self._accounts.give_back(account.strip().lower()[:300])


def address_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """From where somebody comes. Behind a proxy of our own network it is what that one says of who asked it."""
    client = connection.client.host if connection.client is not None else ""
    # Some proxies add a line of their own below those of a stranger.
    said = ",".join(connection.headers.getall("x-forwarded-for", [])).rpartition(",")[2].strip()
    if said.count(":") == 1 or said.startswith("["):
        said = said.rpartition(":")[0].strip("[]")  # And some say the port, another one each time.
    return _network_of(said) if said and _is_near(client) else _network_of(client)


def _is_near(address: str) -> bool:
    try:
        return ip_address(address).is_private
    except ValueError:
        return False


def _network_of(address: str) -> str:
    """An address; of the sixth version the network, for whoever has one of those has as many as they like."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)  # Else all of them were one.
    return str(IPv6Address(int(parsed) >> 64 << 64)) if isinstance(parsed, IPv6Address) else str(parsed)
