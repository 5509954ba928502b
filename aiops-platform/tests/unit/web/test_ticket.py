"""An event as Markdown, and its request as a line for a shell: readable, and harmless wherever they are pasted."""

import subprocess
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from scenes import HARM, a_sample

from aiops_platform.core import wire
from aiops_platform.core.care import Care
from aiops_platform.core.event import Event, Request
from aiops_platform.core.incident import IncidentKind, IncidentState
from aiops_platform.core.parcel import ParcelKind
from aiops_platform.core.views import IncidentDetail, IncidentRow
from aiops_platform.web import ticket

NOW = datetime(2026, 11, 22, 3, 14, 7, tzinfo=UTC)
LINK = "https://aiops.example/incidents/7?event=9"
HOSTILE = (
    HARM,
    "![](http://evil/x.png)",
    "[a](http://evil)",
    "`",
    "``",
    "```\n# no\n",
    "~~~",
    "<b>",
    "@team",
    "#1\n- x",
    "http://evil/",
    "\\",
    "|",
    "\x00\x1b[31m",
    "",
)


def an_incident(text="order 7 was not taken", **fields):
    usual = {
        "id": 7, "kind": IncidentKind.EXCEPTION, "state": IncidentState.OPEN, "title": text, "type": text, "message": text,
        "place": text, "service": text, "environment": text, "level": "error", "status_code": 500, "path": text, "count": 1234,
        "kept": 4, "first_seen_at": NOW, "last_seen_at": NOW, "reopened_at": None, "trend": (),
    }  # fmt: skip
    care = Care(
        resolved_in=text, resolved_how="now", ends=text, assigned_to=None, tracker=None, merged_into=None, parts=(),
        comments=(), marks=(),
    )  # fmt: skip
    return IncidentDetail(
        row=IncidentRow(**usual | fields), service_id=1, state_since=NOW, logger=None, first_release=text,
        last_release="2.0", grouping=(), hours=(), values=(), facts=(), care=care,
    )  # fmt: skip


def an_event(**fields):
    return msgspec.convert({"signal_type": "exception", **fields}, Event)


def tokens_of(text):
    """All that a reader of Markdown makes of it, but for what stands in code."""
    flat = []
    for token in MarkdownIt("commonmark", {"linkify": False}).parse(text):
        flat += [token, *(token.children or ())]
    return flat


def test_it_says_what_where_since_when_and_how_often():
    frame = {"file": "/srv/app/shop.py", "function": "take", "line": 3, "in_app": True}
    source = {"before": ["def take():", "    order = 7"], "line": "    raise ValueError(order)", "after": ["", "x = 1"]}
    event = an_event(
        exceptions=[{"type": "ValueError", "value": "7", "frames": [frame | {"source": source}]}],
        request={"method": "POST", "url": "https://shop.example/orders", "headers": {"Accept": "*/*"}},
        breadcrumbs=[{"category": "sql", "message": "SELECT 1", "level": "info", "at": "2026-11-22T03:14:06Z"}],
        tags={"shop": "berlin"},
    )
    text = ticket.markdown(an_incident(type="ValueError", message="7", place="take (shop.py)"), event, link=LINK)
    assert text.startswith("# `ValueError`\n\n`7`\n\n- **times:** 1,234, from 2026-11-22 03:14:07 UTC")
    assert "- **where:** `take (shop.py)`" in text
    assert ">     3      raise ValueError(order)" in text
    assert "      1  def take():" in text
    assert 'File "/srv/app/shop.py", line 3, in take' in text
    assert "curl -g https://shop.example/orders -X POST" in text
    assert "sql: SELECT 1" in text
    assert "`shop: berlin`" in text
    assert text.endswith(f"\n\n<{LINK}>\n")


