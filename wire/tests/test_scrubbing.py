"""Both sides hide the same secrets and leave the same harmless texts: `scrubbing.jsonl` says which."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from time import thread_time
from typing import Any

import pytest

from aiops_platform.core.scrubbing import Rules
from aiops_platform.core.scrubbing import Scrubber as OfThePlatform
from aiops_sdk.steps import Scrubber as OfTheSdk

TABLE = [json.loads(line) for line in (Path(__file__).parents[1] / "scrubbing.jsonl").read_text().splitlines()]
Case = dict[str, Any]


def by_the_sdk(case: Case) -> object:
    scrubber = OfTheSdk(names=case.get("names", ()), values=case.get("values", ()))
    return scrubber.text(case["text"]) if "text" in case else scrubber.value("", case["value"])


def by_the_platform(case: Case) -> object:
    scrubber = OfThePlatform(Rules(names=tuple(case.get("names", ())), values=tuple(case.get("values", ()))))
    return scrubber.text(case["text"]) if "text" in case else scrubber.value("", case["value"])


@pytest.mark.parametrize("side", [by_the_sdk, by_the_platform])
def test_the_table_is_what_both_sides_do(side: Callable[[Case], object]) -> None:
    wrong = []
    for case in TABLE:
        given = case.get("text", case.get("value"))
        told, expected = side(case), case.get("told", given)
        if told != expected:
            wrong.append((case["why"], given, told))
    assert wrong == []


def test_the_table_has_both_what_is_hidden_and_what_stays() -> None:
    hidden = [case for case in TABLE if "told" in case]
    assert all("[hidden]" in json.dumps(case["told"]) for case in hidden)
    assert (len(hidden) > 250, len(TABLE) - len(hidden) > 350) == (True, True)
    assert max(Counter(json.dumps(case, sort_keys=True) for case in TABLE).values()) == 1


@pytest.mark.parametrize("side", [by_the_sdk, by_the_platform])
@pytest.mark.parametrize(
    "unit",
    [
        "a", "token", "password ", "eyJ", "-eyJ", "://", "://a:b", "a:", "token=", "token=[", "token='", "'token'", "bearer ",
        "secret-", "=", "'", "x_", "4", "4 ", "4111 1111 ", "-----BEGIN PRIVATE KEY-----", "AKIA", "ghp_", "github_pat_",
        "xoxb-", "sk-", "sk_live_", "AIza", "ya29.", "SG.a", "whsec_", "--token ", "--", "hooks.slack.com/services/",
        "1234567890:AA", "…", 'token \\"', "password: a[", "eyJaaaaaa.",
        "token=a,", "token=a&", "pwd={", "pwd={a", "<token>", "<a ", "<token>a</", 'name="token" value="', 'value="a" ', "\\",
        '\\"token\\": \\"', "token%3d%22", "token%22%3a", "password: |\n ", "curl -u a:", "\n-----END PRIVATE KEY", "a…", "4…",
        "://a:1…", "eyJa…", "…]\n", "\u200b", "Private-Lines: 3\nab\n", "token count=1 ", "name=a value ", "password=a\nb:",
        "&lt;token&gt;", "<td>token</td>", "<Cookie a=", "mysql -", "mysql -p", "redis-cli -a", "%3a%2f%2fa%3a", "https:\\/\\/a:b",
        "://aaaaaaaaaaaaaaaa", "token%25", "\\u0022token\\u0022:\\u0022", "passwords:\n- ", "cookie=a=", "--token '", "token|",
        "password is ", "password is a1", "password for a ", "password is is ", "key (a)=(b", "key (token", "credentials a/", "code is 1",
        "password x1y2z3 and ", "password (a1 ", "password from a1 to ", "--a", "--token -", "key: a1B", "pin is 1234 ",
        "password a" + "-1" * 100 + "! ", "password 1" + "." * 200 + "! ", "password is 'abc",
        "'input':1,'loc':(", "input_value=1 password\n", "on instance['password']:\n'abcd'\n",
        "into a (token) values (1),(", "into a (token) values (1) ", "[sql: token=? [parameters: [('a'", "[parameters: {'a': 'b', ",
        "into users values (", "into users values ('a'),", "[generated in 0.1s] (", "insert into a\n[raw sql] ('b')\n", "auth=('", "auth(a,",
        "SecretStr('", "password: string should ", "'password': ['this field is x',", "verification code for ", "your code is is ",
        "123456 is your code ",
        "bearer:  ", "41", "password='\n", 'token=\\"a\n', "secret%3D", "<password>", "cookie: ", '"password":[',
        "token%3d%2526", "token%22%3aa,", "token%3da%", "token%3d,,%2",
    ],
)  # fmt: skip
def test_work_grows_with_the_text_and_no_faster(unit: str, side: Callable[[Case], object]) -> None:
    """Four times as much of anything takes four times as long, and not sixteen times."""
    little, much = ("token " + unit * (size // len(unit)) for size in (10_000, 40_000))
    # Something else may lengthen one measurement, hardly three.
    assert any(_work(side, much) < 9 * _work(side, little) + 0.01 for _ in range(3))


def _work(side: Callable[[Case], object], text: str) -> float:
    """Seconds of this thread's processor time."""
    begun = thread_time()
    side({"text": text, "names": ["iban"], "values": ["some-secret-value"]})
    return thread_time() - begun
