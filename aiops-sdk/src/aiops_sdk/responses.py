"""What the body of an error response says: its message, and the kind of error behind it.

Pure: reading the body off a response, within limits, is the business of the integrations.
"""

from __future__ import annotations

import builtins
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterable, List, Optional, Pattern, Tuple


MAX_MESSAGE = 2_000
"""Characters of a message that are kept."""

_MAX_DEPTH = 4
_MAX_ITEMS = 3
_MAX_FIELD_DEPTH = 6
# What is wrong with all fields together stands under these.
_NO_FIELDS = frozenset({"non_field_errors", "nonFieldErrors", "__all__"})

# The first that says something wins. After the four that every version has known: RFC 9457's and JSON:API's title,
# what Flask's manual shows for HTTP exceptions, and the lists of JSON:API and GraphQL.
_KEYS = ("message", "error", "detail", "msg", "error_description", "description", "title", "errors")


def message_from(body: object) -> Optional[str]:
    """What this decoded JSON body says went wrong, or None if it says nothing that we understand.

    Understands `message`, `error`, `detail` and `msg`, also nested, problem details (RFC 9457), JSON:API, GraphQL,
    OAuth, and what FastAPI, Django REST framework and others say is wrong with the input. At most `MAX_MESSAGE` characters.
    """
    said = _said_by(body, _MAX_DEPTH)
    return said[:MAX_MESSAGE] if said else None


def error_type_from(message: str) -> str:
    """The class of the exception that this text probably comes from: `HTTPError` if nothing tells.

    A name in front of the text counts most, then Python's own wordings, then words that usually mean it.
    """
    text = message[:MAX_MESSAGE].strip()
    return _named_in_front(text) or _worded_by_python(text) or _by_errno(text) or _meant_by(text.lower()) or "HTTPError"


def _said_by(body: object, depth: int) -> Optional[str]:
    if isinstance(body, str):
        return body.strip()[:MAX_MESSAGE] or None
    if depth == 0:
        return None
    if isinstance(body, list):
        return _said_by_all(body, depth)
    if isinstance(body, dict):
        said = _oauth(body) or _first(_said_by(body.get(key), depth - 1) for key in _KEYS)
        return said or _said_of_fields(body.get("errors"), depth - 1) or _said_of_form(body)
    return None


def _said_by_all(bodies: List[object], depth: int) -> Optional[str]:
    said = (_invalid_field(body) or _said_by(body, depth - 1) for body in bodies[:_MAX_ITEMS])
    return "; ".join(text for text in said if text) or None


def _said_of_fields(errors: object, depth: int) -> Optional[str]:
    """What is wrong with each field, under its name, as Rails, Laravel and marshmallow say it."""
    return "; ".join(_invalid(errors, "", depth)[:_MAX_ITEMS]) or None if isinstance(errors, dict) else None


def _said_of_form(body: Dict[object, object]) -> Optional[str]:
    """The same where the whole body is nothing else, as in Django REST framework's answers."""
    inside = body.get("message")
    if isinstance(inside, dict):
        # Flask-RESTful has one text for each argument.
        return _said_of_fields(inside, 1)
    return _said_of_fields(body, _MAX_FIELD_DEPTH) if _is_form(body, _MAX_FIELD_DEPTH) else None


def _is_form(said: object, depth: int) -> bool:
    """Whether this is nothing but fields, at any depth, and lists of sentences about them."""
    if depth == 0:
        return False
    if isinstance(said, dict):
        return bool(said) and all(
            isinstance(each, (list, dict)) and _is_form(each, depth - 1) for each in said.values()
        )
    if not isinstance(said, list) or not said:
        return False
    # Of a list of objects, those that are right are told as empty ones.
    return all(each == {} or _is_sentence(_text_of(each)) or _is_form(each, depth - 1) for each in said[:_MAX_ITEMS])


def _is_sentence(text: Optional[str]) -> bool:
    """More than a word, so that lists of anything else are none."""
    return text is not None and (" " in text.strip() or text.endswith((".", "!", "。")))


def _text_of(said: object) -> Optional[str]:
    """A text, or what has a code besides."""
    text = said.get("message") if isinstance(said, dict) and "code" in said else said
    return text if isinstance(text, str) else None


def _invalid(said: object, way: str, depth: int) -> List[str]:
    text = _text_of(said)
    if text is not None:
        text = text.strip()[:MAX_MESSAGE]
        return ["{}: {}".format(way, text) if way else text] if text else []
    if depth == 0:
        return []
    if isinstance(said, list):
        return [text for each in said[:_MAX_ITEMS] for text in _invalid(each, way, depth - 1)]
    if not isinstance(said, dict):
        return []
    fields = [(name[:100], each) for name, each in list(said.items())[:_MAX_ITEMS] if isinstance(name, str)]
    return [text for name, each in fields for text in _invalid(each, _further(way, name), depth - 1)]


