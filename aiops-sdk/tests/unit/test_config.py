"""Settings: argument, then environment, then default; forgiving, and clear where they cannot be used."""

from __future__ import annotations

import os
from typing import Any

import pytest

from aiops_sdk.config import Config, ConfigError


def load(**options: Any) -> Config:
    return Config.load(**{"environ": {"AIOPS_API_KEY": "key"}, **options})


def load_from(**environ: str) -> Config:
    return Config.load(environ={"AIOPS_API_KEY": "key", **environ})


def test_everything_has_a_default_but_the_key():
    config = load()
    assert (config.service_name, config.environment, config.platform_url) == (
        "unknown-service",
        "production",
        "https://aiops.1genimpact.cloud",
    )
    assert (config.base_url, config.skip_paths, config.release, config.proxy) == (None, frozenset(), None, None)


def test_the_environment_is_read():
    config = load_from(
        AIOPS_SERVICE_NAME="shop",
        AIOPS_ENV="staging",
        AIOPS_PLATFORM_URL="http://localhost:8400",
        AIOPS_SERVICE_BASE_URL="https://shop.example.com",
        AIOPS_SKIP_PATHS="/admin/health,/internal/ping",
        AIOPS_RELEASE="1.2.3",
        AIOPS_AGGREGATE_REPEATS="no",
        AIOPS_SPOOL="/var/lib/shop",
        AIOPS_FLUSH_ON_SIGTERM="1",
        AIOPS_SHUTDOWN_TIMEOUT="5",
    )
    assert config == Config(
        api_key="key",
        service_name="shop",
        environment="staging",
        platform_url="http://localhost:8400",
        base_url="https://shop.example.com",
        skip_paths=frozenset({"/admin/health", "/internal/ping"}),
        release="1.2.3",
        aggregate_repeats=False,
        spool=("/var/lib/shop",),
        flush_on_sigterm=True,
        shutdown_timeout=5,
    )


@pytest.mark.parametrize("word", ["off", "0", "No", " false ", "none"])
def test_the_spool_can_be_turned_off(word: str):
    assert load_from(AIOPS_SPOOL=word).spool == ()
    assert load(spool=word, environ={"AIOPS_API_KEY": "key"}).spool == ()
    assert load(spool=False, environ={"AIOPS_API_KEY": "key", "AIOPS_SPOOL": "/var/lib/shop"}).spool == ()


def test_the_spool_is_where_programs_keep_their_state_or_else_among_temporary_files():
    temporary = f"/tmp/aiops-sdk-{os.geteuid()}"
    assert load_from(HOME="/home/me").spool == ("/home/me/.local/state/aiops-sdk", temporary)
    assert load_from(HOME="/home/me", XDG_STATE_HOME="/state").spool[0] == "/state/aiops-sdk"
    assert load_from(TMPDIR="/scratch").spool == (f"/scratch/aiops-sdk-{os.geteuid()}",)
    assert load_from(HOME="relative").spool == (temporary,)
    assert load_from(AIOPS_SPOOL="on").spool == (temporary,)


def test_a_decision_is_a_word_or_a_truth_value():
    assert load_from(AIOPS_AGGREGATE_REPEATS="nonsense").aggregate_repeats is True
    assert load(aggregate_repeats=False, environ={"AIOPS_API_KEY": "key"}).aggregate_repeats is False
    assert load_from(AIOPS_FLUSH_ON_SIGTERM="nonsense").flush_on_sigterm is False


def test_an_argument_wins_over_the_environment():
    environ = {"AIOPS_API_KEY": "from outside", "AIOPS_ENV": "from outside", "AIOPS_SKIP_PATHS": "/outside"}
    config = Config.load(api_key="given", environment="given", skip_paths=["/given"], environ=environ)
    assert (config.api_key, config.environment, config.skip_paths) == ("given", "given", frozenset({"/given"}))


@pytest.mark.parametrize("empty", ["", "   ", "\n"])
def test_an_empty_value_counts_as_not_given(empty: str):
    assert load(service_name=empty, environ={"AIOPS_API_KEY": "key", "AIOPS_SERVICE_NAME": empty}).service_name == (
        "unknown-service"
    )
    assert load_from(AIOPS_PLATFORM_URL=empty).platform_url == "https://aiops.1genimpact.cloud"
    assert load_from(AIOPS_SKIP_PATHS=empty).skip_paths == frozenset()


def test_whitespace_and_trailing_slashes_are_forgiven():
    config = load(
        api_key=" key\n", platform_url=" http://localhost:8400// ", base_url="http://shop/ ", service_name=" shop "
    )
    assert (config.api_key, config.platform_url, config.base_url, config.service_name) == (
        "key",
        "http://localhost:8400",
        "http://shop",
        "shop",
    )


def test_paths_to_skip_may_be_a_list_or_a_text():
    expected = frozenset({"/a", "/b"})
    assert load(skip_paths="/a, /b,,").skip_paths == expected
    assert load(skip_paths=[" /a", "/b ", ""]).skip_paths == expected


@pytest.mark.parametrize("key", [None, "", "  "])
def test_without_a_key_the_error_says_what_to_do(key: Any):
    with pytest.raises(RuntimeError, match=r"aiops_sdk\.init\(api_key='…'\).*AIOPS_API_KEY"):
        Config.load(api_key=key, environ={})


@pytest.mark.parametrize("key", ["two\nlines", "with space", "“quoted”", "schlüssel"])
def test_a_key_that_cannot_be_one_is_refused_at_once(key: str):
    with pytest.raises(ConfigError, match="copy it again"):
        load(api_key=key)


