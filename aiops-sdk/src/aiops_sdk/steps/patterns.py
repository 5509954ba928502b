"""What looks like a secret wherever it stands: credentials in addresses and headers, web tokens, private keys, cards, cloud keys.

Each pattern is tried only where a quick look says that it may be there, and takes time in proportion to the text.
"""

from __future__ import annotations

import re

from aiops_sdk.steps.pairs import MASK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Match


# user:password@ (RFC 3986, 3.2.1): the password goes. One that was not encoded may hold an @ itself.
_ADDRESS = re.compile(r"(?<=://)([^\s:/@'\"]{0,256}):([^\s/'\"<>]{1,256})@")
# The credentials of an Authorization header (RFC 9110, 11.4; RFC 7617; RFC 6750), wherever they were written. They have
# digits or are long: "Basic authentication" is neither. In small letters.
_SCHEME = re.compile(
    r"(?:bearer|basic|token)(?<![a-z0-9_]bearer)(?<![a-z0-9_]basic)(?<![a-z0-9_]token)\s{1,8}(?P<value>(?=[^\s]{0,200}[0-9]|[^\s]{24})[a-z0-9._~+/=-]{8,})"
)
# JSON web tokens, signed (RFC 7515) or encrypted (RFC 7516): the first part is {"… in base 64.
_WEB_TOKEN = re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)*")
# Private keys as text (RFC 7468), also of OpenSSH and PGP, and also if the end is missing. In a repr a line ends in \n.
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?"
    r"(?:-----END [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----|\Z)"
)
# A line of the middle of one, where only some of its lines are shown.
_KEY_LINE = re.compile(r"\A(\s*[\"']?)[A-Za-z0-9+/]{60,80}={0,2}(?:\\n)?[\"'\s,\\)]*\Z")
_KEYS = re.compile(
    r"(?<![A-Za-z0-9_])(?:"
    r"(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])|"  # AWS: the prefixes of access keys, IAM User Guide, "unique identifiers"
    r"AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,512}|GOCSPX-[A-Za-z0-9_-]{20,64}|"  # Google: API, OAuth, client secret
    r"gh[opusr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{22,255}|"  # GitHub docs, "token formats"
    r"gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent)-[A-Za-z0-9_-]{20,255}|"  # GitLab docs, "token prefixes"
    r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,255}|xapp-[A-Za-z0-9-]{10,255}|"  # Slack docs, "token types"
    r"[rs]k_(?:live|test)_[A-Za-z0-9]{10,255}|whsec_[A-Za-z0-9+/=]{16,255}|"  # Stripe docs, "API keys"; Standard Webhooks
    r"sk-[A-Za-z0-9_-]{20,255}|"  # OpenAI, Anthropic and others that took it over
    r"npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,255}|"  # the package registries' own docs
    r"SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}|"  # SendGrid
    r"do[opr]_v1_[0-9a-f]{64}|"  # DigitalOcean
    r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|"  # Shopify
    r"hf_[A-Za-z0-9]{30,64}|"  # Hugging Face
    r"hv[sbr]\.[A-Za-z0-9_-]{20,255}|"  # HashiCorp Vault
    r"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}"  # Telegram bots
    r")"
)
# Who has the address may write there.
_HOOK = re.compile(r"(hooks\.slack\.com/[a-z]{1,20}/)[A-Za-z0-9/]{20,100}")
# What must occur in front of, or in, a long word for one of them to be there.
_SIGNS = (
    "AKIA", "ASIA", "AIza", "ya29.", "GOCSPX-", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "gldt-",
    "glrt-", "glcbt-", "glptt-", "glft-", "glsoat-", "glagent-", "xox", "xapp-", "k_live_", "k_test_", "whsec_", "sk-",
    "npm_", "pypi-", "SG.", "_v1_", "shpat_", "shpca_", "shppa_", "shpss_", "hf_", "hvs.", "hvb.", "hvr.", ":AA",
)  # fmt: skip
_IN_FRONT = 32
# Card numbers (ISO/IEC 7812): 13 to 19 digits, as one or in the groups that are printed on them.
_CARD = re.compile(
    r"(?<![A-Za-z0-9])(?<![0-9]\.)(?:[2-6][0-9]{12,18}|"
    r"[2-6][0-9]{3}([ +.-])[0-9]{4}\1[0-9]{4}\1[0-9]{1,4}(?:\1[0-9]{1,3})?|3[0-9]{3}([ +.-])[0-9]{6}\2[0-9]{4,5})"
    r"(?![A-Za-z0-9])(?!\.[0-9])"
)
_UUID = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_UUID_LENGTH = 36

