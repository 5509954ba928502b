"""Which names tell that their value is a secret: the words of ADR 25, in any spelling."""

from typing import Final
from unicodedata import category, normalize

# Anywhere in a name: "X-Api-Key", "db_password", "accessToken".
_WORDS: Final = (
    *("password", "passwd", "passphrase", "passcode", "pwd", "secret", "token", "authorization", "cookie", "apikey"),
    *("privatekey", "accesskey", "encryptionkey", "signingkey", "masterkey", "sharedkey", "accountkey", "authkey"),
    *("sshkey", "credential", "session", "sessid", "signature", "csrf", "xsrf", "jwt", "cardnumber", "creditcard"),
    *("securitycode", "verificationcode", "onetimecode", "otpcode", "mfacode", "2facode", "logincode", "recoverycode"),
    "backupcode",
)
# What a name may be or end in, as a word of its own: "db_pass" is one, "compass" is not.
_ENDINGS: Final = ("pass", "auth", "authentication", "pin", "otp", "cvv", "cvc", "ssn", "sig")
# Beginnings of words that contain one of the words and mean something else.
_OTHERS: Final = ("tokeniz", "tokenis", "secretar")
#: What may come before "pass" in a word that is no password, while SSHPASS and dbpass are.
PASSES: Final = (
    *("com", "by", "tres", "sur", "over", "under", "low", "high", "band", "all", "single", "multi", "first"),
    *("second", "last", "one", "two", "render", "hall", "get", "surrogate", "x"),
)
# A number under such a name counts or measures.
_MEASURES: Final = (
    *("count", "tokens", "length", "size", "age", "ttl", "limit", "expires", "expiry", "timeout", "seconds", "total"),
)
_MEASURES_FIRST: Final = ("max", "min", "num", "has", "is")

_SPELLING: Final = str.maketrans("", "", "-_. ")


def normalised(name: str) -> str:
    """Without what differs from one spelling to the next, seen or unseen."""
    if not name.isascii():
        name = "".join([char for char in normalize("NFKC", name) if category(char) != "Cf"])
    return name.lower().translate(_SPELLING)


def is_telling(name: str) -> bool:
    """Whether the value under this name is nobody's business."""
    plain = normalised(name)
    for other in _OTHERS:
        plain = plain.replace(other, "")
    return any(word in plain for word in _WORDS) or _ends_telling(name)


def measures(name: str) -> bool:
    """Whether a number under this name is one that counts or measures."""
    plain = normalised(name)
    return plain.endswith(_MEASURES) or plain.startswith(_MEASURES_FIRST)


def looks_random(value: str) -> bool:
    """Whether a value is letters and digits in one word, or small and capital letters mixed."""
    if any(char.isspace() for char in value) or not any(char.isalpha() for char in value):
        return False
    mixed = value[1:] != value[1:].lower() and value != value.upper()
    return mixed or any(char.isdigit() for char in value)


def _ends_telling(name: str) -> bool:
    last = name.replace("-", "_").replace(".", "_").replace(" ", "_").rpartition("_")[2]
    small = last.lower()
    if not small.endswith(_ENDINGS):
        return False
    if small in _ENDINGS or (small.endswith("pass") and not small[:-4].endswith(PASSES)):
        return True
    # dbPass: a word of its own begins with a capital letter, after a small one.
    return any(last.endswith(ending.capitalize()) and last[: -len(ending)][-1:].islower() for ending in _ENDINGS)
