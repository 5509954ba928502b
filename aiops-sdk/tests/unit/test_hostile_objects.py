"""Whatever is handed to it, the SDK raises nothing, is not held up, and reports it as what it is."""

from __future__ import annotations

import sys
import threading
from typing import Any, Callable, Dict, Iterator, List, Optional

import pytest
from events import DEADLINE, ExceptionGroup, HandMadeTransport, a_client, a_record, raised, wait_until
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiops_sdk import hostile
from aiops_sdk.client import Client

HUNDRED_MEGABYTES = "x" * 100_000_000


class Host:
    """A program that hands things to the SDK, and sees what arrives. Errors of the SDK are heard: its guard is open."""

    def __init__(self) -> None:
        self._transport = HandMadeTransport()
        self.client: Client = a_client(self._transport)

    def reports(self, thing: Any) -> Dict[str, Any]:
        """The event that tells of it."""
        return self._event(self.client.capture_exception(thing))

    def logs(self, **fields: Any) -> Dict[str, Any]:
        """The event of such a record."""
        record = a_record("logged")
        record.__dict__.update(fields)
        return self._event(self.client.capture_log(record))

    def _event(self, event_id: Optional[str]) -> Dict[str, Any]:
        assert event_id is not None
        assert self.client.flush(DEADLINE)
        (event,) = [body for body in self._transport.bodies if body["event_id"] == event_id]
        assert self.client.stats()["dropped"] == {}
        return event


@pytest.fixture
def host() -> Iterator[Host]:
    made = Host()
    yield made
    made.client.close(DEADLINE)


# What an object can answer, whatever it is asked.


def fails(*_: Any) -> Any:
    raise ZeroDivisionError


def stops(*_: Any) -> Any:
    raise SystemExit(3)


def interrupts(*_: Any) -> Any:
    raise KeyboardInterrupt


def recurses(*_: Any) -> Any:
    return _deeper(0)


def _deeper(depth: int) -> Any:
    # With a parameter of its own: Python 3.13.0 sets no limit to the recursion of what takes any number of them.
    return _deeper(depth + 1)


def lies(*_: Any) -> Any:
    return 42


def says_nothing(*_: Any) -> Any:
    return None


def says_half_a_pair(*_: Any) -> str:
    return "\ud800"


ANSWERS = [fails, stops, interrupts, recurses, lies, says_nothing, says_half_a_pair]
METHODS = (
    *(
        "__str__",
        "__repr__",
        "__getattr__",
        "__getattribute__",
        "__eq__",
        "__hash__",
        "__bool__",
        "__len__",
        "__iter__",
    ),
    *("__format__", "__reduce__", "__sizeof__", "__dir__", "__int__", "__index__", "__call__", "__fspath__", "__lt__"),
)
ATTRIBUTES = (
    *(
        "__class__",
        "__dict__",
        "__cause__",
        "__context__",
        "__suppress_context__",
        "__traceback__",
        "__notes__",
        "args",
    ),
    *("with_traceback", "errno", "filename", "exceptions", "msg"),
)
QUESTIONS = (*METHODS, *ATTRIBUTES)


class Meta(type):
    """A class of classes that fail wherever they are asked something."""

    __hash__ = fails
    __eq__ = fails
    __instancecheck__ = fails
    __subclasscheck__ = fails
    __getattribute__ = fails
    __repr__ = fails


def a_class(answers: Dict[str, Callable[..., Any]], base: type = Exception, meta: type = type) -> Any:
    names = {name: property(answer) if name in ATTRIBUTES else answer for name, answer in answers.items()}
    return meta("Hostile", (base,), names)


def an_exception(answers: Dict[str, Callable[..., Any]], base: type = Exception, *args: Any) -> BaseException:
    kind = a_class(answers, base)
    return kind.__new__(kind, *args)  # type: ignore[no-any-return]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.__name__)
@pytest.mark.parametrize("question", QUESTIONS)
def test_an_exception_may_answer_each_question_as_it_likes(host: Host, question: str, answer: Callable[..., Any]):
    event = host.reports(raised(an_exception({question: answer})))
    assert (event["error_type"], event["signal_type"]) == ("Hostile", "exception")
    assert event["exceptions"][0]["frames"][-1]["function"] == "raised"


@pytest.mark.parametrize(
    "base", [OSError, KeyError, SyntaxError, ImportError, UnicodeDecodeError, StopIteration, str, object]
)
def test_an_argument_may_answer_as_it_likes(host: Host, base: Any):
    argument = a_class(dict.fromkeys(METHODS, fails), object if issubclass(base, BaseException) else base)()
    assert host.reports(ValueError(argument))["message"] == "<ValueError without a usable text>"
    assert host.reports(ValueError("a", [argument]))["message"] == "<ValueError without a usable text>"


