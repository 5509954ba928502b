"""Secrets that do not look like one: quoted, encoded, cut in half, in markup and in commands. And what only looks like one."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from events import an_event, an_origin

from aiops_sdk.event import ExceptionInfo, Frame, Request, SourceContext
from aiops_sdk.steps import Scrubber, Steps
from aiops_sdk.steps.plain import plain
from aiops_sdk.steps.scrubbing import MASK
from aiops_sdk.steps.truncating import HEADER, MESSAGE, STACK_TRACE, cut_middle

S = "x7-Kq9.Lm!zP"
KNOWN = "a/b c&d'e\"f<ö>+2%k"
PLAIN = Scrubber()
KNOWING = Scrubber(values=[KNOWN, "zK7qLw2Vb9Xc4Nm1Rt8Yp3"])


def nested(depth: int, password: str) -> str:
    text = json.dumps({"user": "ann", "password": password, "page": 2})
    for _ in range(depth):
        text = json.dumps({"body": text, "id": 3})
    return text


@pytest.mark.parametrize(
    "said",
    [
        f"SSHPASS={S}",
        "SSHPASS=hunter",
        "DBPASS: hunter",
        f"MY_PGPASS={S}",
        f"X-Authentication: {S} and more {S}",
        f"https://shop.blob.core.windows.net/c/b?sv=2022&sig=x7Kq9%2FLm{S}%3D&se=2026",
        f"Driver=SQL;UID=ann;PWD={{{S}}};Encrypt=yes",
        f"PWD={{ab;{S}}}}}{S}}};Encrypt=yes",
        f"postgres://ann:ab/{S}@db:5432/shop",
        f"%7B%22password%22%3A%22{S}%22%2C%22page%22%3A2%7D",
        f"%7B%22password%22%3a%20%22{S}%22%7D",
        f"{{&quot;password&quot;: &quot;{S}&quot;}}",
        f"{{&#34;token&#34;:&#34;{S}&#34;}}",
        f'{{\n    "user": "ann",\n    "password":\n                "{S}"\n}}',
        f"user: ann\npassword:\n  {S}\npage: 2",
        f"user: ann\npassword: |\n  {S}\n  {S}\npage: 2",
        f'password = """one\n{S}"""',
        f"password=ab,{S}",
        f"password=ab;{S}",
        f"password=ab){S} end",
        f"token=ab&{S} end",
        f"curl -u ann:{S} https://shop",
        f"curl --user 'ann:{S}' https://shop",
        f"['curl', '-u', 'ann:{S}']",
        f"curl -u 'ann:{S}' -k https://shop",
        f"sshpass -p '{S}' ssh shop",
        f"mysqldump -u ann -p{S} shop",
        f"redis-cli -h cache -a {S} ping",
        f"CREATE USER ann IDENTIFIED BY '{S}'",
        f"UPDATE x SET password = 'it''s{S}'",
        f"https://0123456789abcdef{S}@shop/x.git",
        f"next=https%3A%2F%2Fann%3A{S}%40shop",
        f'{{"url": "https:\\/\\/ann:{S}@shop"}}',
        f"token%253D{S}",
        f"\\u0022password\\u0022:\\u0022{S}\\u0022",
        f"password\\u003d{S}",
        f"passwords: ['{S}', 'y{S}']",
        f"login(token=['{S}'])",
        f"cookies={{'a': '{S}', 'b': '{S}'}}",
        f"<RequestsCookieJar[<Cookie a={S} for shop/>]>",
        f"Cookie=a={S}; b={S}",
        f"password: !vault {S}",
        f"passwords:\n- {S}\n- {S}\nb: 2",
        f"password=<{S}>",
        f"Enter your password:\n{S}",
        f"postgres://ann:it's{S}@db/shop",
        f"bearer: {S}",
        f"| password | {S} |",
        f"password -> {S}",
        "pin=hunter1, pin=1234x7Kq9",
        f'--token "a b{S}"',
        f"<password>{S}</password>",
        f'<string name="api_key">{S}</string>',
        f"<key>Password</key>\n<string>{S}</string>",
        f"<tr><td>password</td><td>{S}</td></tr>",
        f"&lt;password&gt;{S}&lt;/password&gt;",
        f'<db:Password xsi:type="x">\n  {S}\n</db:Password>',
        f"<apiKey><![CDATA[{S}]]></apiKey>",
        f'<input name="password" type="text" value="{S}">',
        f'<input value="{S}" name="password">',
        f'{{"name": "DB_PASSWORD", "value": "{S}"}}',
        f"\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44={S}",
        f"\uff30assword\uff1a{S}",
        f"pass\u200bword={S}",
        f"\ufeffpa\u00adss\u2060word: {S}",
        f"1 validation error for Login\npassword\n  Too short [type=too_short, input_value='{S}', input_type=str]",
        f"[{{'type': 'too_short', 'loc': ('body', 'password'), 'msg': 'Too short', 'input': '{S}', 'ctx': {{'min': 8}}}}]",
        f"'{S}' is too short\n\nOn instance['user']['password']:\n    '{S}'",
        f"INSERT INTO users (name, password) VALUES ('bob', '{S}')",
        f"[SQL: INSERT INTO users (email, password) VALUES (?, ?)]\n[parameters: ('a@b', '{S}')]",
    ],
)  # fmt: skip
def test_a_secret_in_a_text_is_hidden(said: str):
    told = PLAIN.text(said)
    assert not any(part in told for part in (S, "hunter", "x7Kq9"))
    assert MASK in told


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (f"PWD={{{S}}};Encrypt=yes", "PWD=[hidden];Encrypt=yes"),
        (f"password=ab,{S},user=ann", "password=[hidden],user=ann"),
        (f"?password=a;{S}&page=2", "?password=[hidden]&page=2"),
        (f"postgres://ann:a/{S}@db/shop", "postgres://ann:[hidden]@db/shop"),
        (f"<a>1</a><token>{S}</token><b>2</b>", "<a>1</a><token>[hidden]</token><b>2</b>"),
        (f'<input name="token" value="{S}"> <p>17</p>', '<input name="token" value="[hidden]"> <p>17</p>'),
        (f"password:\n  {S}\nuser: ann", "password:\n  [hidden]\nuser: ann"),
        (f"a: 1\npassword: |\n  {S}\n  {S}\nb: 2", "a: 1\npassword: |[hidden]\n[hidden]\n[hidden]\nb: 2"),
        (f"%22token%22%3A%22{S}%22%2C%22id%22%3A3", "%22token%22%3A%22[hidden]%22%2C%22id%22%3A3"),
        (f"curl -u ann:{S} https://shop", "curl -u ann:[hidden] https://shop"),
        ("pin: 1234, cvv=123, ssn=123-45-6789", "pin: [hidden], cvv=[hidden], ssn=[hidden]"),
        ('--token "a b" --page 2', '--token "[hidden]" --page 2'),
        ("passwords:\n- a1\n- b2\nb: 2", "passwords:\n[hidden]\n[hidden]\nb: 2"),
        ("card 4111111111111111.0 declined", "card [hidden].0 declined"),
    ],
)
def test_what_stands_beside_it_stays(said: str, told: str):
    assert PLAIN.text(said) == told


@pytest.mark.parametrize("depth", range(5))
def test_in_json_in_json_also_with_a_quote_in_it(depth: int):
    told = PLAIN.text(nested(depth, f'ab"cd\\{S}"{S}'))
    assert S not in told
    assert "ab" not in told
    assert told.count("page") == 1


def test_a_private_key_of_putty():
    lines = [("MIIEowIBAAKCAQEA7bq98e4kP0aT1x2fX9cZkq0h9m3nV5wG8d2sYt6uLr4jQpEy")] * 2 + ["AbCd="]
    key = "PuTTY-User-Key-File-3: ssh-rsa\nPrivate-Lines: 3\n{}\nPrivate-MAC: 01ab".format("\n".join(lines))
    for said in (key, repr(key)):
        told = PLAIN.text(said)
        assert "MIIE" not in told
        assert "AbCd" not in told
        assert "Private-MAC" in told
    frames = (Frame("a.py", "f", "a", 1, in_app=True, source=SourceContext(tuple(key.split("\n")), "x", ())),)
    told = str(own_of(an_event(exceptions=(ExceptionInfo("A", None, "", frames=frames),)))["exceptions"][0]["frames"])
    assert "MIIE" not in told
    assert "AbCd" not in told


@pytest.mark.parametrize(
    "written",
    [
        quote(KNOWN, safe=""),
        quote(KNOWN),
        quote_plus(KNOWN),
        quote(KNOWN).lower(),
        "a/b c&amp;d'e\"f&lt;ö&gt;+2%k",
        "a/b c&amp;d&#39;e&quot;f&lt;ö&gt;+2%k",
        "a/b c&amp;d&#x27;e&quot;f&lt;ö&gt;+2%k",
        json.dumps(KNOWN)[1:-1],
        json.dumps(KNOWN, ensure_ascii=False)[1:-1],
        repr(KNOWN)[1:-1],
        repr(KNOWN.encode())[2:-1],
        base64.b64encode(KNOWN.encode()).decode(),
        base64.b64encode(f"ann:{KNOWN}".encode()).decode(),
        base64.urlsafe_b64encode(f"x{KNOWN}".encode()).decode(),
    ],
)
def test_what_is_known_is_found_as_others_write_it(written: str):
    told = KNOWING.text(f"x {written} y")
    assert MASK in told
    assert not any(written[at : at + 8] in told for at in range(8, len(written) - 8))


@pytest.mark.parametrize(
    "secret",
    [
        "zK7qLw2Vb9Xc4Nm1Rt8Yp3",
        f"postgres://ann:{S}@db/shop",
        "Bearer abcdefgh12345678ijk",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxNiJ9.c2lnbmF0dXJl",
        "ghp_" + "A1" * 18,
        "AKIA" + "IOSFODNN7EXAMPLE",
        "4111111111111111",
        f"session={S}",
        f"<token>{S}</token>",
    ],
)
def test_half_of_a_secret_is_hidden_wherever_a_limit_cuts_it(secret: str):
    """In a header, a message, a value, and what was taken from a variable."""
    longest = 4
    for kept in range(1, len(secret)):
        rest = len(secret) - kept
        for limit, cut in (
            (HEADER, lambda text: own_of(an_event(request=Request("GET", headers={"X-A": text})))["request"]["headers"]["X-A"]),
            (MESSAGE, lambda text: own_of(an_event(message=text))["message"]),
            (MESSAGE, lambda text: str(KNOWING.value("", plain(text.encode())))),
        ):  # fmt: skip
            if limit == MESSAGE and kept % 7:
                continue
            text = "a " * ((limit - 1 - kept) // 2) + " " * ((limit - 1 - kept) % 2) + secret + " end" * rest
            told = cut(text)
            half = secret[:kept]
            telling = half[max(half.rfind(sign) for sign in ("://ann:", "Bearer ", "session=", "<token>")) :]
            assert len(told) < limit + len(MASK)
            for sign in ("://ann:", "Bearer ", "session=", "<token>"):
                telling = telling.replace(sign, "")
            assert len(telling) <= longest or telling not in told or secret[kept - 1] in ":/ <=>", (kept, told[-60:])


def test_the_end_of_what_is_known_is_hidden_where_the_middle_is_left_out():
    secret = "zK7qLw2Vb9Xc4Nm1Rt8Yp3"
    for shift in range(40):
        text = "x" * (STACK_TRACE // 4 - 20 + shift) + secret + "y" * 30_000
        text += "x" * (len(text) * 0 + 20_000) + "z" * shift + secret + "y" * (STACK_TRACE - STACK_TRACE // 4 - 10)
        told = KNOWING.text(cut_middle(text, STACK_TRACE))
        assert not any(secret[at : at + 6] in told for at in range(len(secret) - 6)), shift


def test_in_lists_and_objects():
    given = {
        "a": ["x-api-key", S, "extra"],
        "b": ["mysql", "--password", "hunter", "-u", "ann"],
        "c": {"name": "X-Api-Key", "value": S},
        "d": [4111111111111111.0, 4111111111111112.0],
        "\uff50assword": S,
        "to\u200bken": S,
        "SSHPASS": S,
        "sig": S,
        "required": ["password", "email", "name"],
    }
    assert PLAIN.value("", given) == {
        "a": ["x-api-key", MASK, "extra"],
        "b": ["mysql", "--password", MASK, "-u", "ann"],
        "c": {"name": "X-Api-Key", "value": MASK},
        "d": [MASK, 4111111111111112.0],
        "\uff50assword": MASK,
        "to\u200bken": MASK,
        "SSHPASS": MASK,
        "sig": MASK,
        "required": ["password", "email", "name"],
    }


@pytest.mark.parametrize(
    "said",
    [
        "Token count=17",
        "Token remaining=17 of 100",
        "tokenizer='bert-base'",
        "tokenizer=bert2",
        "unexpected token: '}'",
        "Unexpected token: 'else'",
        "secretary=Anna",
        "{'secretary': 'Anna'}",
        "http://shop:8080/orders/ann@example.com",
        'f"UID={user};PWD={pwd};HOST={self.host}"',
        "docker run -u 1000:1000 shop",
        "<user>ann</user> <order>17</order>",
        '<input name="page" value="2">',
        "compass=north1 bypass='yes' sig=15",
        "loading…",
        "order 17 of http://shop:8080…",
        "4111111111111111.5",
        "a family: \U0001f468\u200d\U0001f469",
        "Authentication: failed",
        "pin=17",
        'tokens = ["(", ")"]',
        "def token(self) -> str:",
        "password != given",
        "https://ann@shop/x",
        "<password> is asked for",
        '<field name="page">2</field>',
        "mysql -u ann -p shop",
        'if password:\n    login(password)\n    return "x1"',
        'for token in ("a", "token", "end"):',
        "names of users, identified by number17",
        '__all__ = ["getpass", "getuser"]',
        'def key(self) -> PrivateKey:\n    """\n    Gives a copy.\n    """',
    ],
)
def test_what_is_no_secret_stays(said: str):
    assert PLAIN.text(said) is said


@pytest.mark.parametrize("name", ["tokenizer", "secretary", "Tokenizers"])
def test_names_of_something_else_do_not_tell(name: str):
    assert not PLAIN.is_telling(name)


def own_of(event: Any) -> Any:
    return Steps(KNOWING).run(event, an_origin())