@pytest.mark.parametrize(
    "url", ["localhost:8400", "ftp://host", "https://", "nonsense", "http://host:port", "http://[::1"]
)
def test_an_address_that_cannot_be_one_is_refused_at_once(url: str):
    with pytest.raises(ConfigError, match="is not usable: write it like https://"):
        load(platform_url=url)


def test_the_key_is_never_printed():
    assert "s3cret" not in repr(load(api_key="s3cret", environ={"https_proxy": "http://user:s3cret@proxy"}))


@pytest.mark.parametrize(
    ("url", "environ", "proxy"),
    [
        ("https://a.example", {"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        ("https://a.example", {"https_proxy": "http://low:1", "HTTPS_PROXY": "http://up:1"}, "http://low:1"),
        ("https://a.example", {"HTTP_PROXY": "http://proxy:3128"}, None),
        ("http://a.example", {"http_proxy": "http://proxy:3128"}, "http://proxy:3128"),
        ("http://a.example", {"HTTP_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        ("http://a.example", {"HTTP_PROXY": "http://evil", "REQUEST_METHOD": "GET"}, None),
        ("http://a.example", {"ALL_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        ("https://a.example", {"HTTPS_PROXY": "http://proxy", "NO_PROXY": "b.example,.example"}, None),
        ("https://a.example", {"HTTPS_PROXY": "http://proxy", "no_proxy": "a.example:443"}, None),
        ("https://a.example", {"HTTPS_PROXY": "http://proxy", "no_proxy": "*"}, None),
        ("https://an.example", {"HTTPS_PROXY": "http://proxy", "no_proxy": "n.example"}, "http://proxy"),
        ("https://[fd00::1]:8400", {"HTTPS_PROXY": "http://proxy", "no_proxy": "fd00::1"}, None),
        ("https://10.1.2.3", {"HTTPS_PROXY": "http://proxy", "no_proxy": "192.168.0.0/16, 10.0.0.0/8"}, None),
        ("https://11.1.2.3", {"HTTPS_PROXY": "http://proxy", "no_proxy": "10.0.0.0/8,fd00::/8,a/b"}, "http://proxy"),
        ("https://[fd00::1]", {"HTTPS_PROXY": "http://proxy", "no_proxy": "fd00::/8"}, None),
        ("https://a.example", {"HTTPS_PROXY": "http://proxy", "no_proxy": "10.0.0.0/8"}, "http://proxy"),
        ("https://[fd00::1]:8400", {"HTTPS_PROXY": "http://proxy", "no_proxy": "[fd00::1]:8400"}, None),
        ("http://127.0.0.1:8400", {"HTTP_PROXY": "http://proxy"}, None),
        ("http://localhost:8400", {"HTTP_PROXY": "http://proxy"}, None),
        ("https://[::1]:8400", {"HTTPS_PROXY": "http://proxy"}, None),
    ],
)
def test_the_usual_proxy_variables_count(url: str, environ: Any, proxy: Any):
    assert load(platform_url=url, environ={"AIOPS_API_KEY": "key", **environ}).proxy == proxy


@pytest.mark.parametrize(
    ("word", "means"), [("no", False), ("off", False), ("0", False), ("yes", True), ("1", True), ("", False)]
)
def test_a_decision_may_be_handed_in_as_the_word_of_a_variable(word, means):
    assert Config.load(api_key="k", capture_locals=word, environ={}).capture_locals is means


@pytest.mark.parametrize(
    "options",
    [
        {"tags": ["a"]}, {"tags": 5}, {"skip_paths": 5}, {"skip_paths": [5]}, {"scrub_names": 5}, {"scrub_values": [b"s"]},
        {"ignore_errors": 5}, {"ignore_errors": [ValueError, 5]},
    ],
)  # fmt: skip
def test_an_option_of_a_wrong_kind_is_named(options):
    (name,) = options
    with pytest.raises(ConfigError, match=name):
        Config.load(api_key="k", environ={}, **options)


@pytest.mark.parametrize(
    ("environ", "options", "said"),
    [
        ({"AIOPS_CAPTURE_LOCALS": "Y"}, {}, "AIOPS_CAPTURE_LOCALS is 'Y', which is neither yes nor no: no is taken instead."),
        ({"AIOPS_AGGREGATE_REPEATS": "x"}, {}, "AIOPS_AGGREGATE_REPEATS is 'x', which is neither yes nor no: yes is taken instead."),
        ({"AIOPS_DEBUG": "1"}, {"debug": "yep"}, "debug is 'yep', which is neither yes nor no: yes is taken instead."),
        ({"AIOPS_MAX_BREADCRUMBS": "x"}, {}, "AIOPS_MAX_BREADCRUMBS is 'x', which is no number from 0 to 1000: 50 is taken instead."),
        ({"AIOPS_MAX_BREADCRUMBS": "7"}, {"max_breadcrumbs": -1}, "max_breadcrumbs is -1, which is no number from 0 to 1000: 7 is taken instead."),
        ({}, {"max_breadcrumbs": 5_000}, "max_breadcrumbs is 5000, which is no number from 0 to 1000: 1000 is taken instead."),
        ({"AIOPS_DEBUG": " ", "AIOPS_CAPTURE_SQL": "ON", "AIOPS_MAX_BREADCRUMBS": ""}, {"capture_http": "off"}, None),
    ],
)  # fmt: skip
def test_what_says_nothing_is_said_once_with_what_is_taken_instead(caplog, environ, options, said):
    config = Config.load(environ={"AIOPS_API_KEY": "key", **environ}, **options)
    assert [record.getMessage() for record in caplog.records] == ([] if said is None else [said])
    assert {(record.name, record.levelname) for record in caplog.records} <= {("aiops_sdk", "WARNING")}
    assert config.debug is ("debug" in options)
