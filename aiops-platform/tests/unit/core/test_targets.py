"""Addresses that people type: what is one, what may be sent to, and each trick that would lead inside."""

from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops_platform.core.targets import PUBLIC_ONLY, TargetError, check_address, parsed, policy_from


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("https://example.com", "https://example.com/"),
        ("https://EXAMPLE.com.:443/a?b=c", "https://example.com/a?b=c"),
        ("https://example.com:8443/a%20b", "https://example.com:8443/a%20b"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://example.com/ä#part", "https://example.com/%C3%A4"),
        ("https://93.184.215.14/x", "https://93.184.215.14/x"),
        ("https://[2606:2800:21f:cb07::1]:8443/", "https://[2606:2800:21f:cb07::1]:8443/"),
    ],
)
def test_an_address_is_kept_in_its_plainest_spelling(typed: str, meant: str) -> None:
    assert parsed(typed).url == meant


@pytest.mark.parametrize(
    "typed",
    [
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "//example.com/",
        "example.com/hook",
        "https://",
        "https:///path",
        "https://example.com:0/",
        "https://example.com:22/",
        "https://example.com:25/",
        "https://example.com:6379/",
        "https://example.com:99999/",
        "https://example.com:x/",
        "https://user:word@example.com/",
        "https://example.com@127.0.0.1/",
        "https://@example.com/",
        "https://example.com\\@127.0.0.1/",
        "https://example.com\n/",
        "https://example.com/\r\nX: y",
        "https://exa mple.com/",
        "https://example.com\t.evil/",
        "https://exam\u00a0ple.com/",
        "https://example..com/",
        "https://-example.com/",
        "https://example.com../",
        "https://localhost/",
        "https://localhost./",
        "https://metadata/",
        "https://metadata.google.internal/",
        "https://printer.local/",
        "https://127.0.0.1/",
        "https://127.0.0.1./",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://0/",
        "https://①②⑦.⓪.⓪.①/",
        "https://１２７.0.0.1/",
        "https://127。0。0。1/",
        "https://[::1]/",
        "https://[::]/",
        "https://[fe80::1%25eth0]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:a00:1]/",
        "https://[::127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
        "https://[v1.x]/",
        "https://[127.0.0.1]/",
        "https://" + "a" * 64 + ".com/",
        "https://example.com/" + "a" * 2_000,
    ],
)
def test_no_trick_is_taken_for_an_address(typed: str) -> None:
    with pytest.raises(TargetError):
        parsed(typed)


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254"),
        *("172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1"),
        *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "::7f00:1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1", "100::1", "2001:db8::1"),
        *("2002:a00:1::", "2001::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "3fff::1"),
    ],
)
def test_no_address_inside_is_connected_to(address: str) -> None:
    with pytest.raises(TargetError):
        check_address(ip_address(address), "https", PUBLIC_ONLY)


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "2606:2800:21f:cb07::1", "64:ff9b::5db8:d70e", "2002:5db8:d70e::"]
)
def test_a_public_address_is_connected_to(address: str) -> None:
    check_address(ip_address(address), "https", PUBLIC_ONLY)


def test_a_setting_opens_private_networks_and_nothing_else() -> None:
    yes = policy_from("yes")
    for inside in ("10.1.2.3", "127.0.0.1", "192.168.1.1", "::1", "fd00::1"):
        check_address(ip_address(inside), "http", yes)
    for never in ("169.254.169.254", "0.0.0.0", "224.0.0.1", "fe80::1", "::ffff:10.0.0.1"):
        with pytest.raises(TargetError):
            check_address(ip_address(never), "https", yes)
    assert parsed("http://mattermost:8065/hooks/x", yes).url == "http://mattermost:8065/hooks/x"


# Where clouds hand out secrets or steer machines, and what comes near to naming it without doing so.
CLOUDS = {
    "169.254.169.254": "0.0.0.0/0",
    "169.254.170.2": "169.0.0.0/8",
    "fe80::a9fe:a9fe": "fe00::/8",
    "fd00:ec2::254": "fc00::/7",
    "fd00:ec2::23": "fd00::/8",
    "fd20:ce::254": "fd20:ce::/64",
    "fd00:c1::a9fe:a9fe": "fd00:c1::/32",
    "fd00:42::42": "fd00:42::/64",
    "100.100.100.200": "100.64.0.0/10",
    "192.0.0.192": "192.0.0.0/24",
    "168.63.129.16": "168.63.129.0/24",
}


@pytest.mark.parametrize(("address", "wider"), CLOUDS.items())
def test_where_a_cloud_hands_out_secrets_is_open_only_by_its_own_name(address: str, wider: str) -> None:
    for said in ("no", "yes", wider):
        with pytest.raises(TargetError, match="hands out secrets"):
            check_address(ip_address(address), "https", policy_from(said))
    check_address(ip_address(address), "http", policy_from(address))


@pytest.mark.parametrize("packed", ["::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a83f:8110::", "::a9fe:a9fe"])
def test_a_cloud_s_own_address_is_found_where_it_is_packed_into_another(packed: str) -> None:
    for said in ("no", "yes", "::/0", "0.0.0.0/0"):
        with pytest.raises(TargetError):
            check_address(ip_address(packed), "https", policy_from(said))


@pytest.mark.parametrize("name", ["metadata.google.internal", "METADATA.google.internal.", "metadata.goog"])
def test_a_cloud_s_own_names_are_open_only_with_their_address(name: str) -> None:
    for said in ("no", "yes", "10.0.0.0/8"):
        with pytest.raises(TargetError):
            parsed(f"https://{name}/", policy_from(said))
    assert parsed(f"http://{name}/", policy_from("169.254.169.254/32")).host.startswith("metadata.goog")


def test_who_types_http_reads_which_setting_opens_their_own_network() -> None:
    with pytest.raises(TargetError, match="AIOPS_SERVER_ALLOW_PRIVATE_TARGETS"):
        parsed("http://10.0.0.5/hook")


def test_a_setting_names_networks() -> None:
    some = policy_from("10.0.0.0/8, fd00::/8")
    check_address(ip_address("10.1.2.3"), "http", some)
    check_address(ip_address("fd12::1"), "http", some)
    with pytest.raises(TargetError, match="private network"):
        check_address(ip_address("192.168.1.1"), "https", some)


def test_outside_of_a_private_network_nothing_goes_unencrypted() -> None:
    with pytest.raises(TargetError, match="only https"):
        check_address(ip_address("93.184.215.14"), "http", policy_from("yes"))


@pytest.mark.parametrize("said", ["maybe", "10.0.0.0/99", "10.0.0.1/8", "yes, no"])
def test_a_setting_that_makes_no_sense_says_so(said: str) -> None:
    with pytest.raises(TargetError, match="neither yes, no nor networks"):
        policy_from(said)


@pytest.mark.parametrize("said", ["", "no", " No "])
def test_nothing_inside_is_open_by_itself(said: str) -> None:
    assert policy_from(said) == PUBLIC_ONLY


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_whatever_is_typed_is_an_address_or_said_to_be_none(text: str) -> None:
    for typed in (text, f"https://{text}", f"https://example.com/{text}"):
        try:
            target = parsed(typed)
        except TargetError:
            continue
        assert parsed(target.url) == target
        assert target.url.isascii()
        assert target.url.isprintable()
