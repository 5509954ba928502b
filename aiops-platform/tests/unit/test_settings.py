from pathlib import Path

import pytest

from aiops_platform.settings import Settings, SettingsError


def test_nothing_given_means_the_defaults():
    settings = Settings.load({}, {})

    assert settings.host == "127.0.0.1"
    assert settings.port == 8400
    assert settings.max_body == 1024 * 1024
    assert settings.secret is None
    assert settings.data.name == "aiops"
    assert settings.address() == "http://127.0.0.1:8400"


def test_every_setting_has_a_variable():
    settings = Settings.load(
        {},
        {
            "AIOPS_SERVER_DATA": "/data",
            "AIOPS_SERVER_HOST": "::1",
            "AIOPS_SERVER_PORT": "9000",
            "AIOPS_SERVER_PUBLIC_URL": "https://aiops.example.com",
            "AIOPS_SERVER_MAX_BODY": "2048",
            "AIOPS_SERVER_MAX_BATCH": "4096",
            "AIOPS_SERVER_KEY_RATE": "0",
            "AIOPS_SERVER_SERVICE_RATE": "7",
            "AIOPS_SERVER_API_RATE": "0",
            "AIOPS_SERVER_MAX_INTAKE": "1048576",
            "AIOPS_SERVER_INCIDENT_EVENTS": "10",
            "AIOPS_SERVER_RETENTION_DAYS": "30",
            "AIOPS_SERVER_MAX_STORE": "20000000",
            "AIOPS_SERVER_LOG_FORMAT": "json",
            "AIOPS_SERVER_PROJECT": "web-shop",
            "AIOPS_SERVER_SMTP_URL": "smtps://mail.example.com",
            "AIOPS_SERVER_MAIL_FROM": "AIOps <aiops@example.com>",
            "AIOPS_SERVER_ALLOW_PRIVATE_TARGETS": "10.0.0.0/8",
            "AIOPS_SERVER_FIXES": "no",
            "AIOPS_SERVER_SECRET": "x" * 32,
        },
    )

    assert settings == Settings(
        data=Path("/data"),
        host="::1",
        port=9000,
        public_url="https://aiops.example.com",
        max_body=2048,
        max_batch=4096,
        key_rate=0,
        service_rate=7,
        api_rate=0,
        max_intake=1048576,
        incident_events=10,
        retention_days=30,
        max_store=20_000_000,
        log_format="json",
        project="web-shop",
        smtp_url="smtps://mail.example.com",
        mail_from="AIOps <aiops@example.com>",
        allow_private_targets="10.0.0.0/8",
        fixes="no",
        secret="x" * 32,
    )


def test_an_argument_outranks_the_variable():
    assert Settings.load({"port": 1}, {"AIOPS_SERVER_PORT": "2"}).port == 1


def test_an_argument_that_was_not_given_does_not():
    assert Settings.load({"port": None}, {"AIOPS_SERVER_PORT": "2"}).port == 2


@pytest.mark.parametrize("blank", ["", "   ", "\n"])
def test_what_is_blank_counts_as_not_given(blank):
    environ = {f"AIOPS_SERVER_{name}": blank for name in ("DATA", "HOST", "PORT", "PUBLIC_URL", "MAX_BODY", "SECRET")}

    assert Settings.load({"data": blank}, environ) == Settings.load({}, {})


def test_blanks_and_slashes_around_a_value_are_forgiven():
    settings = Settings.load(
        {}, {"AIOPS_SERVER_PUBLIC_URL": " https://aiops.example.com/ ", "AIOPS_SERVER_PORT": " 80 "}
    )

    assert settings.public_url == "https://aiops.example.com"
    assert settings.port == 80


@pytest.mark.parametrize("port", ["web", "-1", "65536", "80.5", "٣", "tcp://10.0.0.1:8400", "9" * 5_000])
def test_a_port_that_is_none_is_said_with_what_would_be_one(port):
    with pytest.raises(SettingsError, match=r"AIOPS_SERVER_PORT is '.*': give a whole number from 0 to 65535"):
        Settings.load({}, {"AIOPS_SERVER_PORT": port})


