"""What looks like a secret wherever it stands: credentials in addresses and headers, web tokens, private keys, cards, cloud keys.

Each pattern is tried only where a quick look says that it may be there, and takes time in proportion to the text.
"""

from __future__ import annotations

import re
from binascii import a2b_base64

from aiops_sdk import telling
from aiops_sdk.steps.pairs import MASK, without

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Match, Optional, Set, Tuple


# user:password@ (RFC 3986, 3.2.1): the password goes. One that was not encoded may hold an @ or a slash itself; but what
# comes after a port is a path.
_ADDRESS = re.compile(
    r"(://[^\s:/@'\"]{0,256}):(?:[^\s/'\"<>]{1,256}@|(?![0-9]{1,5}[/'\",;])[^\s@<>]{1,256}@(?=[\w\[]))"
)
_LONGEST_LOGIN = 520
# The same where the slashes have backslashes, and where it is part of another address; and a key alone.
_ESCAPED_ADDRESS = re.compile(r"(:\\/\\/[^\s:/@'\"\\]{0,256}):([^\s/'\"<>]{1,256})@")
_ADDRESS_IN_ADDRESS = re.compile(
    r"(?i)(%3a%2f%2f[^\s:/@'\"%]{0,256}%3a)(?:[^\s/'\"<>&%]|%(?!40|2f)[0-9a-f]{2}){1,256}(?=%40)"
)
_KEY_IN_ADDRESS = re.compile(r"(://)([^\s:/@'\"<>?#]{16,256})@(?=[\w\[])")
# The credentials of an Authorization header (RFC 9110, 11.4; RFC 7617; RFC 6750), wherever they were written. They have
# digits or are long: "Basic authentication" is neither. Nor is "token count=17": their = stands at the end. In small letters.
_SCHEMES = ("bearer", "basic", "token")
_SCHEME = re.compile(
    r"(?:(?:bearer|basic|token)\s{1,8}|bearer[:=]\s{0,4})(?P<value>(?=[^\s=]{0,200}[0-9]|[^\s=]{24})[a-z0-9._~+/-]{8,}={0,2})(?![a-z0-9=])"
)
# Those of a login alone may be shorter and have no digit: they are one that can be read.
_LOGIN = re.compile(
    r"basic(?:\s{1,8}|[:=]\s{0,4}|%20)[\"']?(?P<value>[a-z0-9+/_-]{4,512})(?:=|%3d){0,2}(?![a-z0-9+/=_-])"
)
# A word may be one of other letters.
_LONGEST_WORD = 12
# JSON web tokens, signed (RFC 7515) or encrypted (RFC 7516): the first part is {"… in base 64.
_WEB_TOKEN = re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)*")
# Private keys as text (RFC 7468), also of OpenSSH and PGP, and also if the end is missing. In a repr a line ends in \n.
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?"
    r"(?:-----END [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----|\Z)"
)
# What is left of one whose beginning was cut away, and those of PuTTY. In a repr a line ends in \n.
_KEY_LINES = r"(?:(?:[\r\n]|\\[rn]){1,4}(?!Private-)[A-Za-z0-9+/=]{1,128})"
_KEY_END = re.compile(r"-----END [A-Z0-9 ]{0,32}PRIVATE KEY")
_IN_A_KEY = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n\\"
_LONGEST_KEY = 8_192
_PUTTY_KEY = re.compile(r"(Private-Lines: ?[0-9]{1,4})" + _KEY_LINES + "+")
# What programs are told behind -u, -p and -a.
_LOGINS = (
    (
        "curl",
        re.compile(
            r"(?<![\w-])((?:-u|--user|--proxy-user)(?:[\s=\"',]{0,8}|\$')[^\s:\"']{1,128}:)"
            r"(?![0-9]{1,5}(?:\s|\Z))([^\s\"']{1,256})"
        ),
    ),
    ("sshpass", re.compile(r"(sshpass[\"']?,? [\"']?-p[\"', ]{0,4})([^\s\"']{1,256})")),
    ("mysql", re.compile(r"(mysql\w{0,20}[^\n|;]{0,200}?[\s\"']-p[\"']?)([^\s\"',=-][^\s\"']{0,256})")),
    ("redis-cli", re.compile(r"(redis-cli[^\n|;]{0,200}?[\s\"']-a[\"', ]{1,4})([^\s\"']{1,256})")),
    (
        "dentified by",
        re.compile(r"(dentified by (?:password )?[\"']|DENTIFIED BY (?:PASSWORD )?[\"']?)([^\s\"';]{1,256})"),
    ),
)  # fmt: skip
_JAR = re.compile(r"(<Cookie [^\s=]{1,256}=)([^<>]{1,1024}?)(?= for )")
# A line of the middle of one, where only some of its lines are shown.
_KEY_LINE = re.compile(r"\A(\s*[\"']?)[A-Za-z0-9+/]{60,80}={0,2}(?:\\n)?[\"'\s,\\)]*\Z")
_KEYS = re.compile(
    # Telegram has "bot" before them in its addresses.
    r"(?:(?<![A-Za-z0-9_])|(?<=bot))(?:"
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
    r"dckr_pat_[A-Za-z0-9_-]{20,64}|"  # Docker
    r"sq0[a-z]{3}-[A-Za-z0-9_-]{22,64}|"  # Square
    r"lin_(?:api|oauth)_[A-Za-z0-9]{30,64}|"  # Linear
    r"(?<!-)key-[0-9a-f]{32}(?![0-9a-f])|"  # Mailgun
    r"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}"  # Telegram bots
    r")"
)
#: How they begin.
PREFIXES = (
    r"AKIA|ASIA|AIza|ya29\.|GOCSPX-|gh[opusr]_|github_pat_|gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent)-|xox[a-z][.-]|xapp-|"
    r"[rs]k_(?:live|test)_|whsec_|sk-|npm_|pypi-|SG\.|do[opr]_v1_|shp(?:at|ca|pa|ss)_|hf_|hv[sbr]\.|dckr_pat_|sq0[a-z]{3}-|"
    r"lin_(?:api|oauth)_|key-[0-9a-f]{8}|[0-9]{8,10}:AA"
)
_PREFIX = re.compile(r"(?:(?<![A-Za-z0-9_])|(?<=bot))(?:" + PREFIXES + ")")
# Who has the address may write there.
_HOOK = re.compile(
    r"(hooks\.slack\.com/[a-z]{1,20}/)[A-Za-z0-9/]{20,100}|"
    r"(discord(?:app)?\.com/api/(?:v[0-9]{1,2}/)?webhooks/[0-9]{1,24}/)[A-Za-z0-9_-]{8,100}|"
    r"(webhook\.office\.com/webhookb2/)[A-Za-z0-9@/._-]{20,400}"
)
_HOOKS = ("hooks.slack.com/", "/webhook")
# What must occur in front of, or in, a long word for one of them to be there.
_SIGNS = (
    "AKIA", "ASIA", "AIza", "ya29.", "GOCSPX-", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "gldt-",
    "glrt-", "glcbt-", "glptt-", "glft-", "glsoat-", "glagent-", "xox", "xapp-", "k_live_", "k_test_", "sk-",
    "npm_", "pypi-", "SG.", "_v1_", "shpat_", "shpca_", "shppa_", "shpss_", "hf_", "hvs.", "hvb.", "hvr.", ":AA", "dckr_",
    "sq0", "lin_", "key-",
)  # fmt: skip
_IN_FRONT = 16
# Card numbers (ISO/IEC 7812): 13 to 19 digits, as one or in the groups that are printed on them.
_CARD = re.compile(
    r"(?<![A-Za-z0-9])(?<![0-9]\.)(?:[2-6][0-9]{12,18}|"
    r"[2-6][0-9]{3}([ +.\u00a0\u202f-])[0-9]{4}\1[0-9]{4}\1[0-9]{1,4}(?:\1[0-9]{1,3})?|3[0-9]{3}([ +.\u00a0\u202f-])[0-9]{6}\2[0-9]{4,5})"
    r"(?![A-Za-z0-9])(?!\.(?:[1-9]|0[0-9]))"
)
_UUID = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_UUID_LENGTH = 36

