"""Passwords as they are kept: Argon2id, each with its own salt and the parameters that it was made with."""

from threading import Lock
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

# What OWASP names for Argon2id where memory is dear: 19 MiB, two rounds, one lane; some 50 to 100 ms of a processor. More
# memory (RFC 9106: 64 MiB) would be more than all that the door holds else. One at a time: a crowd of guesses must not
# cost the machine its memory, and waits.
MEMORY_KIB: Final = 19 * 1024
ROUNDS: Final = 2
LANES: Final = 1


class Passwords:
    """Hashes and compares. Safe to share between threads; never to be called in an event loop, or in a transaction."""

    def __init__(self, *, memory_kib: int = MEMORY_KIB, rounds: int = ROUNDS) -> None:
        self._hasher = PasswordHasher(rounds, memory_kib, LANES, type=Type.ID)
        self._one_at_a_time = Lock()
        self._of_nobody: str | None = None

    def hash(self, password: str) -> str:
        """What is kept of it."""
        with self._one_at_a_time:
            return self._hasher.hash(_bytes(password))

    def matches(self, kept: str | None, password: str) -> bool:
        """Whether it is this one. Where nothing is kept it takes as long, and is not."""
        of_nobody = self._made_for_nobody() if kept is None else ""
        try:
            with self._one_at_a_time:
                return self._hasher.verify(kept or of_nobody, _bytes(password)) and kept is not None
        except (VerificationError, InvalidHashError):
            return False

    def is_old(self, kept: str) -> bool:
        """Whether it was made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(kept)

    def _made_for_nobody(self) -> str:
        if self._of_nobody is None:
            self._of_nobody = self.hash("nobody")
        return self._of_nobody


def _bytes(password: str) -> bytes:
    # What came in a form may hold what cannot be written as UTF-8: that is no password of anybody.
    return password.encode("utf-8", "surrogatepass")
