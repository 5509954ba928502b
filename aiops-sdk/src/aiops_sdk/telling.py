"""Which names tell that their value is a secret, and which values of the environment are secrets therefore.

Words and simple tests only: this runs when the SDK starts, once for each variable.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, Mapping, Tuple


#: Compared without case, dashes, underscores, dots and blanks, anywhere in the name: "X-Api-Key", "db_password", "accessToken".
WORDS = (
    "password", "passwd", "passphrase", "passcode", "pwd", "secret", "token", "authorization", "cookie", "apikey",
    "privatekey", "accesskey", "encryptionkey", "signingkey", "masterkey", "sharedkey", "accountkey", "authkey", "sshkey",
    "credential", "session", "sessid", "signature", "csrf", "xsrf", "jwt", "cardnumber", "creditcard", "securitycode",
    "verificationcode", "onetimecode", "otpcode", "mfacode", "2facode", "logincode", "recoverycode", "backupcode",
)  # fmt: skip
#: What a name may end in or be, as a word of its own: "db_pass" is one, "compass" is not.
ENDINGS = ("pass", "auth", "authentication", "pin", "otp", "cvv", "cvc", "ssn", "sig")
# Beginnings of words that contain one of WORDS and mean something else: tokenizer, secretary.
_OTHERS = ("tokeniz", "tokenis", "secretar")
#: What may come before "pass" in a word that is no password, while SSHPASS and dbpass are.
PASSES = (
    "com", "by", "tres", "sur", "over", "under", "low", "high", "band", "all", "single", "multi", "first", "second", "last",
    "one", "two", "render", "hall", "get", "surrogate", "x",
)  # fmt: skip

# A number or a yes under such a name says something about secrets, and is none: "token_count", "max_tokens", "session_age".
_MEASURES = (
    "count",
    "tokens",
    "length",
    "size",
    "age",
    "ttl",
    "limit",
    "expires",
    "expiry",
    "timeout",
    "seconds",
    "total",
)

#: Shorter values would be found where they mean something else.
SHORTEST = 8

# In the name of a variable; all of them together are a quick look.
_ROOTS = (
    "PASS",
    "PWD",
    "SECRET",
    "TOKEN",
    "KEY",
    "AUTH",
    "CRED",
    "COOKIE",
    "SESS",
    "SIGN",
    "CSRF",
    "XSRF",
    "JWT",
    "SALT",
    "PAT",
)
# Words of a variable's name that are enough by themselves, where the value looks random.
_WEAK = frozenset({"KEY", "KEYS", "SALT", "PAT", "AUTH", "CREDS"})
# Whose values are letters alone, and still secrets.
_STRONG = ("password", "passwd", "passphrase", "secret", "token", "credential")
# A name that ends so tells something about a secret: where it lies, what it is called, how it is made.
_ABOUT = frozenset(
    {
        "NAME", "FILE", "PATH", "DIR", "HOST", "HEADER", "TYPE", "ALGORITHM", "ALG", "BACKEND", "ENGINE", "CLASS", "METHOD",
        "MODE", "DOMAIN", "ISSUER", "AUDIENCE", "TTL", "TIMEOUT", "AGE", "EXPIRY", "EXPIRES", "LENGTH", "ENABLED", "VERSION",
        "FORMAT", "PROVIDER", "REGION", "ENDPOINT", "SOCK", "MANAGER", "ADDRESS", "COUNT", "LIMIT", "SAMESITE", "SECURE",
        "HTTPONLY", "SERIALIZER", "HASHER", "DESKTOP", "USER", "USERNAME", "STORE", "SERVICE", "SCOPE", "SCOPES",
    }
)  # fmt: skip
_COMMON = frozenset(
    {
        "password", "passw0rd", "changeme", "change-me", "change_me", "changeit", "postgres", "postgresql", "mysecret",
        "mypassword", "username", "disabled", "required", "optional", "undefined", "localhost", "production", "development",
        "staging", "example", "placeholder", "insecure", "security", "database", "rabbitmq", "memcached", "dictionary",
        "administrator", "anonymous", "external", "internal", "password1", "password123", "secretkey", "secret-key",
        "secret_key", "supersecret", "dummydummy", "redacted", "standard", "environment", "encrypted", "unlimited", "opaque-reference",
    }
)  # fmt: skip


def is_telling(name: str) -> bool:
    """Whether the value under this name is nobody's business."""
    plain = normalised(name)
    return _has_word(plain) or _ends_telling(name, plain)