@pytest.mark.parametrize(
    "name", ["event-everything", "exception-chain", "exception-group", "old-exception-flask", "log-error"]
)
def test_samples_of_the_wire_are_told(name):
    event = wire.parse(msgspec.json.encode(a_sample(name)), ParcelKind.EXCEPTION)
    text = ticket.markdown(an_incident(), event, link=LINK)
    assert "## Traceback" in text or name == "log-error"


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_came_from_outside_becomes_markup(text):
    event = an_event(
        message=text, stack_trace=text, tags={text or "a": text}, breadcrumbs=[{"message": text, "category": text}],
        exceptions=[{"type": text, "value": text, "frames": [{"file": text, "function": text, "source": {"before": [text], "line": text}}]}],
        request={"method": text, "url": "https://shop/" + text, "query": text, "headers": {text or "a": text, "X-A": text}, "body": text},
    )  # fmt: skip
    made = ticket.markdown(an_incident(text), event, link=LINK)
    found = tokens_of(made)
    assert {token.type for token in found} <= {
        "heading_open", "heading_close", "inline", "text", "softbreak", "code_inline", "fence", "paragraph_open", "paragraph_close",
        "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close", "strong_open", "strong_close",
        "link_open", "link_close",
    }  # fmt: skip
    assert [token.attrs["href"] for token in found if token.type == "link_open"] == [LINK]
    assert {token.content for token in found if token.type == "text"} <= {
        "Traceback", "The line that failed", "The request", "What happened before", "Tags", "times:", "state:", "service:", "where:", "path:",
        "status:", "first release:", "last release:", "server:", "", " open", " 1,234, from 2026-11-22 03:14:07 UTC to 2026-11-22 03:14:07 UTC", " ", LINK,
    }  # fmt: skip
    assert "\x1b" not in made


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.integers(min_value=0, max_value=40_000))
def test_it_is_never_too_long_and_its_link_is_always_there(text, times):
    long = text * (times // (len(text) or 1))
    event = an_event(
        message=long,
        stack_trace=long,
        tags={f"{n}{text[:5]}": long for n in range(30)},
        request={"url": "http://a/" + long, "body": long},
    )
    made = ticket.markdown(an_incident(long), event, link=LINK)
    assert len(made) <= ticket.LONGEST
    assert made.endswith(f"<{LINK}>\n")


def words_in_a_shell(line):
    """What a shell hands to curl. One that ran anything else would write it, too."""
    script = "curl() { printf '%s\\0' \"$@\"; }\n" + line
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-c", script], capture_output=True, timeout=20, check=True, env={}
    )
    assert done.stderr == b""
    return done.stdout.decode().split("\0")[:-1]


def test_a_request_is_one_line_of_curl():
    request = Request(
        method="post", url="https://shop.example/orders", query="a=1&b=[hidden]",
        headers={"Host": "shop.example", "Content-Type": "application/json", "Authorization": "[hidden]", "Content-Length": "9"}, body={"id": 7},
    )  # fmt: skip
    assert words_in_a_shell(ticket.curl(request) or "") == [
        "-g", "https://shop.example/orders?a=1&b=[hidden]", "-X", "POST", "-H", "Content-Type: application/json", "-H", "Authorization: [hidden]",
        "--data-raw", '{"id":7}',
    ]  # fmt: skip


def test_no_request_leads_to_anything_but_its_own_words():
    for text in (
        "'; touch /tmp/x; '",
        "$(id)",
        "`id`",
        '"',
        "\\",
        "a\nb",
        "!!",
        "\x00",
        "-o/tmp/x",
        "@/etc/passwd",
        "&& id",
        "*",
        "~",
    ):
        request = Request(method=text, url="http://a/" + text, query=text, headers={text: text, "X-A": text}, body=text)
        given = words_in_a_shell(ticket.curl(request) or "")
        assert given[0] == "-g"
        assert given[1].startswith("http://a/")
        assert given[2::2] == ["-H", "--data-raw"]
        assert given[3].startswith("X-A: ")
        assert len(given) == 6


@pytest.mark.parametrize("url", [None, "", "/orders", "file:///etc/passwd", "-o x", "ftp://a", "http://" + "x" * 9000])
def test_what_is_no_address_of_the_web_is_no_line(url):
    assert ticket.curl(Request(method="GET", url=url)) is None
    assert ticket.curl(None) is None
