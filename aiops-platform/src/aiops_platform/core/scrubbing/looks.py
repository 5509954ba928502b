"""How much a word looks like a secret: `hunter2` a little, `9f8A2kLmQ4xZ7pT1` clearly; `sha256`, `30days` and `v2.txt` not.

It knows nothing of where the word stands: how much is enough, depends on that.
"""

import re
from typing import Final

# Names, versions, files, hosts: words and numbers with signs between.
_BETWEEN: Final = re.compile(r"[-_.:/@+]")
_PART: Final = re.compile(r"[A-Za-z]?[a-z]*[0-9]{0,4}|[A-Z]+[0-9]{0,4}|[0-9]+[a-z]{0,3}")
_OTHER: Final = re.compile(
    r"[0-9]{1,6}(?:[.,][0-9]{1,6})?(?:%|[A-Za-z]{1,12})\Z|"  # 30days
    r"[0-9]{1,4}-[A-Za-z]+\Z|"  # 8-character
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9a-f])|[0-9]{8}T[0-9]{4,6}Z?\Z|"  # a time
    r"0[xX][0-9a-fA-F]+\Z|"
    r"[A-Z]{1,8}[-_]?[0-9]{3,6}\Z|"  # an error's number
    r"\$\{?[A-Z_]{2}|%[(0-9sdr]|[{<]|&\w+;|@\w+\Z|#[0-9]+\Z|"  # a place in a template, or of something else
    r"\w+://|~|\.{1,2}/|[A-Za-z]:\\|"
    r"[^\s@]+@[\w-]+(?:\.[\w-]+)+\Z|"
    r"[A-Za-z_][\w.]*[(\[]|"  # a call
    r"[a-z_]{2,40}=[^=]|"
    r"(?:AKIA|\*|x{4,}|\.{3})"
)
# Words with digits that tell how something is made, or which one of many it is.
_KIND: Final = re.compile(
    r"(?i)(?:caching_)?(?:sha|md|hs|rs|es|ps|hmac|utf|ucs|base|o?auth|openid|http|ipv|tls|ssl|ssh|aes|rsa|des|ed|bcrypt|scrypt|"
    r"argon|pbkdf|crypt|passlib|ntlm|krb|x50|pkcs|rfc|iso|cp|latin|ascii|ldap|radius|web|java|node|python|py|php|django|"
    r"flask|mysql|postgres|redis|oracle|windows|win|linux|int|uint|float|str|char|byte|arg|param|field|form|input|page|"
    r"column|col|line|row|cell|step|stage|phase|level|tier|test|case|attempt|try|rule|policy|type|user|admin|host|server|"
    r"db|database|shard|item|version|ver|rev|v|id|no|nr|num|number|group|team|tenant|client|service|svc|app|api|env|min|"
    r"max|kid|key|slot|index|idx|part|section|chapter|option|figure|fig|table|note|example|ref|ticket|issue|bug|cve)"
    r"[-_]?[0-9]"
)
_CHANGES: Final = re.compile(r"[a-z](?=[A-Z0-9])|[A-Z](?=[0-9])|[0-9](?=[A-Za-z])")
_SIGNS: Final = re.compile(r"\w[!#$%^&*~?@]+\w")
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\Z")
_HEX: Final = re.compile(r"[0-9a-f]{12,}\Z")
_LETTERS: Final = re.compile(r"[-_+/=]*[A-Za-z][A-Za-z_+/=-]{9,}\Z")
_KINDS_OF_CHARACTERS: Final = tuple(map(re.compile, ("[a-z]", "[A-Z]", "[0-9]", "[!#$%^&*~?@+=]")))
_VOWELS: Final = frozenset("aeiouAEIOU")
_CAPITALS: Final = re.compile("[a-z][A-Z]")
_WEAK, _CLEAR = 5, 8
_MANY: Final = 3


def weak(value: str) -> bool:
    """A letter and a digit, or a sign within, or letters that make no word, and nothing that one knows to be something else."""
    if _is_jumbled(value):
        return True
    if len(value) < _WEAK or value.isalpha() or value.isdigit() or _is_something_else(value):
        return False
    has_digit = any(char.isdigit() for char in value)
    return any(char.isalpha() for char in value) and (has_digit or _SIGNS.search(value) is not None)


def clear(value: str, shortest: int = _CLEAR) -> bool:
    """Letters and digits that change places, as nobody would write but in a key, and no name."""
    if len(value) < shortest or not weak(value):
        return False
    changes = len(_CHANGES.findall(value))
    if all(part.search(value) for part in _KINDS_OF_CHARACTERS):
        return True
    if changes >= _MANY or _SIGNS.search(value) is not None or _UUID.match(value) or _is_jumbled(value):
        return True
    return changes == _MANY - 1 and _HEX.match(value) is not None


def sure(value: str) -> bool:
    """Small and capital letters and digits mixed, and neither a name in a program nor a path."""
    is_mixed = value != value.lower() and value != value.upper() and any(char.isdigit() for char in value)
    is_name = value.replace(".", "_").isidentifier() and len(re.findall("[0-9]+", value)) < _MANY - 1
    is_path = len(re.findall(r"[.:/|]+", value)) >= _MANY - 1
    if not is_mixed or is_name or is_path or "%" in value or _KIND.match(value):
        return False
    return clear(value, _CLEAR + 1)


def _is_something_else(value: str) -> bool:
    return (
        "hidden" in value
        or _OTHER.match(value) is not None
        or (_KIND.match(value) is not None and len(_CHANGES.findall(value)) <= _MANY)
        or (_is_name(value) and _SIGNS.search(value) is None)
    )


def _is_jumbled(value: str) -> bool:
    """Small and capital letters in turn, and too few vowels to be spoken."""
    if _LETTERS.match(value) is None or len(_CAPITALS.findall(value)) < _MANY - 1:
        return False
    return sum(char in _VOWELS for char in value) * 5 <= len(value)


def _is_name(value: str) -> bool:
    if _UUID.match(value):
        return False
    parts = _BETWEEN.split(value)
    return len(parts) > 1 and all(map(_PART.fullmatch, parts))