def test_attributes_of_python_s_own_exceptions_may_be_anything(host: Host):
    rude = a_class(dict.fromkeys(METHODS, fails), object)()
    missing = OSError(2, "No such file", rude)
    missing.errno = rude
    unreadable = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "why")
    unreadable.reason = unreadable.encoding = rude
    wrong = SyntaxError("wrong", ("a.py", 1, 2, "x"))
    wrong.msg = wrong.filename = wrong.lineno = wrong.text = rude
    absent = ImportError("absent")
    absent.msg = rude
    for error in (missing, unreadable, wrong):
        assert "without a usable text" in host.reports(raised(error))["message"]
    assert host.reports(raised(absent))["message"] in ("absent", "<ImportError without a usable text>")


def test_a_class_of_classes_may_fail_wherever_it_is_asked(host: Host):
    kind = Meta("Hostile", (Exception,), {})
    # Not raised: Python itself would trip over it.
    assert host.reports(type.__call__(kind, "it broke"))["message"] == "it broke"
    assert host.reports(raised(ValueError(type.__call__(Meta("Argument", (), {})))))["error_type"] == "ValueError"
    assert host.reports(kind)["error_type"] == "Hostile"


def test_the_names_of_a_class_may_be_anything(host: Host):
    class Name(str):
        __slots__ = ()
        __str__ = __len__ = __eq__ = __hash__ = __getitem__ = fails

    kind = type("Hostile", (Exception,), {"__module__": Name("m"), "__qualname__": "\ud800"})
    kind.__name__ = Name("ä" * 10_000)
    event = host.reports(raised(kind("it broke")))
    assert event["error_type"] == "ä" * 511 + "…"


def test_what_an_exception_keeps_may_be_a_dict_of_its_own_making(host: Host):
    class Names(Dict[str, Any]):
        get = __getitem__ = __setitem__ = __contains__ = fails

    error = ValueError("it broke")
    error.__dict__ = Names()
    assert host.reports(raised(error))["message"] == "it broke"
    assert host.client.capture_exception(error) is None


def test_code_may_run_with_names_of_its_own_making(host: Host):
    class Names(Dict[str, Any]):
        get = __contains__ = fails

    for names in (Names(), Names(__name__=42, __loader__=Meta("Loader", (), {})), {"__name__": "\ud800"}):
        with pytest.raises(ZeroDivisionError) as info:
            exec(compile("1 / 0", "<\ud800>", "exec"), names)
        frame = host.reports(info.value)["exceptions"][0]["frames"][-1]
        assert (frame["file"], frame["line"]) == ("<\\ud800>", 1)


def test_a_text_that_never_comes_is_waited_for_shortly_and_not_often(host: Host):
    release = threading.Event()
    waits = a_class({"__str__": lambda _: str(release.wait(DEADLINE))})
    try:
        events = [host.reports(raised(waits())) for _ in range(hostile.STUCK_LIMIT + 3)]
    finally:
        release.set()
    assert {event["message"] for event in events} == {"<Hostile without a usable text>"}
    wait_until(lambda: hostile.answer_of(lambda: "loose") == "loose", "the stuck calls to come loose")


# Chains and groups.


def test_causes_may_go_in_circles(host: Host):
    first, second = raised(ValueError("first")), raised(ValueError("second"))
    first.__cause__, second.__cause__ = second, first
    first.__context__, second.__context__ = second, first
    assert [info["value"] for info in host.reports(first)["exceptions"]] == ["first", "second"]


def test_of_a_long_chain_the_nearest_fifty_are_told(host: Host):
    error = raised(ValueError("0"))
    for number in range(1, 2_000):
        newer = raised(ValueError(str(number)))
        newer.__cause__ = error
        error = newer
    infos = host.reports(error)["exceptions"]
    assert (len(infos), infos[0]["value"], infos[-1]["value"]) == (50, "1999", "1950")


def test_groups_may_be_deep_and_large_and_their_members_hostile(host: Host):
    group: Any = ExceptionGroup("innermost", [an_exception(dict.fromkeys(METHODS, fails))])
    for depth in range(200):
        group = ExceptionGroup(str(depth), [group, *(ValueError(number) for number in range(20))])
    event = host.reports(raised(group))
    assert event["error_type"] == "ExceptionGroup"
    assert len(event["exceptions"]) == 50


@pytest.mark.parametrize("depth", [1_000, 10_000])
def test_a_traceback_may_be_deep(host: Host, depth: int):
    def fall(left: int) -> None:
        if left:
            fall(left - 1)
        raise ValueError("deep")

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(30_000)
    threading.stack_size(256 * 1024 * 1024)
    caught: List[BaseException] = []

    def run() -> None:
        try:
            fall(depth)
        except ValueError as error:
            caught.append(error)

    try:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join(DEADLINE)
    finally:
        threading.stack_size(0)
        sys.setrecursionlimit(limit)
    event = host.reports(caught[0])
    assert (event["message"], len(event["exceptions"][0]["frames"])) == ("deep", 100)


# Large ones.