def test_the_variable_that_kubernetes_sets_is_explained():
    with pytest.raises(SettingsError, match="enableServiceLinks"):
        Settings.load({}, {"AIOPS_SERVER_PORT": "tcp://10.0.0.1:8400"})


def test_a_wrong_argument_is_named_as_it_was_typed():
    with pytest.raises(SettingsError, match="--public-url is 'example'"):
        Settings.load({"public_url": "example"}, {})


@pytest.mark.parametrize(
    "url", ["aiops.example.com", "ftp://x", "https://", "https://x/aiops", "https://x?a", "https://u:p@x"]
)
def test_a_public_url_is_an_origin(url):
    with pytest.raises(SettingsError, match="such as https://aiops"):
        Settings.load({}, {"AIOPS_SERVER_PUBLIC_URL": url})


def test_a_short_secret_is_refused_without_repeating_it():
    with pytest.raises(SettingsError, match="too short") as raised:
        Settings.load({}, {"AIOPS_SERVER_SECRET": "hunter2"})

    assert "hunter2" not in str(raised.value)


def test_the_secret_is_not_in_what_is_printed():
    assert "xxx" not in repr(Settings.load({}, {"AIOPS_SERVER_SECRET": "x" * 32}))


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8400"),
        ("::1", "http://[::1]:8400"),
        ("0.0.0.0", "http://localhost:8400"),
        ("::", "http://localhost:8400"),
        ("aiops.internal", "http://aiops.internal:8400"),
    ],
)
def test_the_address_is_one_that_can_be_visited(host, address):
    assert Settings.load({"host": host}, {}).address() == address


def test_a_port_that_was_found_is_in_the_address():
    assert Settings.load({"port": 0}, {}).address(4711) == "http://127.0.0.1:4711"


def test_a_tilde_leads_home(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")

    assert Settings.load({"data": "~/aiops"}, {}).data == Path("/home/me/aiops")


def test_a_folder_that_a_database_address_cannot_hold_is_refused():
    with pytest.raises(SettingsError, match="without a question mark"):
        Settings.load({"data": "/what?/"}, {})


def test_each_setting_is_documented():
    documented = Settings.documentation()

    assert [each.variable for each in documented] == [
        "AIOPS_SERVER_DATA",
        "AIOPS_SERVER_HOST",
        "AIOPS_SERVER_PORT",
        "AIOPS_SERVER_PUBLIC_URL",
        "AIOPS_SERVER_MAX_BODY",
        "AIOPS_SERVER_MAX_BATCH",
        "AIOPS_SERVER_KEY_RATE",
        "AIOPS_SERVER_SERVICE_RATE",
        "AIOPS_SERVER_API_RATE",
        "AIOPS_SERVER_MAX_INTAKE",
        "AIOPS_SERVER_INCIDENT_EVENTS",
        "AIOPS_SERVER_RETENTION_DAYS",
        "AIOPS_SERVER_MAX_STORE",
        "AIOPS_SERVER_LOG_FORMAT",
        "AIOPS_SERVER_PROJECT",
        "AIOPS_SERVER_SMTP_URL",
        "AIOPS_SERVER_MAIL_FROM",
        "AIOPS_SERVER_ALLOW_PRIVATE_TARGETS",
        "AIOPS_SERVER_FIXES",
        "AIOPS_SERVER_SECRET",
    ]
    assert all(each.meaning.endswith(".") and each.default for each in documented)


def test_what_is_none_of_the_choices_is_said_with_them():
    with pytest.raises(SettingsError, match="AIOPS_SERVER_LOG_FORMAT is 'xml': give plain or json"):
        Settings.load({}, {"AIOPS_SERVER_LOG_FORMAT": "xml"})
