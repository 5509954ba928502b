"""The parts of a key are told in words that need no manual."""

from aiops_platform.core.reasons import in_words, sentences


def test_a_key_is_told_in_words():
    parts = {
        "code": "return order['price']",
        "frames": ["orders.py:take", "orders.py:price"],
        "kind": "exception",
        "message": "no such order <number>",
        "type": "LookupError",
    }
    assert sentences(parts) == (
        "what it is: an exception",
        "type: LookupError",
        "called through: orders.py:take, orders.py:price",
        "line of code: return order['price']",
        "it says: no such order <number>",
    )


def test_a_message_that_does_not_count_is_said_not_to():
    told = in_words({"kind": "exception", "type": "KeyError", "frames": ["orders.py:price"]})
    assert told["it says"].startswith("does not count")
    assert "it says" not in in_words({"kind": "log_error", "logger": "shop"})


def test_parts_of_an_older_rule_are_told_under_their_own_names():
    assert in_words({"kind": "exception", "culprit": ["a", "b"]}) == {"what it is": "an exception", "culprit": "a\nb"}


def test_what_is_not_known_is_left_out():
    assert in_words({"kind": "http_error", "status": None, "path": "/orders/<*>"}) == {
        "what it is": "an answer that is an error",
        "route or path": "/orders/<*>",
    }


def test_a_fingerprint_says_who_decided():
    assert sentences({"fingerprint": ["bank", "down"]}) == ("fingerprint, set by the application: bank, down",)