@pytest.mark.parametrize(
    "error",
    [
        ValueError(HUNDRED_MEGABYTES),
        ValueError(HUNDRED_MEGABYTES, 1),
        ValueError([HUNDRED_MEGABYTES]),
        ValueError(HUNDRED_MEGABYTES.encode()),
        ValueError("ä" * 50_000_000),
        KeyError(HUNDRED_MEGABYTES),
        OSError(2, HUNDRED_MEGABYTES),
        OSError(2, "No such file", HUNDRED_MEGABYTES),
        ImportError(HUNDRED_MEGABYTES),
        ValueError(list(range(1_000_000))),
        ValueError(10**100_000),
        type("Large", (Exception,), {"__str__": lambda _: HUNDRED_MEGABYTES})(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_huge_text_is_cut(host: Host, error: Exception):
    event = host.reports(error)
    assert 0 < len(event["message"]) <= 8_192


def test_huge_texts_in_a_log_line_are_cut(host: Host):
    assert len(host.logs(msg="%s and %s", args=(HUNDRED_MEGABYTES, 1))["message"]) <= 8_192
    assert len(host.logs(msg=HUNDRED_MEGABYTES, args=None)["message"]) == 8_192
    assert len(host.logs(exc_text=HUNDRED_MEGABYTES)["stack_trace"]) < 70_000


@pytest.mark.parametrize(
    "field", ["msg", "args", "exc_info", "exc_text", "stack_info", "name", "levelname", "pathname"]
)
def test_a_record_may_hold_what_answers_as_it_likes(host: Host, field: str):
    rude = a_class({**dict.fromkeys(METHODS, fails), "__class__": fails}, object)()
    if field == "name":
        rude = "shop"
    assert host.logs(**{field: rude})["signal_type"] == "log_error"


# What is no exception.


def test_a_text_is_reported_as_a_message(host: Host):
    event = host.reports("the payment was refused")
    assert (event["error_type"], event["message"], event["signal_type"]) == (
        "Message",
        "the payment was refused",
        "exception",
    )
    assert event["exceptions"][0]["frames"][-1]["function"] == "reports"
    assert event["stack_trace"].endswith("Message: the payment was refused\n")


def test_a_class_is_said_to_be_one(host: Host):
    event = host.reports(ValueError)
    assert (event["error_type"], event["message"]) == (
        "ValueError",
        "the class itself was handed over, and not an exception",
    )


@pytest.mark.parametrize(
    ("thing", "kind", "message"),
    [
        (42, "int", "42"),
        (None, "NoneType", "None"),
        (b"x", "bytes", "b'x'"),
        ((1, 2), "tuple", "(1, 2)"),
        (ValueError.__mro__, "tuple", None),
        (len, "builtin_function_or_method", "<built-in function len>"),
        (Meta("Hostile", (), {}), "Meta", "<Meta without a usable text>"),
        (a_class({**dict.fromkeys(METHODS, fails), "__class__": fails}, object)(), "Hostile", None),
    ],
    ids=lambda _: "",
)
def test_anything_else_is_reported_as_what_it_is(host: Host, thing: Any, kind: str, message: Optional[str]):
    event = host.reports(thing)
    assert event["error_type"] == kind
    assert message is None or event["message"] == message


def test_what_the_interpreter_says_of_the_current_exception_is_understood(host: Host):
    try:
        raise ValueError("being handled")
    except ValueError:
        assert host.reports(sys.exc_info())["message"] == "being handled"
    assert host.client.capture_exception((None, None, None)) is None


# Made up.

arguments = (
    st.none()
    | st.integers()
    | st.text(max_size=10)
    | st.binary(max_size=5)
    | st.sampled_from(METHODS).map(lambda name: (name,))
)
recipes = st.tuples(
    st.dictionaries(st.sampled_from(QUESTIONS), st.sampled_from(ANSWERS), max_size=4),
    st.sampled_from(
        [Exception, ValueError, KeyError, OSError, ImportError, SyntaxError, StopIteration, AssertionError]
    ),
    st.lists(arguments, max_size=3),
    # Its cause and its context: one of the others, or itself, or none.
    st.none() | st.integers(0, 3),
    st.none() | st.integers(0, 3),
)


def made(answers: Dict[str, Callable[..., Any]], base: type, args: List[Any]) -> BaseException:
    """By the test, not by Hypothesis: that would look at it."""
    return an_exception(
        answers, base, *(a_class({arg[0]: fails}, object)() if type(arg) is tuple else arg for arg in args)
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(recipes, min_size=1, max_size=4))
def test_whatever_is_thrown_is_reported(host: Host, given: Any):
    errors = [made(answers, base, args) for answers, base, args, _, _ in given]
    for error, (*_, cause, context) in zip(errors, given):
        for link, other in (("__cause__", cause), ("__context__", context)):
            # The interpreter's own way: these may answer as they like.
            BaseException.__dict__[link].__set__(error, None if other is None else errors[other % len(errors)])
    event_id = host.client.capture_exception(raised(errors[0]))
    assert event_id is not None
    assert host.client.flush(DEADLINE)
    assert host.client.stats()["dropped"] == {}
