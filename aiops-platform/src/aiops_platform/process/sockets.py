"""Listening sockets, bound before anything else starts: a taken port is said at once, and a new child finds the old queue."""

import errno
import socket

from aiops_platform.core.errors import PlatformError

BACKLOG = 2048


class ListenError(PlatformError):
    """The address cannot be listened on; the message says why and what to do."""


class PortTakenError(ListenError):
    """Another program listens there."""


def listen(host: str, port: int) -> list[socket.socket]:
    """A listening socket for each address that the host's name stands for, all on one port. Raises ListenError."""
    sockets: list[socket.socket] = []
    try:
        for family, address in _addresses(host, port):
            # Port 0 lets the system choose; the second address then follows the first.
            chosen = sockets[0].getsockname()[1] if sockets else port
            sockets.append(_bound(family, (address, chosen)))
    except (OSError, UnicodeError) as cause:
        for bound in sockets:
            bound.close()
        raise _said(cause, host, port) from cause
    return sockets


def port_of(sockets: list[socket.socket]) -> int:
    """The port they are bound to."""
    port: int = sockets[0].getsockname()[1]
    return port


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, str]]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found))


def _bound(family: socket.AddressFamily, address: tuple[str, int]) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # "::" means every address, those of the older kind too; one single address means itself.
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, address[0] != "::")
        bound.bind(address)
        bound.listen(BACKLOG)
        bound.setblocking(False)
    except OSError:
        bound.close()
        raise
    return bound


def _said(cause: OSError | UnicodeError, host: str, port: int) -> ListenError:
    number = getattr(cause, "errno", None)
    if number == errno.EADDRINUSE:
        return PortTakenError(
            f"Port {port} on {host} is taken by another program: end that one, or choose another port with --port"
        )
    if number == errno.EACCES:
        return ListenError(
            f"Port {port} may not be listened on by this user: choose one above 1023 with --port, and put a proxy before it"
        )
    return ListenError(
        f"Cannot listen on '{host}', port {port}: {getattr(cause, 'strerror', None) or cause}. Give an address of this machine with --host, "
        "such as 127.0.0.1, or 0.0.0.0 for all of them"
    )
