"""What a password must be: long, not the account's own name, and none of those that are tried first.

Long is what counts (NIST SP 800-63B): nobody has to mix in digits or signs. How it is hashed is storage's.
"""

from itertools import pairwise
from typing import Final

from aiops_platform.core.people import LONGEST_PASSWORD, SHORTEST_PASSWORD, PeopleError

# Of ten characters and more, from what leaks show most often. Compared without case, blanks and the signs at the end.
_COMMON: Final = frozenset(
    ["password12", "password123", "password1234", "passwordpassword", "passw0rd123", "p@ssword123", "p@ssw0rd123", "mypassword", "mypassword1", "yourpassword", "thepassword", "newpassword", "newpassword1", "oldpassword", "changeme123", "changeme1234", "changemenow", "changeit123", "letmein123", "letmein1234", "letmeinnow", "welcome123", "welcome1234", "welcome2024", "welcome2025", "welcome2026", "administrator", "administrator1", "adminadmin", "admin12345", "admin123456", "admin1234567", "adminadmin1", "adminpassword", "rootpassword", "root123456", "rootrootroot", "superadmin", "superuser1", "supersecret", "supersecret1", "secretsecret", "secret1234", "topsecret1", "topsecret123", "qwertyuiop", "qwertyuiop1", "qwertyuiop123", "qwerty12345", "qwerty123456", "qwerty1234567", "qwertyqwerty", "qwertzuiop", "asdfghjkl1", "asdfghjkl123", "asdfasdfasdf", "zxcvbnm123", "zxcvbnm1234", "1qaz2wsx3edc", "1q2w3e4r5t", "1q2w3e4r5t6y", "q1w2e3r4t5", "q1w2e3r4t5y6", "zaq12wsxcde3", "abcdefghij", "abcdefghijk", "abcd123456", "abc1234567", "abc123abc123", "abcd1234abcd", "a123456789", "a1b2c3d4e5", "aa12345678", "iloveyou12", "iloveyou123", "iloveyou1234", "iloveyoubaby", "sunshine12", "sunshine123", "princess12", "princess123", "football12", "football123", "baseball123", "basketball", "basketball1", "basketball123", "superman123", "batman12345", "starwars123", "dragon12345", "monkey12345", "michael123", "jennifer123", "charlie123", "jordan12345", "liverpool1", "liverpool123", "manchester", "manchester1", "chelsea12345", "arsenal12345", "barcelona1", "barcelona123", "realmadrid1", "trustno1trustno1", "whatever123", "hello12345", "helloworld", "helloworld1", "helloworld123", "computer12", "computer123", "internet123", "samsung123", "google12345", "facebook123", "testtest12", "testtesttest", "test123456", "test1234567", "testing123", "testing1234", "guest12345", "guestguest", "user123456", "default123", "temporary1", "temporary123", "correcthorse", "correcthorsebatterystaple", "aiopsaiops", "aiops12345", "aiops123456", "aiopspassword"]
)  # fmt: skip
_AT_THE_END: Final = "!?.*#$@_-"
_FEWEST_CHARACTERS: Final = 4


def checked_password(text: str, *, email: str | None = None, name: str = "") -> str:
    """The password itself. Raises PeopleError, which says what is wrong with it and never what it was."""
    if len(text) < SHORTEST_PASSWORD:
        raise PeopleError(f"Choose a password of {SHORTEST_PASSWORD} characters or more: three words will do")
    if len(text) > LONGEST_PASSWORD:
        raise PeopleError(f"Choose a password of at most {LONGEST_PASSWORD} characters")
    plain = _plain(text)
    if plain in {_plain(each) for each in _own(email, name)}:
        raise PeopleError("Choose a password that is not your own name or address")
    if plain in _COMMON or len(set(plain)) < _FEWEST_CHARACTERS or _is_a_row(plain):
        raise PeopleError("Choose another password: this one is among those that are tried first")
    return text


def _own(email: str | None, name: str) -> list[str]:
    before, _, domain = (email or "").partition("@")
    return [each for each in (email, before, domain, before + domain, before * 2, name) if each]


def _plain(text: str) -> str:
    return "".join(text.casefold().split()).rstrip(_AT_THE_END)


def _is_a_row(plain: str) -> bool:
    """Whether each character follows the one before, as in 1234567890."""
    steps = {ord(later) - ord(earlier) for earlier, later in pairwise(plain)}
    return steps <= {1, -9} or steps <= {-1, 9}
