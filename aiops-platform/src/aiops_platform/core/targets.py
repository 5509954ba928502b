"""Addresses that people type for us to send to: which may be meant at all. Looking them up and sending is senders'.

The platform stands inside of a network that its users may not reach: without these rules a typed address would be a way
into it (server-side request forgery). A name is checked twice: as it is typed, and by every address that it leads to at
the moment of sending, one of which is then used without asking again.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias
from urllib.parse import quote, urlsplit

from aiops_platform.core.errors import PlatformError

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_LONGEST: Final = 2_000
_FIRST_FREE_PORT: Final = 1024
_WEB_PORTS: Final = (80, 443)
# Nobody takes webhooks there: what listens understands other things, and might take ours for them.
_TAKEN: Final = (
    "1433 1521 1719 1720 1723 2049 2375 2376 2379 2380 3306 3389 3659 4045 4190 4369 5060 5061 5432 5672 "
    "5984 6000 6379 6443 6566 6665 6666 6667 6668 6669 6679 6697 9042 9092 9200 9300 10080 10250 "
    "10255 11211 27017 27018"
)
_OTHER_PORTS: Final = frozenset(int(each) for each in _TAKEN.split())
_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_INNER_NAMES: Final = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "localdomain", "arpa")

# What a person may allow by saying so; each network by itself, or all of these together by "yes".
_PRIVATE: Final = tuple(
    ip_network(each)
    for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "100.64.0.0/10", "fc00::/7", "::1/128")
)
# Here clouds hand out secrets to whoever asks from inside, or steer their machines; one is in the public range. A setting
# opens them by naming one of these or a part of it: "yes" means other things, and so does 100.64.0.0/10, or all there is.
_CLOUDS: Final = tuple(
    ip_network(each)
    for each in (
        *("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "fd20:ce::254/128", "fd00:c1::a9fe:a9fe/128"),
        *("fd00:42::42/128", "100.100.100.200/32", "192.0.0.192/32", "168.63.129.16/32"),
    )
)
_FIRST_CLOUD: Final = ip_address("169.254.169.254")
_CLOUD_NAMES: Final = ("metadata.google.internal", "metadata.goog", "instance-data.ec2.internal")
# Packed into these, an address of the other family is meant.
_TRANSLATED: Final = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
_SIX_TO_FOUR: Final = ip_network("2002::/16")
_TEREDO: Final = ip_network("2001::/32")
_OLD_COMPATIBLE: Final = ip_network("::/96")
_NEVER_GLOBAL: Final = tuple(ip_network(each) for each in ("192.0.0.0/24", "192.88.99.0/24", "fec0::/10", "3fff::/20"))


class TargetError(PlatformError):
    """Nothing is sent to this address; the message says why, without saying the address."""


@dataclass(frozen=True)
class Policy:
    """Which networks besides the public one may be sent to."""

    networks: tuple[Network, ...] = ()

    def allows(self, address: Address) -> bool:
        """Whether it is inside one of the networks that were allowed; what is a cloud's own must have been named as that."""
        cloud = _cloud_of(address)
        narrowest = 0 if cloud is None else cloud.prefixlen
        mine = (each for each in self.networks if address.version == each.version and address in each)
        return any(each.prefixlen >= narrowest for each in mine)


@dataclass(frozen=True)
class Target:
    """An address to send to, taken apart. `host` is ASCII, in small letters, without brackets; `path` has its query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host and port as the request says them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"https": 443, "http": 80}[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole address, in its plainest spelling."""
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def literal(self) -> Address | None:
        """The address, where it was typed as one."""
        return _literal(self.host)


PUBLIC_ONLY: Final = Policy()


def policy_from(text: str) -> Policy:
    """What a setting says: `no`, `yes`, or networks with commas between. Raises TargetError."""
    said = text.strip().lower()
    if said in ("", "no"):
        return PUBLIC_ONLY
    if said == "yes":
        return Policy(_PRIVATE)
    try:
        return Policy(tuple(ip_network(each.strip()) for each in said.split(",")))
    except ValueError as cause:
        raise TargetError(f"'{text}' is neither yes, no nor networks such as 10.0.0.0/8, 192.168.1.0/24") from cause


