"""The way from a line of a traceback to the repository."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops_platform.core.source_links import SourceLink, SourceLinkError, checked

TEMPLATE = "https://git.example.com/acme/shop/blob/{release}/{path}#L{line}"


@pytest.mark.parametrize(
    ("root", "file", "found"),
    [
        ("/srv/shop", "/srv/shop/orders/till.py", "https://git.example.com/acme/shop/blob/7/orders/till.py#L16"),
        ("", "orders/till.py", "https://git.example.com/acme/shop/blob/7/orders/till.py#L16"),
        ("C:\\shop\\", "C:\\shop\\orders\\a b.py", "https://git.example.com/acme/shop/blob/7/orders/a%20b.py#L16"),
        ("/srv/shop/", "/srv/other/till.py", None),
        ("/srv/shop/", "/srv/shop/../../etc/passwd", None),
        ("/srv/shop/", "/srv/shop/", None),
        ("", "/srv/shop/till.py", None),
        ("", "C:\\shop\\till.py", None),
        ("", "<string>", None),
    ],
)
def test_a_file_of_the_repository_has_an_address(root, file, found):
    assert checked(TEMPLATE, root).to(file, 16, "7") == found


def test_what_the_template_asks_must_be_known():
    assert checked(TEMPLATE, "").to("a.py", 16, None) is None
    assert checked(TEMPLATE, "").to("a.py", None, "7") is None
    assert checked("https://x.example/{path}", "").to("a.py", None, None) == "https://x.example/a.py"


@pytest.mark.parametrize(
    "template",
    [
        "http://x.example/{path}", "javascript:alert(1)//{path}", "https:///{path}", "https://{path}/", "x/{path}", "https://x.example/",
        "https://x.example/{path}{other}", "https://x.example/{path} b", "https://me:secret@x.example/{path}", "https://[/{path}",
        "https://x.example/{path}\n", "https://x.example/{path}" + "x" * 600,
    ],
)  # fmt: skip
def test_a_template_that_leads_nowhere_is_refused(template):
    if template.endswith("\n"):
        assert checked(template, "").template == template.strip()
    else:
        with pytest.raises(SourceLinkError):
            checked(template, "")


@given(st.text(max_size=40), st.none() | st.integers(), st.none() | st.text(max_size=20))
def test_whatever_an_event_says_the_link_stays_on_the_host(file, line, release):
    found = SourceLink(TEMPLATE, "").to(file, line, release)
    assert found is None or (found.startswith("https://git.example.com/acme/shop/blob/") and '"' not in found)