# What a text is made of, by kinds of characters: far faster to look through than the text itself.
_AS_DIGITS = bytes(48 if 48 <= code < 58 else 32 for code in range(256))
_AS_KINDS = bytes(48 if 48 <= code < 58 else 97 if code < 128 and chr(code).isalpha() else 32 for code in range(256))
_MIXED = b"a0"
_AS_WORDS = bytes(97 if (chr(code).isalnum() and code < 128) or code in b"_-" else 32 for code in range(256))
# Soft hyphens, joiners, marks of direction and of the order of bytes.
_UNSEEN = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff"
# Letters and signs as wide as a square (Unicode, "Halfwidth and Fullwidth Forms").
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
# What is no ASCII is a question mark.
_BETWEEN_DIGITS = b" +.-?"
_DIGITS_OF_A_CARD = b"0" * 13
#: So many letters, digits, dashes and underscores without a break are a long word.
LONG = 18
_LONG = b"a" * LONG


def hidden(text: str, small: str, bare: bytes, beside: str) -> str:
    """The text without them. ``small`` is the same in small letters, ``bare`` and ``beside`` (its long words) as below."""
    changed = _without_commands(_without_addresses(text), small)
    if changed is not text and changed != text:
        text, small = changed, lowered(changed)
    text = _without_schemes(text, small)
    if "J" in text and "eyJ" in text:
        text = _WEB_TOKEN.sub(MASK, text)
    # The rest of the last one has signs in it that end a word.
    if beside and (_has_prefix(beside) or "whsec_" in text):
        text = _KEYS.sub(MASK, text)
    if any(hook in text for hook in _HOOKS):
        text = _HOOK.sub(r"\1\2\3" + MASK, text)
    text = _without_private_keys(text)
    if "<Cookie " in text:
        text = _JAR.sub(r"\1" + MASK, text)
    if has_card(bare):
        text = _CARD.sub(_card, text)
    return text


