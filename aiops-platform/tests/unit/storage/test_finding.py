"""What a search finds in the store: by what incidents are, by when they happened, and in which order."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from seeds import HOUR, NOW, Seeds
from sqlalchemy import insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from tables import a_store

from aiops_platform.core import affected
from aiops_platform.core.incident import IncidentKind, IncidentState
from aiops_platform.core.listing import Period, Rank, Sort, rank
from aiops_platform.core.search import parse
from aiops_platform.core.views import IncidentQuery
from aiops_platform.storage import finding, release_incidents, schema
from aiops_platform.storage.reads import SqlReads

DAYS = timedelta(days=1)
NOISY = {0: 30, 1: 40} | dict.fromkeys(range(2, 100), 1)


@pytest.fixture(scope="module")
def shop():
    """A store with a few incidents, each called by its type; they are only read."""
    seeds = Seeds(a_store())
    project, other = seeds.project(), seeds.project("other")
    front = seeds.service(project, "shop")
    staging = seeds.service(project, "shop", "staging")
    mail = seeds.service(project, "mail_out")
    made = {
        "KeyError": seeds.incident(
            project, front, type="KeyError", message="no such price: '50% off'", path="/checkout", status_code=500,
            release="1.4.2", hours={2: 5, 30: 7}, first_seen=30 * HOUR, last_seen=2 * HOUR,
        ),
        "Timeout": seeds.incident(
            project, staging, type="Timeout", message="timed out after 5 s", place="GET /api/Orders", level="critical",
            kind=IncidentKind.HTTP_ERROR, status_code=504, path="/api/orders", hours={0: 200}, first_seen=3 * HOUR,
        ),
        "ERROR": seeds.incident(
            project, mail, type="ERROR", message="mail not sent", kind=IncidentKind.LOG_ERROR, logger="mail.out",
            place="mail.out", state=IncidentState.MUTED, hours={100: 3}, first_seen=9 * DAYS, last_seen=100 * HOUR,
        ),
        "OSError": seeds.incident(
            project, mail, type="OSError", message="disk full", state=IncidentState.RESOLVED, release="1.4.10",
            hours={50: 1}, first_seen=8 * DAYS, last_seen=50 * HOUR,
        ),
        "Rising": seeds.incident(
            project, front, type="Rising", message="pool is empty", place="pool.py", hours=NOISY, first_seen=5 * DAYS,
            reopened=3 * DAYS,
        ),
        "Back": seeds.incident(
            project, front, type="Back", message="again", place="x.py", hours={5: 1}, first_seen=6 * DAYS,
            last_seen=5 * HOUR, reopened=5 * HOUR,
        ),
    }  # fmt: skip
    gone = seeds.incident(project, front, type="Gone", state=IncidentState.MERGED)
    seeds.incident(other, seeds.service(other), type="Foreign")
    user = seeds._insert(schema.users, name="Ana Lee", email="ana@example.com", created_at=NOW)
    seeds._insert(schema.members, user_id=user, project_id=project, role="member", since=NOW)
    with seeds.database.begin() as connection:
        for incident, name, value in (
            (made["KeyError"], "release", "1.4.2"), (made["KeyError"], "tenant", "berlin"),
            (made["OSError"], "release", "1.4.10"), (made["Timeout"], "tenant", "paris"), (gone, "tenant", "paris"),
        ):  # fmt: skip
            row = {"incident_id": incident, "name": name, "value": value, "count": 1}
            connection.execute(insert(schema.incident_values).values(row))
            if name == "release":
                release_incidents.add(connection, {(project, value): [incident]})
        for incident, names in (("KeyError", ["7", "ada@example.com"]), ("KeyError", ["8"]), ("Timeout", ["7"])):
            hashes = [affected.hashed(name, project) for name in names]
            for each in hashes:
                told = {"incident_id": made[incident], "name": each, "person": hashes[0]}
                connection.execute(insert(schema.incident_people).values(told))
        table = schema.incidents
        for incident, people in (("KeyError", 2), ("Timeout", 1)):
            connection.execute(update(table).where(table.c.id == made[incident]).values(people=people))
        connection.execute(update(table).where(table.c.id == made["Back"]).values(assigned_to=user))
    return seeds, project, user


def found(shop, text, **how):
    seeds, project, user = shop
    query = IncidentQuery(**{"state": None, "me": user, "search": parse(text)} | how)
    return SqlReads(seeds.database).incidents(project, query, NOW)


def types(page):
    return [row.type for row in page.rows]


@pytest.mark.parametrize(
    ("text", "finds"),
    [
        ("", "KeyError Timeout ERROR OSError Rising Back"),
        ("price", "KeyError"),
        ("PRICE 50%", "KeyError"),
        ("50_", ""),
        ("api/orders", "Timeout"),
        ("paris", "Timeout"),
        ("-paris price", "KeyError"),
        ("tim*out", "Timeout"),
        ("service:shop", "KeyError Timeout Rising Back"),
        ("service:SHOP env:production", "KeyError Rising Back"),
        ("service:mail_*", "ERROR OSError"),
        ("service:shop_", ""),
        ("-env:production", "Timeout"),
        ("state:muted OR state:resolved", "ERROR OSError"),
        ("type:*error", "KeyError ERROR OSError"),
        ("message:'50%", "KeyError"),
        ("message:tim*", "Timeout"),
        ("place:orders", "KeyError OSError Timeout"),
        ("path:/api/*", "Timeout"),
        ("-path:checkout", "Timeout ERROR OSError Rising Back"),
        ("status:5xx", "KeyError Timeout"),
        ("status:>=504", "Timeout"),
        ("-status:5xx", "ERROR OSError Rising Back"),
        ("has:status -has:tag.tenant", ""),
        ("level:critical", "Timeout"),
        ("logger:mail.*", "ERROR"),
        ("has:logger", "ERROR"),
        ("kind:log_error", "ERROR"),
        ("release:1.4.2", "KeyError"),
        ("release:1.4.*", "KeyError OSError"),
        ("-has:release", "Timeout ERROR Rising Back"),
        ("tag.tenant:berlin", "KeyError"),
        ("tag.tenant:*", "KeyError Timeout"),
        ("user:7", "KeyError Timeout"),
        ("user:Ada@Example.com", "KeyError"),
        ("user:9", ""),
        ("has:user people:>1", "KeyError"),
        ("count:>100", "Timeout Rising"),
        ("count:12", "KeyError"),
        ("first-seen:<4h", "Timeout"),
        ("age:>1w", "ERROR OSError"),
        ("last-seen:>2d", "ERROR OSError"),
        ("last-seen:<99999w", "KeyError Timeout ERROR OSError Rising Back"),
        ("first-seen:2026-11-20", "KeyError"),
        ("first-seen:<2026-11-20", "ERROR OSError Rising Back"),
        ("first-seen:>2026-11-20", "Timeout"),
        ("last-seen:<=2026-11-20", "ERROR OSError"),
        ("last-seen:>=2026-11-22T03:00", "Timeout Rising"),
        ("assigned:me", "Back"),
        ("assigned:ana*", "Back"),
        ("assigned:ana@example.com", "Back"),
        ("assigned:none -service:shop", "ERROR OSError"),
        ("is:unassigned is:muted", "ERROR"),
        ("is:new", "Timeout"),
        ("is:regressed", "Rising Back"),
        ("is:rising", "Rising"),
        ("-(is:rising OR is:new) state:open", "KeyError Back"),
    ],
)
def test_a_search_finds(shop, text, finds):
    assert sorted(types(found(shop, text))) == sorted(finds.split())


def test_who_is_nobody_has_nothing_assigned(shop):
    assert types(found(shop, "assigned:me", me=None)) == []


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        (Sort.NEWEST, "Rising Timeout KeyError Back ERROR OSError"),
        (Sort.FIRST_SEEN, "Timeout KeyError Rising Back OSError ERROR"),
        (Sort.COUNT, "Timeout Rising KeyError ERROR Back OSError"),
        (Sort.PEOPLE, "KeyError Timeout Rising Back OSError ERROR"),
        (Sort.MATTERS, "Rising Timeout Back KeyError OSError ERROR"),
    ],
)
def test_the_order_can_be_chosen_and_a_list_goes_on_where_a_page_ended(shop, sort, order):
    every = found(shop, "", sort=sort)
    assert types(every) == order.split()
    assert every.next is None
    gone_through, after = [], None
    while True:
        page = found(shop, "", sort=sort, per_page=1, after=after)
        gone_through += types(page)
        after = page.next
        if after is None:
            break
    assert gone_through == order.split()


def test_what_matters_now_is_ranked_as_the_rule_says(shop):
    rows = found(shop, "", sort=Sort.MATTERS).rows
    ranks = [
        rank(row.state, is_rising=row.rising is not None, first_seen_at=row.first_seen_at, reopened_at=row.reopened_at, now=NOW)
        for row in rows
    ]  # fmt: skip
    assert ranks == sorted(ranks)
    assert set(ranks) == set(Rank)


def test_a_row_says_how_many_people_it_affected_and_how_much_it_rises(shop):
    rows = {row.type: row for row in found(shop, "").rows}
    assert (rows["KeyError"].people, rows["Back"].people) == (2, 0)
    assert rows["KeyError"].rising is None
    assert rows["Rising"].rising is not None
    assert rows["Rising"].rising > 10


def test_an_incident_by_itself_says_the_same_as_its_row(shop):
    seeds, project, _ = shop
    reads = SqlReads(seeds.database)
    for row in found(shop, "").rows:
        detail = reads.incident(project, row.id, NOW)
        assert detail is not None
        assert (detail.row.people, detail.row.rising) == (row.people, row.rising)


def test_in_a_period_only_its_own_events_count(shop):
    page = found(shop, "", period=Period.lasting(DAYS, NOW), sort=Sort.COUNT)
    assert [(row.type, row.count) for row in page.rows] == [
        ("Timeout", 200),
        ("Rising", 92),
        ("KeyError", 5),
        ("Back", 1),
    ]
    row = page.rows[2]
    assert (row.first_seen_at, row.last_seen_at) == (NOW.replace(hour=1, minute=0, second=0), NOW - 2 * HOUR)
    assert (len(row.trend), sum(row.trend)) == (24, 5)
    assert page.counts.open == 4


def test_a_period_that_has_ended_shows_what_happened_within_it(shop):
    period = Period.between(NOW - 60 * HOUR, NOW - 29 * HOUR, NOW)
    page = found(shop, "-type:Rising", period=period)
    assert [(row.type, row.count) for row in page.rows] == [("KeyError", 7), ("OSError", 1)]
    assert found(shop, "count:>5 -type:Rising", period=period).total == 1


def test_the_events_over_time_are_those_of_what_matches(shop):
    seeds, project, _ = shop
    reads = SqlReads(seeds.database)
    day = reads.found(project, IncidentQuery(search=parse("service:shop env:production")), NOW).events
    assert (day.hours, len(day.counts), day.counts[-1], day.total) == (1, 24, 30, 92 + 6)
    fortnight = IncidentQuery(state=None, search=parse("mail"), period=Period.lasting(14 * DAYS, NOW))
    found = reads.found(project, fortnight, NOW).events
    assert (found.hours, len(found.counts), found.total) == (3, 112, 3)


def test_facets_count_what_matches_and_offer_the_others_of_a_field_that_is_chosen(shop):
    seeds, project, _ = shop
    facets = SqlReads(seeds.database).facets(project, IncidentQuery(state=None, search=parse("service:shop")), NOW)
    told = {facet.field: {value.value: value.count for value in facet.values} for facet in facets}
    assert told == {
        "service": {"shop": 4, "mail_out": 2},
        "env": {"production": 3, "staging": 1},
        "level": {"error": 3, "critical": 1},
        "kind": {"exception": 3, "http_error": 1},
        "assigned": {"none": 3, "Ana Lee": 1},
        "release": {"1.4.2": 1},
    }


@pytest.mark.parametrize(
    ("field", "begin", "values"),
    [
        ("service", "S", ("shop",)),
        ("env", "", ("production", "staging")),
        ("type", "key", ("KeyError",)),
        ("release", "1.4", ("1.4.10", "1.4.2")),
        ("tag.", "", ("tenant",)),
        ("tag.tenant", "p", ("paris",)),
        ("assigned", "a", ("Ana Lee",)),
        ("message", "", ()),
        ("service", "%", ()),
    ],
)
def test_values_are_completed_from_what_the_project_has(shop, field, begin, values):
    seeds, project, _ = shop
    assert SqlReads(seeds.database).values(project, field, begin, 10) == values


def test_many_values_of_tags_are_looked_through_nevertheless(shop, monkeypatch):
    monkeypatch.setattr(finding, "_EVERY_VALUE", select(schema.incident_values.c.name, schema.incident_values.c.value))
    monkeypatch.setattr(finding, "_MOST_VALUES", 1)
    assert types(found(shop, "paris")) == ["Timeout"]


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()], ids=lambda dialect: dialect.name)
def test_a_search_is_said_in_the_words_of_each_engine(dialect):
    around = finding.Around(project_id=1, now=NOW, rising=(3,), period=Period.lasting(DAYS, NOW))
    everything = "a* b OR -(status:5xx count:>1 user:7 has:tag.x is:rising assigned:x release:1.* age:<2d)"
    statement = select(schema.incidents.c.id).where(*finding.matching(parse(everything), around))
    said = str(statement.compile(dialect=dialect))
    assert (" ILIKE " in said) == (dialect.name == "postgresql")
    assert quote(said)


def test_what_is_found_by_words_is_the_same_however_many_that_are(shop, monkeypatch):
    searches = ("pool", "e", "-pool", "pool OR disk", "service:shop a", "nothing like it")
    page = [types(found(shop, text)) for text in searches]
    monkeypatch.setattr(finding, "_MOST_MATCHED", 1)
    assert [types(found(shop, text)) for text in searches] == page
    assert page[0] == ["Rising"]
