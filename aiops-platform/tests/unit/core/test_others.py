"""Addresses for Apprise: of services at one public address, and nothing that runs, writes or leads inside."""

import pytest

from aiops_platform.core.channels import ChannelError, ChannelKind, checked
from aiops_platform.core.others import SERVICES, OtherError, checked_other
from aiops_platform.core.targets import PUBLIC_ONLY


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_a_service_that_is_known_is_taken(service: str) -> None:
    assert checked_other(f"{service}://one/two") == f"{service}://one/two"


@pytest.mark.parametrize(
    "typed",
    [
        *("file:///etc/passwd", "json://10.0.0.1/x", "xml://localhost", "form://example.com", "dbus://", "syslog://"),
        *("mqtt://10.0.0.1", "mailto://u:p@example.com", "windows://", "gnome://", "exec://x", "apprise://10.0.0.1/k"),
        *("tgram://a/b?verify=no", "tgram://a/b c", "tgram://a\n/b", "tgram://", "TGRAM://a/b", "tgram:a", ""),
        *("tgram://a/b,json://10.0.0.1/x", "tgram://a/b,JSON://x", "tgram://a/b/json://10.0.0.1", "tgram://a/b,c"),
        *("tgram://a/b;json://x", 'tgram://a/"b', "tgrams://a/b", "tgram://a\\b"),
    ],
)
def test_nothing_else_is(typed: str) -> None:
    with pytest.raises(OtherError):
        checked_other(typed)


def test_of_its_address_only_the_kind_is_shown() -> None:
    settings = checked(ChannelKind.APPRISE, {"url": "tgram://123456:secret/4711"}, PUBLIC_ONLY)
    assert settings.hint == "tgram://…11"
    with pytest.raises(ChannelError):
        checked(ChannelKind.APPRISE, {"url": "json://localhost"}, PUBLIC_ONLY)
