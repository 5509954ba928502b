"""What everybody may be shown is checked before it is kept."""

import pytest

from aiops_platform.core.status_page import MOST_SHOWN, ShownService, StatusPage, StatusPageError, checked


def a_page(**fields: object) -> StatusPage:
    known: dict[str, object] = {
        "project_id": 1,
        "slug": "acme-status",
        "title": "How Acme is",
        "is_on": True,
        "shows_incidents": False,
        "shown": [ShownService(7, "Shop")],
    }
    return checked(**known | fields)  # type: ignore[arg-type]


def test_what_is_written_is_made_fit() -> None:
    page = a_page(slug="  Acme-2 ", title="How\x00 \n Acme is")
    assert (page.slug, page.title, page.shown) == ("acme-2", "How Acme is", (ShownService(7, "Shop"),))


@pytest.mark.parametrize("slug", ["", "ab", "-ab", "ab-", "a b", "../..", "ä-bc", "a" * 61, "a/b", "abc\n"])
def test_an_address_is_small_letters_digits_and_hyphens(slug: str) -> None:
    if slug == "abc\n":
        assert a_page(slug=slug).slug == "abc"
        return
    with pytest.raises(StatusPageError):
        a_page(slug=slug)


@pytest.mark.parametrize(
    "fields",
    [
        {"title": " "},
        {"shown": []},
        {"shown": [ShownService(7, "")]},
        {"shown": [ShownService(number, "x") for number in range(MOST_SHOWN + 1)]},
    ],
)
def test_what_cannot_be_shown_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(StatusPageError):
        a_page(**fields)


def test_a_page_that_is_off_may_be_empty() -> None:
    assert a_page(is_on=False, shown=[]).shown == ()