def normalised(name: str) -> str:
    """Without what differs from one spelling to the next, seen or unseen."""
    if not name.isascii():
        from unicodedata import category, normalize

        name = "".join([char for char in normalize("NFKC", name) if category(char) != "Cf"])
    return name.lower().replace("-", "").replace("_", "").replace(".", "").replace(" ", "")


def measures(name: str) -> bool:
    """Whether a number under this name is one that counts or measures."""
    plain = normalised(name)
    return plain.endswith(_MEASURES) or plain.startswith(("max", "min", "num", "has", "is"))


def secrets_in(environ: Mapping[str, str]) -> Tuple[str, ...]:
    """The values that are secrets: those under telling names, and the passwords in addresses under any."""
    found = {}
    for name, value in environ.items():
        if len(value) >= SHORTEST:
            if "://" in value and "@" in value:
                found.update(dict.fromkeys(_passwords_in(value)))
            upper = name.upper()
            if any(root in upper for root in _ROOTS):
                found.update(dict.fromkeys(_secrets_under(upper, value.strip())))
    return tuple(found)


def _ends_telling(name: str, plain: str) -> bool:
    if not plain.endswith(ENDINGS):
        return False
    last = name.replace("-", "_").replace(".", "_").replace(" ", "_").rpartition("_")[2]
    if last.lower() in ENDINGS or _is_password(last.lower()):
        return True
    # dbPass: a word of its own begins with a capital letter, after a small one.
    return any(last.endswith(ending.capitalize()) and last[: -len(ending)][-1:].islower() for ending in ENDINGS)


def _has_word(plain: str) -> bool:
    plain = _without_others(plain)
    return any(word in plain for word in WORDS)


def _is_password(word: str) -> bool:
    return word.endswith("pass") and not word[:-4].endswith(PASSES)


def _without_others(plain: str) -> str:
    for other in _OTHERS:
        if other in plain:
            plain = plain.replace(other, "")
    return plain


def _secrets_under(name: str, value: str) -> Iterator[str]:
    parts = name.split("_")
    if parts[-1] in _ABOUT or parts[0] in ("XDG", "DBUS", "SSH"):
        return
    plain = _without_others(normalised(name))
    strong = any(word in plain for word in _STRONG) or parts[-1] == "PWD" or _is_password(parts[-1].lower())
    if not strong and not _WEAK.intersection(parts) and not is_telling(name):
        return
    if "://" in value:
        return
    for each in (value, *(value.split(",") if "," in value else ())):
        secret = each.strip()
        if _may_be_secret(secret) and (strong or looks_random(secret)):
            yield secret


def _passwords_in(value: str) -> Iterator[str]:
    """Of each address in it, what stands between the first colon of its authority and the last @."""
    for address in value.split("://")[1:]:
        authority = address.partition("/")[0]
        # A password that was not encoded may have a slash in it.
        if "@" not in authority:
            authority = address.split()[0] if address.split() else ""
        password = authority.rpartition("@")[0].partition(":")[2]
        if _may_be_secret(password):
            yield password
            if "%" in password:
                from urllib.parse import unquote

                yield unquote(password)


def _may_be_secret(value: str) -> bool:
    return not (
        len(value) < SHORTEST
        or value.lower() in _COMMON
        or _is_number(value)
        or _is_path(value)
        or _is_host(value)
        or len(set(value)) < 3
    )


def looks_random(value: str) -> bool:
    """Whether a value is letters and digits in one word, or small and capital letters mixed."""
    if any(char.isspace() for char in value):
        return False
    has_digit = any(char.isdigit() for char in value)
    has_letter = any(char.isalpha() for char in value)
    return has_letter and (has_digit or (value[1:] != value[1:].lower() and value != value.upper()))


def _is_number(value: str) -> bool:
    return value.replace(".", "").replace("-", "").replace("_", "").replace(":", "").isdigit()


def _is_path(value: str) -> bool:
    if value.startswith(("./", "../", "~", "unix:")) or value[1:3] in (":\\", ":/"):
        return True
    # In base 64 a slash may stand anywhere: what has other signs of that, or one slash alone, is no path.
    return value.startswith("/") and value.count("/") > 1 and not any(sign in value for sign in "+=")


def _is_host(value: str) -> bool:
    """A name with dots, as hosts, modules and files have."""
    labels = value.partition(":")[0].split(".")
    return len(labels) > 1 and all(
        label.replace("-", "").replace("_", "").isalpha() or label.isdigit() for label in labels
    )
