"""Whether a change was asked for by our own page."""

import pytest

from aiops_platform.web.origin import comes_from_us, is_token_of, project_in, surely_from_us, token_for, user_in

US = "https://aiops.example"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"origin": "https://aiops.example"},
        {"origin": "http://10.0.0.7:8400", "host": "10.0.0.7:8400"},
    ],
)
def test_our_pages_and_clients_that_are_no_browsers_pass(headers):
    assert comes_from_us(headers, US)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example", "host": "aiops.example"},
        {"origin": "null", "host": "aiops.example"},
        {"origin": "https://aiops.example.evil.example", "host": "aiops.example"},
        {"origin": "https://aiops.example", "sec-fetch-site": "cross-site"},
        {"origin": "", "host": "aiops.example"},
        {"origin": "http://[", "host": "aiops.example"},
        {"origin": "http://"},
        {"origin": "http://", "host": ""},
        {"origin": "ftp://aiops.example", "host": "aiops.example"},
    ],
)
def test_others_do_not(headers):
    assert not comes_from_us(headers, US)


def test_a_token_belongs_to_one_session_and_does_not_tell_it():
    assert is_token_of("session", token_for("session"))
    assert not is_token_of("other", token_for("session"))
    assert not is_token_of("session", "")
    assert not is_token_of("session", "ü\ud800")
    assert "session" not in token_for("session")


def test_a_token_says_in_which_project_and_for_whom_its_page_was_made_and_cannot_say_another():
    token = token_for("session", 3, 17)
    assert (project_in(token), user_in(token)) == (3, 17)
    assert is_token_of("session", token)
    assert not is_token_of("session", token.replace("3.17.", "3.18."))
    assert not is_token_of("session", token.replace("3.17.", "3."))
    assert (project_in(token_for("session", 3)), user_in(token_for("session", 3))) == (3, None)
    for odd in ("", ".", "3..x", "3.x.y", "-3.1.x", "3.1.2.x", "³.1.x", "9" * 30 + ".1.x"):
        assert (project_in(odd), user_in(odd)) == (None, None), odd


def test_what_no_browser_says_is_not_surely_ours():
    assert comes_from_us({}, US)
    assert not surely_from_us({}, US)
    assert not surely_from_us({"sec-fetch-site": "none"}, US)
    assert not surely_from_us({"origin": "https://evil.example"}, US)
    assert surely_from_us({"sec-fetch-site": "same-origin"}, US)
    assert surely_from_us({"origin": US}, US)
