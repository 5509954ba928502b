"""Who may come in: keys for services, tokens for API clients, links and sessions for people. Storing is storage's.

All four are 32 random bytes. That much entropy needs no slow hash: a plain SHA-256 cannot be guessed backwards.
"""

import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from aiops_platform.core.errors import PlatformError
from aiops_platform.core.people import Actor, Role, User

ENTROPY_BYTES = 32
NONCE_BYTES = 12
SIGNIN_LASTS = timedelta(minutes=15)
SESSION_LASTS = timedelta(days=30)
LONGEST_NAME = 200
LONGEST_AGENT = 200
SESSION_COOKIE = "aiops_session"

_API_KEY = re.compile(r"aiops_[A-Za-z0-9_-]{43}")
_PING_KEY = re.compile(r"aiopsp_[A-Za-z0-9_-]{43}")
_API_TOKEN = re.compile(r"aiopst_[A-Za-z0-9_-]{43}")


class AccessError(PlatformError):
    """A key or token cannot be made like this; the message says why."""


class SecretMismatchError(PlatformError):
    """The server secret is not the one with which this was encrypted."""


class KeyKind(StrEnum):
    """What a key lets its holder do: report everything, or only ping, for it stands in addresses, which others see."""

    REPORT = "report"
    PING = "ping"


class Scope(StrEnum):
    """What an API token lets its holder do."""

    READ = "read"
    ACT = "act"


@dataclass(frozen=True)
class Holder:
    """Whom a key or a token that is in force belongs to: its row's id, and the project. `name` is that of the token."""

    id: int
    project_id: int
    scope: Scope = Scope.ACT
    name: str = ""
    user: User | None = None
    role: Role = Role.ADMIN

    @property
    def may(self) -> Role:
        """What it may do: what its user may, where it has one (else all: only admins make them), if it may act at all."""
        return self.role if self.scope is Scope.ACT else Role.VIEWER

    @property
    def actor(self) -> Actor:
        """Under whose name it acts: its user's where it has one, else its own."""
        return Actor("token", self.id, self.name) if self.user is None else self.user.actor


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """A service's key as it is kept: `hint` is all that is left of its text."""

    id: int
    project_id: int
    name: str
    hint: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    kind: KeyKind = KeyKind.REPORT


@dataclass(frozen=True, kw_only=True)
class ApiToken:
    """An API client's token as it is kept: `hint` is all that is left of its text. `owner` is the name of its user."""

    id: int
    project_id: int
    name: str
    hint: str
    scope: Scope
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    user_id: int | None = None
    owner: str | None = None


@dataclass(frozen=True, kw_only=True)
class Session:
    """A signed-in browser. `id` is the hash of its text in hexadecimal digits, `agent` what the browser calls itself.

    `project_id` is the project that it shows, `role` what its user may do there; they are a member of so many `projects`.
    """

    id: str
    project_id: int
    user: User
    role: Role
    projects: int
    agent: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


def api_key_from(entropy: bytes) -> str:
    """The text of an API key, from 32 random bytes."""
    return "aiops_" + link_token_from(entropy)


def key_from(entropy: bytes, kind: KeyKind) -> str:
    """The text of a key of this kind, from 32 random bytes."""
    return api_key_from(entropy) if kind is KeyKind.REPORT else "aiopsp_" + link_token_from(entropy)


def api_token_from(entropy: bytes) -> str:
    """The text of an API token, from 32 random bytes."""
    return "aiopst_" + link_token_from(entropy)


def link_token_from(entropy: bytes) -> str:
    """43 characters that fit into a link or a cookie, from 32 random bytes."""
    if len(entropy) != ENTROPY_BYTES:
        raise ValueError(f"{ENTROPY_BYTES} random bytes are needed, not {len(entropy)}")
    return urlsafe_b64encode(entropy).rstrip(b"=").decode()


def looks_like_api_key(text: str) -> bool:
    """Whether it is worth looking up."""
    return _API_KEY.fullmatch(text) is not None


def looks_like_ping_key(text: str) -> bool:
    """Whether it is worth looking up."""
    return _PING_KEY.fullmatch(text) is not None


def kind_of_key(text: str) -> KeyKind:
    """What a key's text says of what it lets its holder do."""
    return KeyKind.PING if looks_like_ping_key(text) else KeyKind.REPORT


def looks_like_api_token(text: str) -> bool:
    """Whether it is worth looking up."""
    return _API_TOKEN.fullmatch(text) is not None


def hash_of(text: str) -> bytes:
    """What is stored of a key, token or link: 32 bytes."""
    return sha256(text.encode()).digest()


def hint_of(text: str) -> str:
    """Enough of a key or token to recognise it, too little to use it: `aiops_ab…f3`."""
    prefix, _, secret = text.partition("_")
    return f"{prefix}_{secret[:2]}…{secret[-2:]}"


def callback_secret_of(api_key: str) -> bytes:
    """The secret that signs callbacks to a service: 32 bytes that only the key leads to, so both sides can derive it."""
    return _derive(api_key.encode(), info=b"aiops callback v1")


def seal(secret: bytes, *, server_secret: bytes, nonce: bytes, owner: bytes) -> bytes:
    """Encrypts what the database may hold but its reader must not know.

    `nonce` is 12 random bytes, never used twice. `owner` (a key's hash) is bound in: a sealed secret that is copied to
    another key's row no longer opens.
    """
    return nonce + AESGCM(_sealing_key(server_secret)).encrypt(nonce, secret, owner)


def unseal(sealed: bytes, *, server_secret: bytes, owner: bytes) -> bytes:
    """What was sealed. Raises SecretMismatchError."""
    nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return AESGCM(_sealing_key(server_secret)).decrypt(nonce, ciphertext, owner)
    except (InvalidTag, ValueError) as cause:
        raise SecretMismatchError(
            "The server secret is not the one these keys were made with: restore secret.key (or AIOPS_SERVER_SECRET) from a "
            "backup, or create new keys"
        ) from cause


def checked_name(name: str) -> str:
    """The name without blanks around it. Raises AccessError when people could not tell it from an id, or not read it."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise AccessError(f"Give a name of 1 to {LONGEST_NAME} printable characters, such as 'shop'")
    if name.isdigit():
        raise AccessError(f"'{name}' could be mistaken for an id: give a name with a letter in it, such as 'shop'")
    return name


def replaced_name(name: str, now: datetime) -> str:
    """What a key is called once another one has taken over its name: `shop (until 2026-11-23 03:14:07)`."""
    until = f" (until {now:%Y-%m-%d %H:%M:%S})"
    return name[: LONGEST_NAME - len(until)] + until


def _sealing_key(server_secret: bytes) -> bytes:
    return _derive(server_secret, info=b"aiops seal v1")


def _derive(material: bytes, *, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(material)