def _further(way: str, name: str) -> str:
    # Which one of a list it was, differs from one request to the next.
    return way if name in _NO_FIELDS or name.isdigit() else (way and way + ".") + name


def _first(texts: Iterable[Optional[str]]) -> Optional[str]:
    return next((text for text in texts if text), None)


def _oauth(body: Dict[object, object]) -> Optional[str]:
    """RFC 6749: `error` is a code, `error_description` says it to people; both are worth telling."""
    code, description = body.get("error"), body.get("error_description")
    if not isinstance(code, str) or not isinstance(description, str) or "message" in body:
        return None
    return ": ".join(part for part in (code.strip(), description.strip()) if part) or None


def _invalid_field(body: object) -> Optional[str]:
    """One entry of FastAPI's and pydantic's list: `loc` is the way to the field, `msg` is what is wrong with it."""
    if not isinstance(body, dict) or not isinstance(body.get("msg"), str) or not isinstance(body.get("loc"), list):
        return None
    way = ".".join(str(step)[:100] for step in body["loc"][:10] if isinstance(step, (str, int)))
    return ": ".join(part for part in (way, body["msg"].strip()) if part) or None


_NAME_IN_FRONT = re.compile(r"(?:[A-Za-z_]\w*\.)*([A-Z]\w*)(?:: |\(|$)")


def _named_in_front(text: str) -> Optional[str]:
    """`ValueError: …`, or a repr such as `ValueError('…')`: only what Python itself has under that name.

    `Exception` tells nothing, and warnings are hardly ever raised: people write "Warning: …" in front of anything.
    """
    found = _NAME_IN_FRONT.match(text)
    named = getattr(builtins, found.group(1), None) if found else None
    if not isinstance(named, type) or not issubclass(named, Exception):
        return None
    return None if named is Exception or issubclass(named, Warning) else named.__name__


def _worded_by_python(text: str) -> Optional[str]:
    return _first(error_type if pattern.search(text) else None for error_type, pattern in _PYTHON_WORDINGS)


_ERRNO = re.compile(r"\[Errno (\d{1,5})\] ")


def _by_errno(text: str) -> Optional[str]:
    """`[Errno 2] No such file…`: Python itself knows which class it raises for a number."""
    found = _ERRNO.search(text)
    if found is None:
        return None
    raised = type(OSError(int(found.group(1)), ""))
    return "ConnectionError" if issubclass(raised, ConnectionError) else raised.__name__


def _meant_by(lowered: str) -> Optional[str]:
    return _first(error_type if pattern.search(lowered) else None for error_type, pattern in _WORDS)


def _patterns(*rules: Tuple[str, str]) -> Tuple[Tuple[str, Pattern[str]], ...]:
    """In a rule, a leading `^` also means: after a colon, since an app often puts its own words before `str(exc)`."""
    return tuple((error_type, re.compile(_LEADING.sub("(?:^|: )", rule), re.DOTALL)) for error_type, rule in rules)


_LEADING = re.compile(r"(?<!\[)\^")