# What a text is made of, by kinds of characters: far faster to look through than the text itself.
_AS_DIGITS = bytes(48 if 48 <= code < 58 else 32 for code in range(256))
_AS_WORDS = bytes(97 if (chr(code).isalnum() and code < 128) or code in b"_-" else 32 for code in range(256))
_BETWEEN_DIGITS = b" +.-"
_DIGITS_OF_A_CARD = b"0" * 13
#: So many letters, digits, dashes and underscores without a break are a long word.
LONG = 18
_LONG = b"a" * LONG


def hidden(text: str, small: str, bare: bytes, words: bytes) -> str:
    """The text without them. ``small`` is the same in small letters, ``bare`` and ``words`` as below."""
    if "://" in text:
        changed = _ADDRESS.sub(r"\1:" + MASK + "@", text)
        if changed != text:
            text, small = changed, lowered(changed)
    if "bearer" in small or "basic" in small or "token" in small:
        text = _without_schemes(text, small)
    if "eyJ" in text:
        text = _WEB_TOKEN.sub(MASK, text)
    if _LONG in words and _has_sign(text, words):
        text = _KEYS.sub(MASK, text)
    if "hooks.slack.com/" in text:
        text = _HOOK.sub(r"\1" + MASK, text)
    if "PRIVATE KEY" in text:
        text = _PRIVATE_KEY.sub(MASK, text)
    if _DIGITS_OF_A_CARD in bare.translate(_AS_DIGITS, _BETWEEN_DIGITS):
        text = _CARD.sub(_card, text)
    return text


def bare(text: str) -> bytes:
    """One byte for each character."""
    return text.encode("ascii", "replace")


def words_of(bare: bytes) -> bytes:
    """The same length, in which all characters of words look the same."""
    return bare.translate(_AS_WORDS)


def has_long_word(words: bytes) -> bool:
    """Whether there is a word as long as keys are."""
    return _LONG in words


def lowered(text: str) -> str:
    """In small letters, and of the same length: some capital letters have small ones that are longer."""
    small = text.lower()
    if len(small) == len(text):
        return small
    return "".join([low if len(low) == 1 else char for char, low in zip(text, map(str.lower, text))])


def is_card(number: str) -> bool:
    """Whether these digits are a card's number: an issuer's beginning, its length, and the right last digit (Luhn's)."""
    return _is_issued(number) and _has_check_digit(number)


def key_line(line: str) -> str:
    """A line of source without what looks like a line of a private key."""
    return _KEY_LINE.sub(r"\1" + MASK, line) if len(line) >= 60 else line


def _has_sign(text: str, words: bytes) -> bool:
    at = words.find(_LONG)
    if len(text) != len(words):
        # What was hidden before has moved the rest.
        return any(sign in text for sign in _SIGNS)
    near: List[str] = []
    while at >= 0:
        end = words.find(b" ", at)
        end = len(words) if end < 0 else end
        near.append(text[at - _IN_FRONT if at > _IN_FRONT else 0 : end])
        at = words.find(_LONG, end)
    beside = "\n".join(near)
    return any(sign in beside for sign in _SIGNS)


def _without_schemes(text: str, small: str) -> str:
    done = 0
    parts: List[str] = []
    for found in _SCHEME.finditer(small):
        begin, end = found.span("value")
        parts += (text[done:begin], MASK)
        done = end
    return "".join([*parts, text[done:]]) if parts else text


def _card(found: Match[str]) -> str:
    said = found.group(0)
    number = "".join([char for char in said if "0" <= char <= "9"])
    if not is_card(number) or _is_in_uuid(found):
        return said
    return MASK


def _is_in_uuid(found: Match[str]) -> bool:
    begin = max(0, found.start() - _UUID_LENGTH)
    around = found.string[begin : found.end() + _UUID_LENGTH]
    return "-" in around and any(
        one.start() + begin < found.end() and one.end() + begin > found.start() for one in _UUID.finditer(around)
    )


def _is_issued(number: str) -> bool:
    """By the issuers' published ranges."""
    length, two, three, four = len(number), int(number[:2]), int(number[:3]), int(number[:4])
    if number[0] == "4":  # Visa
        return length in (13, 16, 19)
    if 51 <= two <= 55 or 2221 <= four <= 2720:  # Mastercard
        return length == 16
    if two in (34, 37):  # American Express
        return length == 15
    if two in (36, 38, 39) or 300 <= three <= 305:  # Diners Club
        return 14 <= length <= 19
    if 3528 <= four <= 3589 or four == 6011 or two in (62, 65) or 644 <= three <= 649:  # JCB, Discover, UnionPay
        return length >= 16
    return two in (50, 56, 57, 58, 63, 67) and length >= 13  # Maestro


def _has_check_digit(number: str) -> bool:
    total = 0
    for place, char in enumerate(reversed(number)):
        digit = int(char) << (place & 1)
        total += digit - 9 if digit > 9 else digit
    return total % 10 == 0