def bare(text: str) -> bytes:
    """One byte for each character."""
    return text.encode("ascii", "replace")


def has_card(bare: bytes) -> bool:
    """Whether there may be the number of a card: as many digits as that, with nothing else between them than on cards."""
    return _DIGITS_OF_A_CARD in bare.translate(_AS_DIGITS, _BETWEEN_DIGITS)


def has_long(bare: bytes) -> bool:
    """Whether there is a long word."""
    return _LONG in words_of(bare)


def is_mixed(bare: bytes) -> bool:
    """Whether a digit follows a letter anywhere."""
    return _MIXED in bare.translate(_AS_KINDS)


def words_of(bare: bytes) -> bytes:
    """The same length, in which all characters of words look the same."""
    return bare.translate(_AS_WORDS)


def lowered(text: str) -> str:
    """In small letters of the usual width, and of the same length: some capital letters have small ones that are longer."""
    small = text.lower()
    if len(small) == len(text) and (text.isascii() or not _has_wide(text)):
        return small
    return "".join([low if len(low) == 1 else char for char, low in zip(text, map(str.lower, text))]).translate(_WIDE)


def without_unseen(text: str) -> str:
    """The text without what nobody sees of it; the same object if there is nothing."""
    if text.isascii() or not any(char in text for char in _UNSEEN):
        return text
    return text.translate(dict.fromkeys(map(ord, _UNSEEN)))


def _has_wide(text: str) -> bool:
    # As bytes they all begin alike, and bytes are faster to look through.
    encoded = text.encode("utf-8", "surrogatepass")
    return b"\xef\xbc" in encoded or b"\xef\xbd" in encoded


def is_card(number: str) -> bool:
    """Whether these digits are a card's number: an issuer's beginning, its length, and the right last digit (Luhn's)."""
    return _is_issued(number) and _has_check_digit(number)


def without_keys(lines: List[str]) -> List[str]:
    """Lines of source without those of private keys, of which only some may be shown."""
    told: List[str] = []
    is_inside = False
    waiting = 0
    for line in lines:
        ends = "-----END " in line
        told.append(MASK if (is_inside and not ends) or waiting else _key_line(line))
        waiting -= waiting > 0
        if "PRIVATE KEY" in line:
            is_inside = "-----BEGIN " in line and not ends
        elif "Private-Lines:" in line:
            count = line.partition("Private-Lines:")[2].strip()
            waiting = int(count) if count.isdigit() and len(count) < 4 else 0
    return told


def long_words(text: str, words: bytes) -> str:
    """The long words of a text, each once, with what stands in front where keys have their signs."""
    near: Set[str] = set()
    at = words.find(_LONG)
    while at >= 0:
        end = words.find(b" ", at)
        end = len(words) if end < 0 else end
        near.add(text[at - _IN_FRONT if at > _IN_FRONT else 0 : end])
        at = words.find(_LONG, end)
    return "\n".join(near)


