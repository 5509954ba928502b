"""A traceback in words becomes exceptions and frames again."""

import sys
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import a_sample, an_event

from aiops_platform.core.event import ExceptionInfo, Frame, Relation, SourceContext
from aiops_platform.core.traceback_text import is_in_app, print_traceback, read_traceback


def told(failing) -> str:
    try:
        failing()
    except BaseException:
        return traceback.format_exc()
    raise AssertionError("it did not fail")


def test_the_frames_are_those_of_the_traceback():
    (exception,) = read_traceback(a_sample("old-exception-process")["stack_trace"])
    assert (exception.type, exception.value) == ("KeyError", "'plum'")
    assert [(frame.function, frame.line) for frame in exception.frames] == [
        ("<module>", 31),
        ("main", 27),
        ("take", 12),
    ]
    assert exception.frames[-1].source is not None
    assert exception.frames[-1].source.line == "return STOCK[fruit]"


def test_a_chain_is_told_from_the_reported_exception_down():
    exceptions = read_traceback(a_sample("exception-chain")["stack_trace"])
    assert [each.type for each in exceptions] == ["OrderFailed", "KeyError", "ConnectionRefusedError"]
    assert [each.parent for each in exceptions] == [None, 0, 1]
    assert [each.relation for each in exceptions] == [None, Relation.CAUSE, Relation.CONTEXT]
    assert exceptions[0].module == "orders"


def test_a_message_of_many_lines_is_kept_whole():
    def failing():
        raise ValueError("one\n  two\n\nthree: four")

    assert read_traceback(told(failing))[0].value == "one\n  two\n\nthree: four"


def test_an_exception_without_a_message_has_its_type():
    def failing():
        raise KeyError

    (exception,) = read_traceback(told(failing))
    assert (exception.type, exception.value) == ("KeyError", "")


def test_a_recursion_is_read_with_its_repeated_lines_left_out():
    def failing():
        failing()

    (exception,) = read_traceback(told(failing))
    assert exception.type == "RecursionError"
    assert {frame.function for frame in exception.frames} == {"told", "failing"}


@pytest.mark.skipif(sys.version_info < (3, 11), reason="groups are printed since 3.11")
def test_a_group_is_read_with_its_members():
    def raised(error):
        try:
            raise error
        except Exception as caught:
            return caught

    def failing():
        inner = raised(ExceptionGroup("inner", [raised(OSError("c")), KeyError("never raised")]))
        try:
            raise ExceptionGroup("several", [raised(ValueError("a")), inner, raised(OSError("d"))])
        except ExceptionGroup as group:
            raise RuntimeError("after it") from group

    exceptions = read_traceback(told(failing))
    assert [(each.type, each.parent, each.relation) for each in exceptions] == [
        ("RuntimeError", None, None),
        ("ExceptionGroup", 0, Relation.CAUSE),
        ("ValueError", 1, Relation.MEMBER),
        ("ExceptionGroup", 1, Relation.MEMBER),
        ("OSError", 3, Relation.MEMBER),
        ("KeyError", 3, Relation.MEMBER),
        ("OSError", 1, Relation.MEMBER),
    ]
    assert exceptions[1].value == "several (3 sub-exceptions)"
    assert exceptions[1].frames[-1].function == "failing"
    assert exceptions[4].frames[-1].function == "raised"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="groups are printed since 3.11")
def test_a_drawing_without_end_is_read_to_some_depth():
    head = "  + Exception Group Traceback (most recent call last):\n  | ExceptionGroup: g\n"
    drawn = "".join(
        f"{'  ' * depth}+-+{'-' * 16} 1 {'-' * 16}\n{'  ' * (depth + 1)}| E: x\n" for depth in range(1, 1500)
    )
    assert 10 < len(read_traceback(head + drawn)) < 100


def test_a_syntax_error_is_read():
    (exception,) = read_traceback(told(lambda: compile("1 +", "made-up", "exec")))
    assert exception.type == "SyntaxError"


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("/srv/shop/orders.py", True),
        ("C:\\shop\\orders.py", True),
        ("/srv/shop/venv/lib/python3.11/site-packages/flask/app.py", False),
        ("/usr/lib/python3/dist-packages/requests/api.py", False),
        ("/usr/lib/python3.11/json/decoder.py", False),
        ("C:\\Python311\\Lib\\json\\decoder.py", False),
        ("D:\\Lib\\work\\shop\\src\\orders.py", True),
        ("D:\\work\\src\\python\\Lib\\json\\decoder.py", False),
        ("/usr/lib64/python3.12/json/decoder.py", False),
        ("pandas/_libs/index.pyx", False),
        ("/srv/lib/orders.py", True),
        ("Lib/orders.py", True),
        ("/srv/Lib", True),
        ("/srv/site-packages", True),
        ("", True),
        ("<ipython-input-3-abc>", True),
        ("<frozen importlib._bootstrap>", False),
        ("<stdin>", True),
    ],
)
def test_a_path_tells_whether_code_is_the_applications_own(file, expected):
    assert is_in_app(file) is expected


