"""A project's own rules: the first that fits says the key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import an_event

from aiops_platform.core import group_rules, grouping, reasons
from aiops_platform.core.event import Event
from aiops_platform.core.group_rules import Rules, fields
from aiops_platform.core.group_rules.notation import LONGEST
from aiops_platform.core.group_rules.rules import Condition

FRAMES = [
    {"file": "/srv/shop/Orders.py", "function": "Cart.take", "module": "shop.orders", "in_app": True},
    {"file": "C:\\lib\\site-packages\\redis\\client.py", "function": "send", "module": "redis.client", "in_app": False},
]


def rules(text: str) -> Rules:
    reading = group_rules.read(text)
    assert reading.problems == ()
    return reading.rules


def problems(text: str) -> list[str]:
    return [f"{each.line}: {each.why}" for each in group_rules.read(text).problems]


def thrown(**fields) -> Event:
    exceptions = [
        {"type": "RedisError", "value": "Connection lost\nto 10.0.0.1", "frames": FRAMES},
        {"type": "OSError", "parent": 0},
    ]
    said = {"error_type": "RedisError", "exceptions": exceptions, "logger": "shop.stock", "release": "1.4.2"}
    asked = {"request_path": "/orders/7", "route": "/orders/<int:id>", "status_code": 500}
    return an_event(**said | asked | {"tags": {"Queue": "Mail", "a.b": "1"}, "service": "shop"} | fields)


@pytest.mark.parametrize(
    "condition",
    [
        *("type:RedisError", "type:rediserror", "type:redis*", "type:*error", "type:*dis*", "type:R*d*s*r", "type:*"),
        *("cause:OSError", '!cause:"*Error timed out"', 'message:"connection lost to*"', 'message:"*LOST*10.0.0.1"'),
        *("logger:shop.*", "module:redis.client", "module:redis.*", "function:Cart.take", "function:*.take"),
        *("path:*/redis/client.py", "path:/srv/*/orders.py", "path:*shop*", "service:shop", "environment:prod*"),
        *("level:error", "kind:exception", "release:1.4.*", "url:/orders/*", "route:/orders/<int:id>", "status:5*"),
        *("tag.Queue:mail", "TAG.Queue:*", "tag.a.b:1", "!tag.queue:*", "!type:KeyError", "!logger:shop", "Type:*"),
        *('type:"Redis*" !status:404 path:*redis*', "status:500 status:5*"),
    ],
)
def test_a_condition_holds(condition):
    assert rules(f"{condition} -> x").rule_for(thrown())


@pytest.mark.parametrize(
    "condition",
    [
        *("type:Redis", "type:Error", "type:*x*", "type:r*x*r", "type:redis*redis", "cause:RedisError", "cause:OS"),
        *("message:lost", "function:take", "function:Cart*send", "path:client.py", "path:*/redis/*/client.py"),
        *(
            "!type:RedisError",
            "!path:*redis*",
            "tag.Queue:web",
            "tag.queue:*",
            "status:50",
            "url:orders",
            "release:1.4",
        ),
        *("type:RedisError status:404", "!status:5* type:RedisError", "level:warning", "kind:log_error", "logger:*k.*"),
    ],
)
def test_a_condition_does_not_hold(condition):
    assert rules(f"{condition} -> x").rule_for(thrown()) is None


def test_nothing_is_said_by_an_event_without_anything():
    names = [
        *["type", "cause", "message", "logger", "release", "url", "route", "status", "module", "function", "path"],
        "tag.x",
    ]
    said = an_event()
    assert [name for name in names if rules(f"{name}:* -> x").rule_for(said)] == []
    assert all(rules(f"!{name}:* -> x").rule_for(said) for name in names)


def test_the_first_rule_that_fits_says_the_key():
    both = rules("type:Redis* -> redis\n# a remark\n\ntype:*Error -> other")
    assert [rule.line for rule in both.rules] == [1, 4]
    assert both.key_for(thrown()).parts["key"] == "redis"
    assert both.key_for(an_event(error_type="KeyError")).parts["key"] == "other"
    assert both.key_for(an_event(error_type="Oops")) == grouping.key_for(an_event(error_type="Oops"))


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("database down", "database down"),
        ("{{type}} in {{ function }}", "RedisError in Cart.take"),
        ("{{ tag.Queue }}/{{ tag.none }}", "Mail/"),
        ("{{ service }}-{{ environment }}-{{ level }}-{{ kind }}", "shop-production-error-exception"),
        ("{{ path }} {{ module }} {{ cause }}", "/srv/shop/Orders.py shop.orders OSError"),
        ("{{ url }} {{ status }} {{ release }} {{ logger }}", "/orders/<*> 500 1.4.2 shop.stock"),
        ("{{ message }}", "Connection lost"),
        ("{{ default }} {{ tag.Queue }}", "{{ default }} Mail"),
    ],
)
def test_a_key_is_filled_in_by_the_event(key, said):
    assert rules(f"type:* -> {key}").key_for(thrown()).parts["key"] == said


def test_what_has_the_same_key_is_one_incident_whichever_rule_says_so():
    one, other = rules("type:RedisError -> down"), rules("logger:shop.* -> down")
    assert one.key_for(thrown()) == other.key_for(thrown(error_type="KeyError", exceptions=[]))
    assert one.key_for(thrown()) != rules("type:RedisError -> up").key_for(thrown())
    assert one.key_for(thrown()) != grouping.key_for(an_event(fingerprint=["down"]))


def test_the_default_key_is_split_by_what_stands_beside_it():
    split = rules("type:* -> {{ default }} {{ tag.Queue }}")
    mail, more, web = (thrown(tags={"Queue": queue}) for queue in ("mail", "mail", "web"))
    assert split.key_for(mail) == split.key_for(more) != split.key_for(web)
    assert split.key_for(mail) != split.key_for(an_event(error_type="KeyError", tags={"Queue": "mail"}))
    assert split.key_for(an_event(fingerprint=["a"], error_type="E")) != split.key_for(
        an_event(fingerprint=["b"], error_type="E")
    )


def test_why_says_which_rule_it_was():
    told = reasons.sentences(rules("type:Redis* -> {{ default }} {{ tag.Queue }}").key_for(thrown()).parts)
    assert told[:3] == (
        "rule of this project: type:Redis* -> {{ default }} {{ tag.Queue }}",
        "its key: {{ default }} Mail",
        "what it is: an exception",
    )
    assert reasons.sentences(rules("type:* -> x").key_for(thrown()).parts) == (
        "rule of this project: type:* -> x",
        "its key: x",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("type:X", "1: There is no `->`"),
        ("\ntype:X ->", "1: After `->` a key is missing"),
        ("-> x", "1: Before `->` stand 1 to 10 conditions, here 0."),
        ("# fine\ntyp:X -> x", "2: There is no field `typ`. Fields are type, cause,"),
        ("tag.:X -> x", "1: There is no field `tag.`"),
        ("type:X message:two words -> x", "1: At `words -> x` a condition was expected"),
        ('message:"open -> x', '1: At `message:"open -> x` a condition'),
        ('message:" " -> x', "1: What `message` is to match is empty. `!message:*` holds"),
        ("type:a*b*c*d*e*f*g -> x", "1: A pattern has at most 200 characters and 5 stars."),
        (f"type:{'x' * 201} -> x", "1: A pattern has at most 200"),
        ("type:x " * 11 + "-> x", "1: Before `->` stand 1 to 10 conditions, here 11."),
        ("type:x -> {{ nothing }}", "1: There is no field `nothing` for `{{ … }}`: default, type,"),
        ("type:x -> {{ type", "1: A `{{` has no `}}`."),
        (f"type:x -> {'y' * 201}", "1: A key has at most 200 characters."),
        (f"tag.{'x' * 2000}:y -> x", "1: A rule has at most 2,000 characters."),
        ("# \ud800", "1: It holds a character that cannot be shown."),
        ("type:x\u202e -> x", "1: It holds a character that cannot be shown."),
        ("type:x\x00 -> x", "1: It holds a character that cannot be shown."),
        ("type:x status:5* kind:* level:e* -> y\n" * 76, "0: There is room for 300 conditions in all."),
        ("type:x -> y\n" * 101, "101: There is room for 100 rules."),
        ("#" * (LONGEST + 1), "0: There is room for 15,000 characters."),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_what_would_be_right(text, said):
    assert problems(text)[0].startswith(said)


def test_what_can_be_read_beside_what_cannot_is():
    reading = group_rules.read("type:a -> a\nnonsense\r\ntype:b -> b")
    assert [rule.text for rule in reading.rules.rules] == ["type:a -> a", "type:b -> b"]
    assert len(reading.problems) == 1


@given(st.text(max_size=300))
def test_any_text_is_read(text):
    reading = group_rules.read(text)
    for rule in reading.rules.rules:
        rule.key_for(thrown())


@given(st.text("ab*", min_size=1, max_size=8), st.lists(st.text("ab", max_size=8), max_size=3))
def test_a_pattern_matches_as_a_plain_reading_of_it_would(pattern, values):
    def plain(pattern: str, text: str) -> bool:
        if not pattern:
            return not text
        if pattern[0] == "*":
            return any(plain(pattern[1:], text[start:]) for start in range(len(text) + 1))
        return text[:1] == pattern[0] and plain(pattern[1:], text[1:])

    event = an_event(exceptions=[{"type": "E"}, *({"type": value, "parent": 0} for value in values)])
    holds = Condition(name="cause", pattern=pattern).holds(fields.Said(event))
    assert holds is any(plain(pattern, value) for value in values if value)


def test_the_longest_texts_are_looked_through_at_once():
    event = an_event(message="a" * 1_000_000, exceptions=[{"type": "E", "frames": [FRAMES[0]] * 400}])
    slow = " ".join(f"message:*{'a' * 40}*{'a' * 40}*{'a' * 40}*b" for _ in range(5))
    slow += " !path:*py*srv* !path:*py*srv* !path:*py*srv*"
    assert rules(f"{slow} -> x\n" * 18).rule_for(event) is None


def test_rules_are_tried_on_events_before_they_are_set():
    events = [(1, thrown(tags={"Queue": str(number % 3)})) for number in range(6)]
    events += [(2, thrown(environment="staging", tags={"Queue": "0"})), (3, an_event(error_type="KeyError"))]
    tried = group_rules.rehearse(
        rules("type:Redis* -> {{ tag.Queue }}\nkind:* !type:KeyError -> never\ntype:Key* -> keys"), events
    )
    assert tried.looked == 8
    assert [(each.events, each.incidents, each.becoming, each.examples) for each in tried.tried] == [
        (7, 2, 4, (1, 2)),
        (0, 0, 0, ()),
        (1, 1, 1, (3,)),
    ]