def parsed(text: str, policy: Policy = PUBLIC_ONLY) -> Target:
    """What is meant by a typed address, if it may be sent to as far as can be seen from it. Raises TargetError."""
    if len(text) > _LONGEST:
        raise TargetError(f"The address is longer than {_LONGEST:,} characters")
    # Different programs read these in different ways: one would check what another one does not call.
    if not text.isprintable() or set(text) & set(' "<>\\^`{|}'):
        raise TargetError("The address has blanks, backslashes or other characters that no address has")
    try:
        parts = urlsplit(text)
        port = parts.port
        hostname = parts.hostname
    except ValueError as cause:
        raise TargetError("Give an address such as https://example.com/hook") from cause
    if parts.scheme not in ("https", "http") or not hostname:
        raise TargetError("Give an address that begins with https://")
    if "[" in parts.netloc and ":" not in hostname:
        raise TargetError("Only an IPv6 address stands in brackets")
    if "@" in parts.netloc:
        raise TargetError("Give the address without a user name and password in it")
    if parts.scheme == "http" and not policy.networks:
        raise TargetError(
            "Give an address that begins with https://, so that nobody on the way can read it; for one in your own network "
            "AIOPS_SERVER_ALLOW_PRIVATE_TARGETS is to name that"
        )
    default = 443 if parts.scheme == "https" else 80
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._") + (
        f"?{quote(parts.query, safe='/%:@!$&()*+,;=?~-._')}" if parts.query else ""
    )
    target = Target(parts.scheme, _host(hostname, policy), _port(default if port is None else port), path)
    if target.literal is not None:
        check_address(target.literal, target.scheme, policy)
    return target


def check_address(address: Address, scheme: str, policy: Policy) -> None:
    """Raises TargetError unless this may be connected to. All that a name leads to is to be checked."""
    inner = _inner(address) if isinstance(address, IPv6Address) else None
    for each in (address, inner):
        if each is not None and _cloud_of(each) is not None and not policy.allows(each):
            raise TargetError(
                "A cloud hands out secrets at this address; only where AIOPS_SERVER_ALLOW_PRIVATE_TARGETS names it is it sent to"
            )
    if policy.allows(address):
        return
    if not _is_public(address):
        raise TargetError(
            "The address leads into a private network; AIOPS_SERVER_ALLOW_PRIVATE_TARGETS says which of those may be sent to"
        )
    if scheme != "https":
        raise TargetError("Outside of a private network only https:// is sent to")


def _cloud_of(address: Address) -> Network | None:
    return next((each for each in _CLOUDS if address.version == each.version and address in each), None)


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        inner = _inner(address)
        if inner is not None:
            return _is_public(inner)
    if any(address.version == each.version and address in each for each in _NEVER_GLOBAL):
        return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_link_local or address.is_unspecified
    )


def _inner(address: IPv6Address) -> Address | None:
    # What is packed decides, whichever way it is packed; of Teredo that is never a receiver of ours.
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _SIX_TO_FOUR and address.sixtofour is not None:
        return address.sixtofour
    if address in _TEREDO:
        return IPv4Address(0)
    if any(address in each for each in _TRANSLATED) or address in _OLD_COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None


def _port(port: int) -> int:
    if port in _WEB_PORTS or (port >= _FIRST_FREE_PORT and port not in _OTHER_PORTS):
        return port
    raise TargetError(f"Port {port} belongs to something else than web servers: use 443, or one above 1023")


def _host(name: str, policy: Policy) -> str:
    if ":" in name:
        if "%" in name:
            raise TargetError("Give an address without a network interface (%) in it")
        return _checked_literal(name)
    try:
        # Also makes ASCII of signs that only look like it: ①②⑦.0.0.1 is checked as what it becomes.
        ascii_name = name.encode("idna").decode().lower() if not name.isascii() else name.lower()
    except UnicodeError as cause:
        raise TargetError("The address's host is no name that exists") from cause
    host = ascii_name.removesuffix(".")
    labels = host.split(".")
    # 2130706433, 0x7f.1 and 127.1 are other spellings of 127.0.0.1, for some programs: only the plain one is taken.
    if _NUMBER.fullmatch(labels[-1]):
        return _checked_literal(host)
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise TargetError("The address's host is no name that exists")
    if not policy.networks and (len(labels) == 1 or labels[-1] in _INNER_NAMES):
        raise TargetError("The address's host is a name of a private network")
    if host in _CLOUD_NAMES and not policy.allows(_FIRST_CLOUD):
        raise TargetError("The address's host is the one at which a cloud hands out secrets")
    return host


def _checked_literal(text: str) -> str:
    literal = _literal(text)
    if literal is None:
        raise TargetError("Write the address's host as a name, or as an IP address in its plain form")
    return str(literal)


def _literal(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