def mixed_places(text: str, bare: bytes, reach: int, most: int) -> str:
    """Where a digit follows a letter, with so much around; all of the text where there are more such places."""
    kinds = bare.translate(_AS_KINDS)
    # One character alone is found at once.
    at = kinds.find(_MIXED) if b"0" in kinds else -1
    if at < 0:
        return ""
    if len(text) <= 4 * reach:
        return text
    near: List[str] = []
    while at >= 0:
        near.append(text[at - reach if at > reach else 0 : at + reach])
        if len(near) > most:
            return text
        at = kinds.find(_MIXED, at + 2)
    return "\n".join(near)


def _has_prefix(beside: str) -> bool:
    return any(sign in beside for sign in _SIGNS) and _PREFIX.search(beside) is not None


def _key_line(line: str) -> str:
    return _KEY_LINE.sub(r"\1" + MASK, line) if len(line) >= 60 else line


def _without_schemes(text: str, small: str) -> str:
    return without([found.span("value") for found in _schemes_in(text, small)], text)


def _schemes_in(text: str, small: str) -> List[Match[str]]:
    found: Dict[int, Match[str]] = {}
    for scheme in _SCHEMES:
        at = small.find(scheme)
        while at >= 0:
            match = _SCHEME.match(small, at) or (_login_at(text, small, at) if scheme == "basic" else None)
            if match is not None and not (at and (small[at - 1].isalnum() or small[at - 1] == "_")):
                found[at] = match
            at = small.find(scheme, at + 1)
    return [found[at] for at in sorted(found)]


def _login_at(text: str, small: str, at: int) -> Optional[Match[str]]:
    """What can be read as user:password (RFC 7617): no word is."""
    found = _LOGIN.match(small, at)
    if found is None:
        return None
    value = text[found.start("value") : found.end("value")].replace("-", "+").replace("_", "/")
    try:
        said = a2b_base64(value + "=" * (-len(value) % 4)).decode()
    except ValueError:
        return None
    user, _, password = said.partition(":")
    is_word = len(value) < _LONGEST_WORD and not said.isascii()
    return found if user and password and said.isprintable() and not is_word else None


def _without_key_ends(text: str) -> str:
    """What stands before the end of a private key whose beginning was cut away."""
    spans: List[Tuple[int, int]] = []
    done = 0
    for found in _KEY_END.finditer(text):
        end = found.start()
        begin = max(done, end - _LONGEST_KEY)
        begin += len(text[begin:end].rstrip(_IN_A_KEY))
        if begin < end and not text.endswith(MASK, 0, end):
            spans.append((begin, end))
            done = end
    return without(spans, text)


def _without_addresses(text: str) -> str:
    if "@" in text and _has_address(text):
        text = _ADDRESS.sub(r"\1:" + MASK + "@", text)
        text = _KEY_IN_ADDRESS.sub(_key_in_address, text)
        if "\\" in text:
            text = _ESCAPED_ADDRESS.sub(r"\1:" + MASK + "@", text)
    return _ADDRESS_IN_ADDRESS.sub(r"\1" + MASK, text) if "%" in text and "%40" in text else text


def _has_address(text: str) -> bool:
    """Whether an @ may belong to an address."""
    at = text.find("@")
    while at >= 0:
        before = text[at - _LONGEST_LOGIN if at > _LONGEST_LOGIN else 0 : at]
        if "://" in before or ":\\/\\/" in before:
            return True
        at = text.find("@", at + 1)
    return False


def _without_commands(text: str, small: str) -> str:
    spans: List[Tuple[int, int]] = []
    for program, login in _LOGINS:
        if program in small:
            spans += [found.span(2) for found in login.finditer(text)]
    return without(sorted(spans), text)


def _without_private_keys(text: str) -> str:
    if "PRIVATE KEY" in text:
        text = _without_key_ends(_PRIVATE_KEY.sub(MASK, text))
    return _PUTTY_KEY.sub(r"\1\n" + MASK, text) if "Private-Lines:" in text else text


def _key_in_address(found: Match[str]) -> str:
    return "://" + MASK + "@" if telling.looks_random(found.group(2)) else found.group(0)


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
