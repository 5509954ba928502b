"""Which names tell, and what the environment's secrets are."""

from __future__ import annotations

import pytest

from aiops_sdk.config import Config
from aiops_sdk.telling import is_telling, measures, secrets_in


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "dbPass",
        "db_pass",
        "X-Auth",
        "basicAuth",
        "pin",
        "CVV",
        "card number",
        "customer.api-key",
        "JSESSIONID",
        "SSHPASS",
        "dbpass",
        "X-Authentication",
        "sig",
        "\uff30assword",
        "pass\u200bword",
    ],
)
def test_names_that_tell(name: str):
    assert is_telling(name)


@pytest.mark.parametrize(
    "name",
    [
        "author",
        "keyboard",
        "compass",
        "bypass",
        "oauth",
        "spinning",
        "monkey",
        "primary_key",
        "className",
        "getpass",
        "tokenizer",
        "secretary",
        "authentication_backend",
        "key",
        "option",
    ],
)
def test_names_that_do_not(name: str):
    assert not is_telling(name)


@pytest.mark.parametrize("name", ["max_tokens", "token_count", "session_age", "has_token"])
def test_names_of_what_is_counted(name: str):
    assert measures(name)


@pytest.mark.parametrize(
    ("name", "value", "secrets"),
    [
        ("STRIPE_KEY", "sk_live_abcdefgh12345678", ("sk_live_abcdefgh12345678",)),
        ("DATABASE_URL", "postgres://shop:hunter2longer@db/x", ("hunter2longer",)),
        ("BROKER", "amqp://a:p%40ssword1@h/", ("p%40ssword1", "p@ssword1")),
        ("DJANGO_SECRET_KEY", "kq3-!x9$wz_0", ("kq3-!x9$wz_0",)),
        ("DB_PASSWORD", "hunterhunter", ("hunterhunter",)),
        ("SMTP_PASS", "äöü12345", ("äöü12345",)),
        ("API_KEYS", "abc123def456,ghi789jkl012", ("abc123def456,ghi789jkl012", "abc123def456", "ghi789jkl012")),
        ("SSHPASS", "hunterhunter", ("hunterhunter",)),
        ("DBPASS", "hunterhunter", ("hunterhunter",)),
        ("BYPASS", "hunterhunter", ()),
        ("TOKENIZER", "bert-base-uncased", ()),
        ("SECRETARY", "Ann-Marie7", ()),
        ("DB_PASSWORD", "short", ()),
        ("DB_PASSWORD", "postgres", ()),
        ("TOKEN", "1234567890", ()),
        ("PASSWORD_FILE", "/run/secrets/x", ()),
        ("SECRET_DIR", "/run/secrets", ()),
        ("SSH_AUTH_SOCK", "/tmp/ssh-abc123/agent.1", ()),
        ("SESSION_ENGINE", "django.contrib.sessions", ()),
        ("DESKTOP_SESSION", "ubuntu-desktop", ()),
        ("SESSION_COOKIE_NAME", "shop_session1", ()),
        ("AUTH_HOST", "auth.example.com", ()),
        ("AUTH", "auth.example.com:8080", ()),
        ("MONKEY", "banana-banana", ()),
        ("KEYBOARD", "us-layout1", ()),
        ("AUTHOR", "Ann-Marie7", ()),
        ("PATH", "/usr/bin:/bin", ()),
        ("PWD", "/srv/shop/current", ()),
        ("HOME_PAGE", "https://shop.example.com/a@b", ()),
    ],
)
def test_the_secrets_of_an_environment(name: str, value: str, secrets: tuple):  # type: ignore[type-arg]
    assert secrets_in({name: value}) == secrets


def test_they_are_read_with_the_options_and_never_printed():
    config = Config.load(environ={"AIOPS_API_KEY": "key-0123456789", "DB_PASSWORD": "hunterhunter"})
    assert config.secrets == ("key-0123456789", "hunterhunter")
    assert "hunterhunter" not in repr(config)
