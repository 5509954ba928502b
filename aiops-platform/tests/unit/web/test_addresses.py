"""Addresses that a browser tells of."""

import pytest

from aiops_platform.web.addresses import nearest_page, onwards, page_of

PAGES = (
    "/",
    "/incidents",
    "/incidents/{incident_id}",
    "/incidents/{incident_id}/delete",
    "/settings/keys",
    "/static/{name}",
)


@pytest.mark.parametrize(
    ("address", "nearest"),
    [
        ("/incidents?state=all", "/incidents?state=all"),
        ("/incidents/7?event=3", "/incidents/7?event=3"),
        ("/incidents/7/delete", "/incidents/7/delete"),
        ("/incidents/7/comment", "/incidents/7"),
        ("/incidents/7/comments/3/edit", "/incidents/7"),
        ("/incidents/bulk?x=1", "/incidents"),
        ("/settings/keys/3/replace", "/settings/keys"),
        ("/views", "/"),
        ("/undo/abc", "/"),
        ("/", "/"),
    ],
)
def test_what_answered_a_form_leads_to_the_page_above_it(address, nearest):
    assert nearest_page(address, PAGES) == nearest


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "/\\evil.example", "https://evil.example", "/signin", "/a\nb", "", "/" + "x" * 3000]
)
def test_nobody_is_led_elsewhere(wanted):
    assert onwards(wanted) == "/"


@pytest.mark.parametrize(
    ("url", "page"), [("https://x.example/a?b=c", "/a?b=c"), ("http://[", "/"), ("https://x//y", "/"), ("", "/")]
)
def test_of_a_whole_address_only_the_path_counts(url, page):
    assert page_of(url) == page
