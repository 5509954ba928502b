"""The language in which incidents are looked for: what texts say, how trees are written, where mistakes are."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops_platform.core.search import (
    EVERYTHING,
    LONGEST,
    Age,
    And,
    Choice,
    Day,
    Hundreds,
    Moment,
    Not,
    Number,
    Or,
    Pattern,
    SearchError,
    Term,
    Word,
    both,
    either,
    fields,
    parse,
    says_states,
    without,
    written,
)


def text(*pieces):
    return Pattern(pieces)


def word(*pieces):
    return Word(text(*pieces))


def term(field, value):
    return Term(field, text(value) if isinstance(value, str) else value)


DAY = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("", EVERYTHING),
        ("  \n ", EVERYTHING),
        ("timed out", And((word("timed"), word("out")))),
        ('"timed out"', word("timed out")),
        ("checkout() (orders.py)", And((word("checkout()"), word("orders.py")))),
        ("service:shop", term("service", "shop")),
        ("ENVIRONMENT:production", term("env", "production")),
        ("type:*Error", term("type", text("", "Error"))),
        (r"message:50\*2", term("message", "50*2")),
        (r'message:"say \"no\""', term("message", 'say "no"')),
        (r"path:C:\temp", term("path", r"C:\temp")),
        ("state:Open", term("state", Choice("open"))),
        ("status:5xx", term("status", Hundreds(5))),
        ("status:>=500", term("status", Number(">=", 500))),
        ("status:502", term("status", Number("=", 502))),
        ("count:>100", term("count", Number(">", 100))),
        ("first-seen:<2d", term("first-seen", Age("<", 2, "d"))),
        ("age:>=3w", term("first-seen", Age(">", 3, "w"))),
        ("last-seen:1h", term("last-seen", Age("<", 1, "h"))),
        ("last-seen:>2026-11-20", term("last-seen", Day(">", DAY))),
        ("last-seen:2026-11-20", term("last-seen", Day("=", DAY))),
        ("last-seen:<2026-11-20T01:00+01:00", term("last-seen", Moment("<", DAY))),
        ("tag.Shop:Berlin", term("tag.Shop", "Berlin")),
        ("has:tag.shop", term("has", Choice("tag.shop"))),
        ("user:ada@example.com", term("user", "ada@example.com")),
        ("-a", Not(word("a"))),
        ("!a", Not(word("a"))),
        ("NOT a", Not(word("a"))),
        ("NOT -a", word("a")),
        ("a b OR c", Or((And((word("a"), word("b"))), word("c")))),
        ("a AND (b OR c)", And((word("a"), Or((word("b"), word("c")))))),
        ("-(a OR b)", Not(Or((word("a"), word("b"))))),
        ("a (b c)", And((word("a"), word("b"), word("c")))),
        ("or and not", And((word("or"), word("and"), word("not")))),
    ],
)
def test_a_text_says_this(said, means):
    assert parse(said) == means


@pytest.mark.parametrize(
    ("wrong", "at", "why"),
    [
        ("a )", 2, "never opened"),
        ("a (b", 2, "not closed"),
        ("()", 0, "nothing between"),
        ("a (", 2, "not closed"),
        ('a "b', 2, "not closed"),
        ('a ""', 2, "nothing between"),
        ('it"s', 2, "quote inside a word"),
        ('"a"b', 3, "space is missing"),
        ("OR a", 0, "Before `OR`"),
        ("a OR", 4, "After `OR`"),
        ("-", 1, "After `-`"),
        ("service:", 8, "value is missing"),
        ("service: shop", 8, "value is missing"),
        ("servce:shop", 0, "did you mean `service:`"),
        ("http://x", 0, "There is no field `http`"),
        ("tag.:x", 0, "Which tag"),
        ("a state:opn", 8, "did you mean `open`"),
        ("level:loud", 6, "there are `debug`"),
        ("has:money", 4, "`tag.NAME`"),
        ("count:many", 6, "takes a number"),
        ("count:>many", 7, "takes a number"),
        ("status:9999999999999999999999", 7, "takes a number"),
        ("first-seen:<soon", 12, "less than two days ago"),
        ("last-seen:0001-01-01", 10, "from that day on"),
        ("last-seen:2026-11-20T03:14", 10, "Before or after"),
        ("release:>1.2", 8, "Only numbers and times"),
        ("user:a*", 5, "only a hash"),
        ("a*b*c*d*e*f*g", 0, "5 stars"),
        ("a\x00b", 1, "cannot be shown"),
        ("x" * (LONGEST + 1), LONGEST, "room for 500"),
        ("🐛" * 226, 225, "room for 900 bytes"),
        ("a " * 31, 60, "room for 30"),
        ("(" * 11 + "a", 10, "10 deep"),
        ("-" * 11 + "a", 10, "10 deep"),
    ],
)
def test_a_mistake_is_shown_at_its_place_with_what_would_be_right(wrong, at, why):
    with pytest.raises(SearchError) as found:
        parse(wrong)
    assert (found.value.position, why in found.value.why) == (at, True), found.value.why


@pytest.mark.parametrize("field", [*fields.FIELDS, fields.TAG_FIELD], ids=lambda field: field.name)
def test_every_example_in_the_table_is_a_search_for_that_field(field):
    for example in field.examples:
        (found,) = [parse(example)]
        asked = found.part if isinstance(found, Not) else found
        assert isinstance(asked, Term)
        assert fields.find(asked.field) is not None
        assert parse(written(found)) == found
    for name in (field.name, *field.also):
        assert fields.find(name) is not None


def test_a_search_may_say_itself_which_states_are_meant():
    assert says_states(parse("a OR -(b state:muted)"))
    assert says_states(parse("is:resolved"))
    assert not says_states(parse("is:rising state"))


TEXTS = st.text(min_size=1, max_size=12).filter(str.strip)
SAFE = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Cf")), min_size=1, max_size=12).filter(
    lambda said: said.strip()
)
PATTERNS = st.one_of(
    SAFE.map(lambda said: Pattern((said,))),
    st.tuples(SAFE, SAFE).map(Pattern),
    SAFE.map(lambda said: Pattern(("", said))),
)
LEAVES = st.one_of(
    PATTERNS.map(Word),
    st.builds(Term, st.sampled_from(["service", "message", "release", "tag.shop"]), PATTERNS),
    st.builds(Term, st.just("count"), st.builds(Number, st.sampled_from(["<", "<=", "=", ">=", ">"]), st.integers(0, 9999))),
    st.builds(Term, st.just("state"), st.sampled_from(["open", "muted"]).map(Choice)),
    st.builds(Term, st.just("status"), st.integers(1, 9).map(Hundreds)),
    st.builds(Term, st.just("last-seen"), st.builds(Age, st.sampled_from("<>"), st.integers(0, 99), st.sampled_from("mhdw"))),
    st.builds(Term, st.just("first-seen"), st.builds(Day, st.sampled_from(["<", "=", ">="]), st.just(DAY))),
    st.builds(Term, st.just("first-seen"), st.builds(Moment, st.sampled_from(["<", ">="]), st.just(DAY))),
)  # fmt: skip
TREES = st.recursive(
    LEAVES,
    lambda parts: st.one_of(
        parts.map(without),
        st.lists(parts, min_size=2, max_size=3).map(lambda some: both(*some)),
        st.lists(parts, min_size=2, max_size=3).map(lambda some: either(*some)),
    ),
    max_leaves=8,
)


@given(TREES)
def test_what_is_written_says_the_same(tree):
    said = written(tree)
    if len(said) <= LONGEST:
        assert parse(said) == tree
        assert written(parse(said)) == said


@given(st.one_of(st.text(max_size=60), st.text('ab:"()-!*\\<>=. ORNOTANDservicecountis', max_size=60), st.lists(st.sampled_from(["a", "OR", "NOT", "(", ")", '"', "-", "count:", ">1", "state:open", " ", "\\"]), max_size=20).map("".join)))  # fmt: skip
def test_whatever_is_typed_is_a_search_or_a_mistake_at_a_place(said):
    try:
        tree = parse(said)
    except SearchError as wrong:
        tree, place = None, wrong.position
    else:
        place = 0
    assert 0 <= place <= len(said)
    assert tree is None or len(written(tree)) > LONGEST or parse(written(tree)) == tree
