"""How often the pages ask the store: what several parts of a page need is asked once, however much there is to show."""

from collections import Counter
from contextlib import contextmanager

import pytest
from scenes import plant_busy
from sqlalchemy import event

# With the one that finds the visitor's session, and those for the frame. No page gets more without a reason.
MOST = {
    "/": 18,
    "/incidents": 16,
    "/incidents?query=service:shop&sort=matters&time=7d": 18,
    "/incidents/{everything}": 26,
    "/incidents/{log}": 25,
    "/incidents/{silence}": 24,
    "/incidents/{everything}/events": 16,
    "/services": 10,
    "/jobs": 8,
    "/alerts": 9,
    "/fixes": 8,
}


@contextmanager
def asked(engine):
    statements = []

    def note(_connection, _cursor, statement, *_):
        if not statement.startswith("BEGIN"):
            statements.append(" ".join(statement.split()))

    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("path", MOST)
def test_a_page_asks_few_statements_and_none_of_them_twice(site, client, path):
    path, most = path.format(**plant_busy(site.seeds, site.project)), MOST[path]
    assert client.get(path).status_code == 200
    with asked(site.seeds.database.engine) as statements:
        assert client.get(path).status_code == 200
    again = [statement for statement, many in Counter(statements).items() if many > 1]
    assert not again
    assert 3 < len(statements) <= most, "\n".join(statements)
