import pytest
from litestar.connection import ASGIConnection

from aiops_platform.web.guesses import address_of


def coming(client, forwarded=None):
    lines = [] if forwarded is None else forwarded.split("\n")
    headers = [(b"x-forwarded-for", line.encode()) for line in lines]
    return ASGIConnection({"type": "http", "client": client, "headers": headers})


@pytest.mark.parametrize(
    ("client", "forwarded", "address"),
    [
        (("203.0.113.7", 1), None, "203.0.113.7"),
        # What a stranger says of themselves is not believed.
        (("8.8.8.8", 1), "198.51.100.1", "8.8.8.8"),
        # A proxy of our own network is, and only the last word of it.
        (("127.0.0.1", 1), "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        (("10.0.0.2", 1), "198.51.100.1", "198.51.100.1"),
        # Where the proxy has added a line, what stands in the first is the stranger's.
        (("127.0.0.1", 1), "6.6.6.6\n198.51.100.1", "198.51.100.1"),
        (("127.0.0.1", 1), "::ffff:198.51.100.1", "198.51.100.1"),
        (("127.0.0.1", 1), "198.51.100.1:4711", "198.51.100.1"),
        (("127.0.0.1", 1), "[2001:db8:1:2:3:4:5:6]:4711", "2001:db8:1:2::"),
        (("::ffff:203.0.113.7", 1), None, "203.0.113.7"),
        (("127.0.0.1", 1), "nonsense" * 99, ("nonsense" * 99)[:100]),
        (("127.0.0.1", 1), "", "127.0.0.1"),
        (("2001:db8:1:2:3:4:5:6", 1), None, "2001:db8:1:2::"),
        (None, None, ""),
    ],
)
def test_whose_attempt_it_is(client, forwarded, address):
    assert address_of(coming(client, forwarded)) == address