def test_only_the_end_of_an_endless_path_is_looked_at():
    assert is_in_app("/Lib/" * 1_000_000 + "src/orders.py")
    assert not is_in_app("/srv/" * 1_000_000 + "site-packages/flask/app.py")
    assert is_in_app("/site-packages/" + "x/" * 1_000_000 + "orders.py")


@pytest.mark.parametrize("text", ["", "Error: at foo (app.js:3:4)\n    at bar (app.js:9:1)", "Traceback"])
def test_what_is_no_traceback_has_no_exceptions(text):
    assert read_traceback(text) == ()


lines = st.sampled_from(
    [
        "Traceback (most recent call last):",
        '  File "a.py", line 1, in f',
        "    x = 1",
        "ValueError: a",
        "",
        "  | x",
        "  + y",
        "During handling of the above exception, another exception occurred:",
        "    ~~^^",
        "x" * 50,
        "  +-+---- 1 ----",
    ]
)


@given(st.lists(lines, max_size=30))
def test_any_text_is_read_into_a_chain_whose_parents_come_first(told_lines):
    for number, exception in enumerate(read_traceback("\n".join(told_lines))):
        assert exception.parent == (number - 1 if number else None)


def infos(error: BaseException) -> list[ExceptionInfo]:
    """What a client tells of an exception."""
    found: list[ExceptionInfo] = []

    def add(told: traceback.TracebackException, parent: int | None, relation: Relation | None) -> None:
        number = len(found)
        frames = tuple(
            Frame(file=each.filename, function=each.name, line=each.lineno, source=SourceContext(line=each.line or ""))
            for each in told.stack
        )
        said = "".join(told.format_exception_only()).splitlines()[0]
        name, _, value = said.partition(": ")
        module, _, kind = name.rpartition(".")
        notes = tuple(told.__notes__ or ())
        found.append(
            ExceptionInfo(
                type=kind,
                module=module,
                value=value,
                notes=notes,
                frames=frames,
                parent=parent,
                relation=relation,
            )
        )
        if told.__cause__ is not None:
            add(told.__cause__, number, Relation.CAUSE)
        elif told.__context__ is not None and not told.__suppress_context__:
            add(told.__context__, number, Relation.CONTEXT)
        for member in told.exceptions or ():
            add(member, number, Relation.MEMBER)

    add(traceback.TracebackException.from_exception(error), None, None)
    return found


def a_failure() -> None:
    raise KeyError("plum")


def a_chain() -> None:
    try:
        try:
            a_failure()
        except KeyError:
            raise OSError("full")  # noqa: B904 - without a cause, it has a context
    except OSError as error:
        raise RuntimeError("no order") from error


def deep(left: int) -> None:
    if left:
        deep(left - 1)
    raise ValueError("deep")


def a_group() -> None:
    told: list[Exception] = [LookupError("never raised")]
    for each in (a_chain, a_failure):
        try:
            each()
        except Exception as error:
            error.add_note("two\nlines")
            told.append(error)
    try:
        raise ExceptionGroup("inner", told[1:])
    except ExceptionGroup as inner:
        told.insert(1, inner)
    raise ExceptionGroup("outer", told) from told[0]


def a_group_that_ends_with_one() -> None:
    try:
        raise ExceptionGroup("inner", [KeyError(1)])
    except ExceptionGroup as inner:
        raise ExceptionGroup("outer", [OSError("full"), inner]) from None


@pytest.mark.parametrize(
    "failing",
    [
        a_failure,
        a_chain,
        lambda: deep(1),
        lambda: deep(3),
        lambda: deep(4),
        lambda: deep(9),
        a_group,
        a_group_that_ends_with_one,
    ],
)
def test_a_printed_traceback_is_as_python_prints_it(failing):
    try:
        failing()
    except Exception as error:
        told = "".join(traceback.format_exception(error))
        printed = print_traceback(infos(error))
    # But for the marks under the part of a line that ran, which the wire does not tell.
    plain = [
        line for line in told.splitlines() if not set(line) <= set(" |~^") or ("~" not in line and "^" not in line)
    ]
    assert printed.splitlines() == plain
    assert printed.endswith("\n")


@pytest.mark.parametrize("sample", ["exception-chain", "event-everything"])
def test_what_is_printed_is_read_back(sample):
    exceptions = an_event(exceptions=a_sample(sample)["exceptions"]).exceptions
    told = [(each.type, each.module or "builtins", each.parent, each.relation, len(each.frames)) for each in exceptions]
    again = [
        (each.type, each.module or "builtins", each.parent, each.relation, len(each.frames))
        for each in read_traceback(print_traceback(exceptions))
    ]
    assert again == told


def test_what_is_hardly_known_is_printed_all_the_same():
    nothing = ExceptionInfo()
    assert print_traceback([nothing]) == "Exception\n"
    assert print_traceback([]) == ""
    # A parent that could not be read: neither is lost.
    assert print_traceback([ExceptionInfo(type="A"), ExceptionInfo(type="B", value="b")]) == "A\n\nB: b\n"
    frame = ExceptionInfo(type="A", module="__main__", frames=(Frame(file="a.py", function="f"),))
    assert 'File "a.py", line ?, in f\nA\n' in print_traceback([frame])
