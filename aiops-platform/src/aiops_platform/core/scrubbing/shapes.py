"""What looks like a secret wherever it stands: credentials in addresses and headers, web tokens, keys, cards.

Each pattern is tried only where a quick look says that it may be there, and takes time in proportion to the text.
"""

import re
from typing import Final

MASK: Final = "[hidden]"

# user:password@ (RFC 3986, 3.2.1). One that was not encoded may hold a slash; what comes after a port is a path.
_ADDRESS: Final = re.compile(
    r"(://[^\s:/@'\"]{0,256}):(?![0-9]{1,5}[/?#])[^\s@'\"<>]{1,256}(?:@[^\s@/'\"<>]{0,64}){0,4}@(?=[\w\[])"
)
_ESCAPED_ADDRESS: Final = re.compile(r"(:\\/\\/[^\s:/@'\"\\]{0,256}):[^\s/'\"<>]{1,256}@")
_KEY_IN_ADDRESS: Final = re.compile(r"(://)(?=[^\s@]{0,256}[0-9])[^\s:/@'\"<>?#]{16,256}@(?=[\w\[])")
_ADDRESS_IN_ADDRESS: Final = re.compile(
    r"(%3a%2f%2f[^\s:/@'\"%]{0,256}%3a)(?:[^\s/'\"<>&%]|%(?!40|2f)[0-9a-f]{2}){1,256}(?=%40)", re.IGNORECASE
)
# What programs are told behind -u, -p and -a, and databases of new users.
_LOGINS: Final = (
    (
        "curl",
        re.compile(
            r"(?<![\w-])((?:-u|--user|--proxy-user)[\s=\"',]{0,8}[^\s:\"']{1,128}:)"
            r"(?![0-9]{1,5}(?:\s|\Z))[^\s\"']{1,256}"
        ),
    ),
    ("sshpass", re.compile(r"(sshpass[\"']?,? [\"']?-p[\"', ]{0,4})[^\s\"']{1,256}")),
    ("mysql", re.compile(r"(mysql\w{0,20}[^\n|;]{0,200}?[\s\"']-p[\"']?)[^\s\"',=-][^\s\"']{0,256}")),
    ("redis-cli", re.compile(r"(redis-cli[^\n|;]{0,200}?[\s\"']-a[\"', ]{1,4})[^\s\"']{1,256}")),
    (
        "identified by",
        re.compile(r"(IDENTIFIED BY (?:PASSWORD )?[\"']?|identified by (?:password )?[\"'])[^\s\"';]{1,256}"),
    ),
)
# RFC 9110, 11.4. They have digits or are long: "Basic authentication" is neither.
_SCHEME: Final = re.compile(
    r"(?<![a-z0-9_])((?:bearer|basic|token)\s{1,8}|bearer[:=]\s{0,4})"
    r"(?=[^\s=]{0,200}[0-9]|[^\s=]{24})[a-z0-9._~+/-]{8,}+={0,2}(?![a-z0-9=])",
    re.IGNORECASE,
)
# RFC 7515 and 7516: the first part is {"… in base 64.
_WEB_TOKEN: Final = re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{5,}+\.[A-Za-z0-9_-]{5,}+(?:\.[A-Za-z0-9_-]*+)*")
# RFC 7468, also of OpenSSH and PGP, and also if the end is missing.
_PRIVATE_KEY_BEGINS: Final = re.compile(r"-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----")
_PRIVATE_KEY_ENDS: Final = re.compile(r"-----END [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----")
# The prefixes that issuers give their keys, from their own documents.
_KEYS: Final = re.compile(
    r"(?<![A-Za-z0-9_])(?:"
    r"(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])|"
    r"AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,512}|GOCSPX-[A-Za-z0-9_-]{20,64}|"
    r"gh[opusr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{22,255}|"
    r"gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent)-[A-Za-z0-9_-]{20,255}|"
    r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,255}|xapp-[A-Za-z0-9-]{10,255}|"
    r"[rs]k_(?:live|test)_[A-Za-z0-9]{10,255}|whsec_[A-Za-z0-9+/=]{16,255}|"
    r"sk-[A-Za-z0-9_-]{20,255}|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,255}|"
    r"SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}|do[opr]_v1_[0-9a-f]{64}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|"
    r"hf_[A-Za-z0-9]{30,64}|hv[sbr]\.[A-Za-z0-9_-]{20,255}|[0-9]{8,10}:AA[A-Za-z0-9_-]{33}"
    r")"
)
_KEY_SIGNS: Final = (
    *("AKIA", "ASIA", "AIza", "ya29.", "GOCSPX-", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-"),
    *("gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glsoat-", "glagent-", "xox", "xapp-", "k_live_", "k_test_"),
    *("whsec_", "sk-", "npm_", "pypi-", "SG.", "_v1_", "shpat_", "shpca_", "shppa_", "shpss_", "hf_", "hvs.", "hvb."),
    *("hvr.", ":AA"),
)
_SHORTEST_KEY: Final = 15
_HOOK: Final = re.compile(r"(hooks\.slack\.com/[a-z]{1,20}/)[A-Za-z0-9/]{20,100}")
# ISO/IEC 7812: 13 to 19 digits, as one or in the groups that are printed on them.
_CARD: Final = re.compile(
    r"(?<![A-Za-z0-9])(?<![0-9]\.)(?:[2-6][0-9]{12,18}|"
    r"[2-6][0-9]{3}([ +.-])[0-9]{4}\1[0-9]{4}\1[0-9]{1,4}(?:\1[0-9]{1,3})?|3[0-9]{3}([ +.-])[0-9]{6}\2[0-9]{4,5})"
    r"(?![A-Za-z0-9])(?!\.(?:[1-9]|0[0-9]))"
)
_IN_UUID: Final = re.compile(r"[0-9A-Fa-f]{4}-\Z")
_AFTER_UUID: Final = re.compile(r"-[0-9A-Fa-f]{4,12}(?![0-9A-Za-z])")
# What a text is made of: far faster to look through than the text itself.
_AS_DIGITS: Final = bytes(48 if 48 <= code < 58 else 32 for code in range(256))
_DIGITS_OF_A_CARD: Final = b"0" * 13
_BETWEEN_DIGITS: Final = b" +.-"


def hidden(text: str, small: str) -> str:
    """The text without them; the same object if there are none. `small` is the same in small letters."""
    text = _without_logins(_without_addresses(text), small)
    if "bearer" in small or "basic" in small or "token" in small:
        text = _SCHEME.sub(r"\1" + MASK, text)
    if "eyJ" in text:
        text = _WEB_TOKEN.sub(MASK, text)
    if len(text) >= _SHORTEST_KEY and any(sign in text for sign in _KEY_SIGNS):
        text = _KEYS.sub(MASK, text)
    if "hooks.slack.com/" in text:
        text = _HOOK.sub(r"\1" + MASK, text)
    if "PRIVATE KEY" in text:
        text = _without_private_keys(text)
    if _DIGITS_OF_A_CARD in text.encode("ascii", "replace").translate(_AS_DIGITS, _BETWEEN_DIGITS):
        text = _CARD.sub(_card, text)
    return text


def is_card(number: str) -> bool:
    """Whether these digits are a card's number: an issuer's beginning, its length, and the right last digit (Luhn's)."""
    return _is_issued(number) and _has_check_digit(number)


def _without_addresses(text: str) -> str:
    if "@" in text:
        if "://" in text:
            text = _KEY_IN_ADDRESS.sub(r"\1" + MASK + "@", _ADDRESS.sub(r"\1:" + MASK + "@", text))
        if ":\\/\\/" in text:
            text = _ESCAPED_ADDRESS.sub(r"\1:" + MASK + "@", text)
    if "%40" in text:
        text = _ADDRESS_IN_ADDRESS.sub(r"\1" + MASK, text)
    return text


def _without_logins(text: str, small: str) -> str:
    for program, login in _LOGINS:
        if program in small:
            text = login.sub(r"\1" + MASK, text)
    return text


def _without_private_keys(text: str) -> str:
    """As many lines are left: others tell where they stood."""
    parts: list[str] = []
    done = 0
    while begins := _PRIVATE_KEY_BEGINS.search(text, done):
        ends = _PRIVATE_KEY_ENDS.search(text, begins.end())
        end = ends.end() if ends else len(text)
        parts += (text[done : begins.start()], MASK + ("\n" + MASK) * text.count("\n", begins.start(), end))
        done = end
    return "".join((*parts, text[done:]))


def _card(found: re.Match[str]) -> str:
    said = found.group(0)
    if not is_card("".join(char for char in said if char.isdigit())):
        return said
    begin, end = found.span()
    in_uuid = _IN_UUID.search(found.string, max(0, begin - 5), begin) or _AFTER_UUID.match(found.string, end)
    return said if in_uuid and " " not in said else MASK


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