# What str() of Python's own exceptions looks like, 3.8 to 3.14.
_PYTHON_WORDINGS = _patterns(
    ("KeyError", r"\A(?:'[^']*'|\"[^\"]*\")\Z"),  # str(KeyError("x")) is nothing but the quoted key
    ("KeyError", r"^['\"]?(?:popitem\(\): \w+ is empty|pop from an empty set)"),
    ("ZeroDivisionError", r"\b(?:division|modulo) by zero|\bdivision or modulo by zero|^float (?:modulo|divmod\(\))\Z"),
    ("ZeroDivisionError", r"\bcannot be raised to a negative power\Z"),
    ("RecursionError", r"\bmaximum recursion depth exceeded"),
    ("UnboundLocalError", r"^local variable '\w+' referenced before assignment"),
    ("UnboundLocalError", r"^cannot access local variable '\w+' where it is not"),
    ("NameError", r"^name '\w+' is not defined|^(?:cannot access )?free variable '\w+' "),
    ("ModuleNotFoundError", r"^No module named "),
    ("ImportError", r"^cannot import name '|^attempted relative import "),
    ("AttributeError", r"\b(?:object|module '[^']*'|type object '[^']*') has no attribute '"),
    ("AttributeError", r"^can't (?:set|delete) attribute|^property .{0,200} has no (?:setter|deleter|getter)\Z"),
    ("UnicodeDecodeError", r"^'[\w-]+' codec can't decode "),
    ("UnicodeEncodeError", r"^'[\w-]+' codec can't encode "),
    ("TypeError", r"\bobject is not (?:subscriptable|iterable|callable|reversible|an? |JSON serializable)"),
    ("TypeError", r"^'[^']*' object (?:does not support|doesn't support|cannot be interpreted as) "),
    ("TypeError", r"^type '[^']*' is not subscriptable|^Object of type \S+ is not JSON serializable"),
    ("TypeError", r"^object of type '[^']*' has no len\(\)|^argument of type '[^']*' is not "),
    ("TypeError", r"^(?:unsupported|bad) operand type|\bnot supported between instances of '"),
    ("TypeError", r"^unhashable type: |^cannot use '[^']*' as a |^cannot unpack non-iterable "),
    ("TypeError", r"^can only (?:concatenate|join|assign) |^must be .{1,200}, not \w+\Z"),
    ("TypeError", r"\(\) (?:missing \d+ required |takes |got an unexpected keyword|got multiple values|got some pos)"),
    ("TypeError", r"\bargument must be .{1,200}, not '?[\w.]+'?\Z|\bargument after \*\*? must be "),
    (
        "TypeError",
        r"\bindices must be integers|: expected (?:a )?[\w-]+ (?:instance|object), \w+ found\Z|^can't concat ",
    ),
    ("TypeError", r"\bkeywords must be strings\Z|\bexpected (?:(?:at most|at least|exactly) )?\d+ arguments?, got \d"),
    ("TypeError", r"\bbytes-like object(?: is required|, got|\Z)|^expected str, bytes or os\.PathLike object"),
    ("TypeError", r"^not (?:all|enough) arguments (?:converted|for format)|^%\w format: |^exceptions must derive "),
    ("TypeError", r"^can't (?:compare|subtract) offset-|^Can't instantiate abstract class "),
    ("JSONDecodeError", r": line \d+ column \d+ \(char \d+\)\Z"),
    ("ValueError", r"^invalid literal for \w+\(\)|^could not convert string to |^Exceeds the limit \(\d+"),
    ("ValueError", r"^(?:not enough|too many) values to unpack|^substring not found\Z|^math domain error\Z"),
    ("ValueError", r"\bis not in (?:list|tuple|deque)\Z|: x not in (?:list|tuple|deque)\Z"),
    ("ValueError", r"^time data .{1,200} does not match format|^unconverted data remains|^Invalid isoformat string: "),
    (
        "ValueError",
        r"^day is out of range for month\Z|^(?:month|hour|minute|second) must be in \d|^year .{1,50} out of range",
    ),
    (
        "ValueError",
        r"^(?:max|min)\(\) .{0,20}(?:empty sequence|is empty)\Z|^empty range |^I/O operation on closed file",
    ),
    ("ValueError", r"^badly formed hexadecimal UUID|^embedded null |^non-hexadecimal |^Unknown format code "),
    ("IndexError", r"\b(?:list|tuple|string|bytearray|range object|array|deque)(?: assignment)? index out of range"),
    ("IndexError", r"^pop (?:from (?:an )?empty (?:list|deque|bytearray)|index out of range)"),
    ("IndexError", r"^Cannot choose from an empty sequence\Z|^Replacement index \d+ out of range"),
    (
        "OverflowError",
        r"^math range error\Z|^(?:Python )?int too large to |^cannot convert float infinity|^date value out of",
    ),
    ("RuntimeError", r"\b(?:changed|mutated)(?: size| keys)? during iteration\Z|^generator raised StopIteration\Z"),
    (
        "RuntimeError",
        r"^Working outside of \w+ context|^no running event loop|^Event loop is closed|^can't start new thread",
    ),
    ("EOFError", r"^EOF when reading a line\Z|^Ran out of input\Z"),
    ("MemoryError", r"^Unable to allocate [\d.]+ \w+ for an array"),
)

# WIRE's list in its order, for the text in lower case; after each what says the same in other words.
_WORDS = _patterns(
    ("AttributeError", r"nonetype|object has no attribute"),
    # Not "API key 'x' not found", which is about no dictionary.
    (
        "KeyError",
        r"keyerror|(?<!api )(?<!access )(?<!secret )\bkey (?:'[^']*'|\"[^\"]*\") not found|^key \w+ not found",
    ),
    ("TypeError", r"typeerror|^type error\b"),
    ("ValueError", r"valueerror|^value error\b"),
    ("IndexError", r"indexerror|list index out of range"),
    ("ConnectionError", r"connection.*(?:refused|failed|reset)|(?:refused|failed|reset).*connection"),
    ("ConnectionError", r"connectionerror|max retries exceeded with url|name or service not known|broken pipe"),
    # Not "timeout must be a number", which is about a setting.
    ("TimeoutError", r"timeout(?! (?:must|should|setting|value|parameter|option|field)\b)|\btimed out\b"),
    ("PermissionError", r"permission|access denied"),
    ("AuthenticationError", r"authentication|bad auth"),
    ("DatabaseError", r"operationfailure|pymongo|mongoerror"),
    ("IntegrityError", r"integrityerror|unique constraint|duplicate key"),
    ("IntegrityError", r"\bconstraint failed\b|\bviolates [\w-]+(?: \w+)? constraint\b|\bduplicate entry '"),
    ("DatabaseError", r"operationalerror.*(?:database|sql)|(?:database|sql).*operationalerror"),
    ("DatabaseError", r"^no such (?:table|column): |^database is locked|^unable to open database file"),
)
