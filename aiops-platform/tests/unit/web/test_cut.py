"""Text from outside, made fit for a page."""

from html import escape

from hypothesis import given
from hypothesis import strategies as st

from aiops_platform.web.cut import Budget, shortened, visible


def test_control_characters_are_shown_and_line_breaks_stay():
    assert visible("a\x00b\x1b[31m\tc\r\nd\x7f\x85") == "a␀b␛[31m\tc\nd␡⟨85⟩"


def test_characters_that_turn_the_direction_of_a_text_are_shown():
    assert visible("user\u202eexe.txt") == "user⟨202E⟩exe.txt"


def test_half_characters_can_be_encoded_afterwards():
    assert visible("\ud83d").encode() == "�".encode()


def test_a_line_is_cut_with_an_ellipsis_and_holds_no_breaks():
    assert shortened("a\n  b\tc", 10) == "a b c"
    assert shortened("abcdefghijk", 10) == "abcdefghi…"
    assert shortened("abcdefghij", 10) == "abcdefghij"


def test_a_piece_says_whether_it_is_cut_how_long_the_whole_is_and_where():
    piece = Budget(1000).text("x" * 50, at="/message", most=20)
    assert (piece.shown, piece.is_cut, piece.of, piece.at) == ("x" * 20, True, 50, "/message")
    assert not Budget(1000).text("x" * 20, at="/message", most=20).is_cut


def test_a_share_spends_from_the_whole_but_never_more_than_its_own():
    whole = Budget(100)
    share = whole.share(30)
    share.text("x" * 90, at="", most=90)
    assert share.left >= 0
    assert whole.left >= 70
    assert Budget(10).share(500).left == 10


@given(
    st.lists(st.text(st.characters(codec=None), max_size=200), max_size=20), st.integers(0, 300), st.integers(0, 200)
)
def test_whatever_is_asked_for_no_more_is_spent_than_there_is(texts, left, most):
    budget = Budget(left)
    pieces = [budget.text(text, at="", most=most) for text in texts]
    assert budget.left >= 0
    assert sum(len(escape(piece.shown).encode()) for piece in pieces) <= left
    assert all(piece.is_cut for piece, text in zip(pieces, texts, strict=True) if len(text) > most)


@given(st.text(st.characters(codec=None)), st.integers(1, 50))
def test_a_line_is_never_longer_than_asked_and_can_be_encoded(text, most):
    line = shortened(text, most)
    assert len(line) <= most
    assert "\n" not in line
    line.encode()
