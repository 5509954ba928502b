"""The tables. What each holds is said at the table; migrations must equal this file (a test compares them)."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """A moment as the database holds it."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(since_epoch: int) -> datetime:
    """What `micros` was made of."""
    return _EPOCH + since_epoch * _MICROSECOND


class Instant(TypeDecorator[datetime]):
    """A moment: aware and in UTC in Python, whole microseconds since 1970 in the database, the same on every engine."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 (SQLAlchemy's)
        """To the database."""
        return None if value is None else micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """From the database."""
        return None if value is None else moment(value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def id_column() -> Column[int]:
    """The number of a row."""
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)


def index_of_few(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index of few of the rows. The migrations say the same to PostgreSQL: here its words would load all of its dialect."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where))


def project_column() -> Column[int]:
    """Whose a row is."""
    return Column("project_id", ForeignKey("projects.id"), nullable=False)


projects = Table(
    "projects",
    metadata,
    id_column(),
    Column("slug", String(80), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("created_at", Instant, nullable=False),
)

# Keys let services in: to report, or only to ping, as the kind says. Only a hash is kept; `callback_secret` is derived from the key (HKDF) and encrypted with the
# server secret, which lies outside this database.
api_keys = Table(
    "api_keys",
    metadata,
    id_column(),
    project_column(),
    Column("name", String(200), nullable=False),
    Column("kind", String(10), nullable=False, server_default="report"),
    Column("hash", LargeBinary(32), nullable=False, unique=True),
    Column("hint", String(20), nullable=False),
    Column("callback_secret", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_used_at", Instant),
    Column("revoked_at", Instant),
)

# Tokens let API clients read and act: on their own, or for the user whose they are.
api_tokens = Table(
    "api_tokens",
    metadata,
    id_column(),
    project_column(),
    Column("user_id", ForeignKey("users.id")),
    Column("name", String(200), nullable=False),
    Column("hash", LargeBinary(32), nullable=False, unique=True),
    Column("hint", String(20), nullable=False),
    Column("scope", String(10), nullable=False, server_default="act"),
    Column("created_at", Instant, nullable=False),
    Column("last_used_at", Instant),
    Column("revoked_at", Instant),
)

# People. Nobody is ever taken out: what they did stays with their name. `password` is a slow hash in the words of
# Argon2; e-mail addresses are in lower case.
users = Table(
    "users",
    metadata,
    id_column(),
    Column("email", String(254), unique=True),
    Column("name", String(100), nullable=False),
    Column("password", String(200)),
    Column("created_at", Instant, nullable=False),
)

# Who may do what in which project.
members = Table(
    "members",
    metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("project_id", ForeignKey("projects.id"), primary_key=True, index=True),
    Column("role", String(10), nullable=False),
    Column("since", Instant, nullable=False),
)

# Links that make somebody a member: each works once, until it expires. `made_by` is a name.
invitations = Table(
    "invitations",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    project_column(),
    Column("role", String(10), nullable=False),
    Column("email", String(254)),
    Column("made_by", String(100), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)

# Sign-in links: each works once, until it expires, for its user; without one, for the first admin.
signins = Table(
    "signins",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("user_id", ForeignKey("users.id")),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)

# Browser sessions; the cookie holds the token, this table its hash. The project is the one that it shows.
sessions = Table(
    "sessions",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    project_column(),
    Column("user_id", ForeignKey("users.id"), nullable=False, index=True),
    Column("agent", String(200), nullable=False, server_default=""),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

# A service in one environment.
services = Table(
    "services",
    metadata,
    id_column(),
    project_column(),
    Column("name", String(200), nullable=False),
    Column("environment", String(200), nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("last_event_at", Instant),
    UniqueConstraint("project_id", "name", "environment"),
)

# When each release of a service was first seen: in an event, by its own time, in a beat or in a word on a job.
releases = Table(
    "releases",
    metadata,
    Column("service_id", ForeignKey("services.id"), primary_key=True),
    Column("release", String(200), primary_key=True),
    Column("first_seen_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

# What expects beats. One for each service that has sent a heartbeat.
monitors = Table(
    "monitors",
    metadata,
    id_column(),
    Column("service_id", ForeignKey("services.id"), nullable=False, unique=True),
    Column("state", String(20), nullable=False),
    Column("state_since", Instant, nullable=False),
    # Indexed for the watch, which also looks at times that a clock ahead has left behind.
    Column("last_beat_at", Instant, nullable=False, index=True),
    # When the state is next to be looked at; null: only a beat can change it.
    Column("due_at", Instant, index=True),
    Column("interval", Integer, nullable=False),
    Column("base_url", Text),
    # The newest heartbeat as it was said: instance, sdk, stats, fixers.
    Column("last_beat", JSON, nullable=False),
    # The processes that beat for it: instance id to the time of its last beat (microseconds, as Instant keeps them).
    Column("instances", JSON, nullable=False),
    # What people have said of it, and what follows from that; see `core.monitor`.
    Column("expected", Integer),
    Column("full_at", Instant),
    Column("short_since", Instant),
    Column("paused_until", Instant),
    Column("watched_from", Instant),
)

# Each change of a monitor's state: its history is the time line.
monitor_states = Table(
    "monitor_states",
    metadata,
    id_column(),
    Column("monitor_id", ForeignKey("monitors.id"), nullable=False),
    Column("state", String(20), nullable=False),
    Column("since", Instant, nullable=False),
    Index("ix_monitor_states_monitor_id_since", "monitor_id", "since"),
)

# Stretches of time in which the platform listened; between them nothing is known of anybody's life.
listened = Table(
    "listened",
    metadata,
    Column("since", Instant, primary_key=True),
    Column("until", Instant, nullable=False),
)

# What lets everybody see how a project's services are as a picture, and nothing else.
badges = Table(
    "badges",
    metadata,
    Column("project_id", ForeignKey("projects.id"), primary_key=True),
    Column("token", String(40), nullable=False, unique=True),
)

# What of a project is shown to everybody, where its admins want that; see `core.status_page`.
status_pages = Table(
    "status_pages",
    metadata,
    Column("project_id", ForeignKey("projects.id"), primary_key=True),
    Column("slug", String(60), nullable=False, unique=True),
    Column("title", String(100), nullable=False),
    Column("is_on", Boolean, nullable=False),
    Column("shows_incidents", Boolean, nullable=False),
    # Services by number, with the names under which they are shown, in their order.
    Column("shown", JSON, nullable=False),
)

# Windows of time in which silence and failures are expected, see `core.maintenance`. People know them by their number: no
# later one has it.
maintenance = Table(
    "maintenance",
    metadata,
    id_column(),
    project_column(),
    Column("name", String(100), nullable=False),
    # Names; none of them is all.
    Column("services", JSON, nullable=False),
    Column("environments", JSON, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant),
    # When it comes again, if it does.
    Column("weekly", JSON(none_as_null=True)),
    Column("ends_with_deploy", Boolean, nullable=False),
    Column("made_by", String(100), nullable=False),
    Column("made_at", Instant, nullable=False),
    Index("ix_maintenance_project_id_until", "project_id", "until"),
    sqlite_autoincrement=True,
)

# The processes that beat, each by the newest of its beats, until some time after the last one.
instances = Table(
    "instances",
    metadata,
    Column("service_id", ForeignKey("services.id"), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("host", String(200)),
    Column("pid", Integer),
    Column("sdk", String(200)),
    Column("last_beat_at", Instant, nullable=False),
    Column("closing", Boolean, nullable=False),
    Column("gone_at", Instant, nullable=False, index=True),
    Column("stats", JSON, nullable=False),
    Column("lost", BigInteger, nullable=False),
    Column("lost_at", Instant),
    Column("stuck_since", Instant),
)

# A piece of work with a name that runs again and again.
jobs = Table(
    "jobs",
    metadata,
    id_column(),
    Column("service_id", ForeignKey("services.id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    # When it is meant to run, as it said, and when it said so.
    Column("schedule", JSON(none_as_null=True)),
    Column("schedule_at", Instant),
    # Of the run that began last, and of the last one that ended.
    Column("last_run_at", Instant),
    Column("outcome", String(20)),
    # What people expect of it, in place of its own schedule; and since when they want to hear nothing of it.
    Column("settings", JSON(none_as_null=True)),
    Column("paused_at", Instant),
    # How it stands, see `core.job_watch`: what is asked for has columns, the rest is in `watch`.
    Column("state", String(20), nullable=False, server_default="waiting"),
    Column("state_since", Instant),
    Column("trouble", String(20)),
    Column("expected_at", Instant),
    # When it is next to be looked at; null: only a word can change it.
    Column("due_at", Instant, index=True),
    Column("watch", JSON(none_as_null=True)),
    UniqueConstraint("service_id", "name"),
)

# The last hundred runs of each job. One without an end runs, or has died without a word.
job_runs = Table(
    "job_runs",
    metadata,
    id_column(),
    Column("job_id", ForeignKey("jobs.id"), nullable=False),
    Column("run_id", LargeBinary(16), nullable=False),
    Column("state", String(20), nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("duration", Float),
    Column("host", String(200)),
    Column("release", String(200)),
    # The event that tells why it failed; it may arrive earlier or later than the word on the run.
    Column("event_id", LargeBinary(16)),
    # What pings said of it: how the program ended, and what it printed. A loose one was begun by a ping that named no run.
    Column("exit_status", Integer),
    Column("output", Text),
    Column("loose", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("job_id", "run_id"),
    Index("ix_job_runs_job_id_began_at", "job_id", "began_at"),
)

incidents = Table(
    "incidents",
    metadata,
    id_column(),
    project_column(),
    Column("service_id", ForeignKey("services.id"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("state_since", Instant, nullable=False),
    Column("reopened_at", Instant),
    Column("type", String(200), nullable=False),
    Column("message", Text, nullable=False),
    # Where it happened, in a line: a function and its file, a route, a logger.
    Column("place", String(400), nullable=False),
    Column("level", String(20), nullable=False),
    Column("status_code", Integer),
    Column("path", Text),
    Column("logger", String(200)),
    Column("first_release", String(200)),
    Column("last_release", String(200)),
    Column("count", BigInteger, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    # How many of its events are stored for good, when the last of them was received, and whether one more is stored
    # until the next one comes.
    Column("kept", Integer, nullable=False, server_default="0", index=True),
    Column("kept_at", Instant),
    Column("passing", Boolean, nullable=False, server_default=false()),
    # The newest release of its service when it was resolved, and why events since then have not reopened it.
    Column("resolved_in", String(200)),
    Column("stayed", String(40), nullable=False, server_default=""),
    # Whether that release was the newest one known, is the one after it, or was named by people.
    Column("resolved_how", String(10), nullable=False, server_default="now"),
    # What ends a mute (`core.muting`), and when something is to be done by itself: a mute's end by time.
    Column("mute", JSON(none_as_null=True)),
    Column("due_at", Instant),
    # Of what follows the digest knows nothing: who cares for it (a user), where it is dealt with besides, and of which one
    # it is a part now.
    Column("assigned_to", BigInteger),
    Column("tracker", Text),
    Column("merged_into", BigInteger),
    # How many people it affected, of whom `incident_people` knows; counted exactly up to a thousand.
    Column("people", Integer, nullable=False, server_default="0"),
    Index("ix_incidents_project_id_state_last_seen_at", "project_id", "state", "last_seen_at"),
    Index("ix_incidents_service_id_state", "service_id", "state"),
    # Of few rows each: an event into an open incident does not touch them.
    index_of_few("ix_incidents_due_at", "due_at", where="due_at IS NOT NULL"),
    index_of_few("ix_incidents_merged_into", "merged_into", where="merged_into IS NOT NULL"),
)

# Which key leads to which incident. Keys carry the version of the rule that made them; old ones stay.
group_keys = Table(
    "group_keys",
    metadata,
    Column("service_id", ForeignKey("services.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    # Asked for by hash: many services at once, of which hardly two have the same.
    Column("hash", LargeBinary(16), primary_key=True, index=True),
    Column("incident_id", ForeignKey("incidents.id"), nullable=False, index=True),
    # What went into the hash, for people who ask why.
    Column("parts", JSON, nullable=False),
    # The incident that it led to before that was merged into this one.
    Column("home_id", BigInteger),
)

# What people say about an incident, in Markdown. `by` is who said it (`core.people.Actor`). Who may send the same
# one twice gives it a `once`.
comments = Table(
    "comments",
    metadata,
    id_column(),
    Column("incident_id", ForeignKey("incidents.id"), nullable=False, index=True),
    Column("by", JSON, nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("edited_at", Instant),
    Column("once", LargeBinary(32), unique=True),
)

# When a release of a service was put to work; a service has one environment.
deploys = Table(
    "deploys",
    metadata,
    id_column(),
    Column("service_id", ForeignKey("services.id"), nullable=False),
    Column("release", String(200), nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", String(100), nullable=False),
    Column("url", Text),
    UniqueConstraint("service_id", "at", "release"),
)

# What people did to many incidents at once, and how each stood before: to be undone for a while.
undoings = Table(
    "undoings",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    project_column(),
    Column("act", String(20), nullable=False),
    Column("by", JSON, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("undone_at", Instant),
)
undoing_rows = Table(
    "undoing_rows",
    metadata,
    Column("undoing_id", ForeignKey("undoings.id"), primary_key=True),
    Column("incident_id", ForeignKey("incidents.id"), primary_key=True),
    # How it stood before, and since when it stands as it was put.
    Column("before", JSON, nullable=False),
    Column("since", Instant, nullable=False),
    sqlite_with_rowid=False,
)

# What bodies of events are packed with. The id is a hash of the content; without a project it is for all.
dictionaries = Table(
    "dictionaries",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("project_id", ForeignKey("projects.id")),
    Column("made_at", Instant, nullable=False),
    # The newest event there was: what it learned from is among those up to this one.
    Column("up_to", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

# Events as they were said: `body` is JSON in the fields of the wire, packed with zstd and the dictionary of that id
# (with zlib, where it is null); the rest is for rules.
events = Table(
    "events",
    metadata,
    id_column(),
    Column("incident_id", ForeignKey("incidents.id"), nullable=False),
    Column("event_id", LargeBinary(16), nullable=False),
    Column("occurred_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("repeat_count", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("dictionary_id", BigInteger),
    # Stored only until the incident's next event comes; always the newest of its incident.
    Column("passing", Boolean, nullable=False, server_default=false()),
    # The incident that it came to before that was merged into this one.
    Column("home_id", BigInteger),
    Index("ix_events_incident_id_id", "incident_id", "id"),
    # Who knows an event's id finds its incident.
    Index("ix_events_event_id", "event_id"),
)

# Ids already counted for each service, kept for 14 days whatever the retention of events, as far as a quarter of the store
# holds them. Ids are written at random places: so there is one tree only, and who looks for the old ones goes through it
# bit by bit.
seen_events = Table(
    "seen_events",
    metadata,
    Column("service_id", BigInteger, primary_key=True),
    Column("event_id", LargeBinary(16), primary_key=True),
    Column("seen_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

# How many of them were noted in each hour, whether they are still known or not.
seen_hours = Table(
    "seen_hours",
    metadata,
    Column("hour", Instant, primary_key=True),
    Column("count", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Events per incident, hour and release ("" where none was said): charts and sparklines. Its service says the rest.
incident_hours = Table(
    "incident_hours",
    metadata,
    Column("incident_id", ForeignKey("incidents.id"), primary_key=True),
    Column("hour", Instant, primary_key=True),
    Column("release", String(200), primary_key=True, server_default=""),
    Column("count", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Events per incident and minute, of the last hours only: rules ask for many within some minutes. Written at the end of the
# tree, and dropped at its beginning.
incident_minutes = Table(
    "incident_minutes",
    metadata,
    Column("minute", Instant, primary_key=True, autoincrement=False),
    Column("incident_id", BigInteger, primary_key=True, autoincrement=False),
    Column("count", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Events per incident and value of a tag, the release among them; what there was no room for has the value "".
incident_values = Table(
    "incident_values",
    metadata,
    Column("incident_id", ForeignKey("incidents.id"), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("value", String(200), primary_key=True),
    Column("count", BigInteger, nullable=False),
    # Who asks for a value asks of all incidents; raising a count does not touch it.
    Index("ix_incident_values_name_value", "name", "value"),
    sqlite_with_rowid=False,
)

# In which incidents each release was seen, as bits, a stretch of numbers to a row; see `storage.release_incidents`.
release_incidents = Table(
    "release_incidents",
    metadata,
    Column("project_id", ForeignKey("projects.id"), primary_key=True),
    Column("release", String(200), primary_key=True),
    Column("stretch", BigInteger, primary_key=True, autoincrement=False),
    Column("bits", LargeBinary, nullable=False),
)

# Whom an incident affected, as hashes: `name` of what they are called, `person` of the name by which they are counted.
incident_people = Table(
    "incident_people",
    metadata,
    Column("incident_id", ForeignKey("incidents.id"), primary_key=True),
    Column("name", LargeBinary(8), primary_key=True, index=True),
    Column("person", LargeBinary(8), nullable=False),
    # About when they were last affected, of those who are counted; see `storage.people_affected`.
    Column("seen_at", Instant),
    sqlite_with_rowid=False,
)

# Views of the list under a name: `query` is what follows `?` in its address. One that is not shared is its owner's alone.
saved_views = Table(
    "saved_views",
    metadata,
    id_column(),
    project_column(),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("name", String(80), nullable=False),
    Column("query", Text, nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index("ix_saved_views_project_id_user_id", "project_id", "user_id"),
)

# The view with which somebody begins in a project.
default_views = Table(
    "default_views",
    metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("project_id", ForeignKey("projects.id"), primary_key=True),
    Column("view_id", ForeignKey("saved_views.id"), nullable=False, index=True),
)

# Events per service and hour, whatever becomes of its incidents.
service_hours = Table(
    "service_hours",
    metadata,
    Column("service_id", ForeignKey("services.id"), primary_key=True),
    Column("hour", Instant, primary_key=True),
    Column("count", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# What incidents are alike by, noted when they are opened. Of one that is no more a row may be left: nobody finds it.
likenesses = Table(
    "likenesses",
    metadata,
    Column("hash", LargeBinary(8), primary_key=True),
    Column("incident_id", BigInteger, primary_key=True, autoincrement=False, index=True),
    Column("trait", String(10), nullable=False),
    sqlite_with_rowid=False,
)

# Since when things are new to somebody: when they had last looked before they came this time. Null at their first visit.
visits = Table(
    "visits",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("project_id", BigInteger, primary_key=True, autoincrement=False),
    Column("since", Instant),
    Column("seen_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

# What became true, in the transaction that made it so: the outbox for alerts and fixes, and the timeline for people.
facts = Table(
    "facts",
    metadata,
    id_column(),
    project_column(),
    Column("kind", String(40), nullable=False),
    Column("at", Instant, nullable=False),
    Column("incident_id", ForeignKey("incidents.id"), index=True),
    Column("service_id", ForeignKey("services.id")),
    Column("data", JSON, nullable=False),
)

# Parcels that could not be digested, with the reason; each once, however often it is handed out. People know them by
# their number: no later one has it.
buried = Table(
    "buried",
    metadata,
    id_column(),
    project_column(),
    Column("parcel_id", LargeBinary(16), nullable=False, unique=True),
    Column("kind", String(20), nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

# One row a topic ("incidents", "services", "jobs"); bumped in the same transaction as the change. Open pages watch it.
revisions = Table(
    "revisions",
    metadata,
    Column("project_id", Integer, primary_key=True),
    Column("topic", String(20), primary_key=True),
    Column("number", BigInteger, nullable=False),
)

# What people said is secret in a project, besides what is everywhere; `kind` is `name` or `value`. Values are as they are:
# nobody could seek them otherwise.
scrub_rules = Table(
    "scrub_rules",
    metadata,
    Column("project_id", ForeignKey("projects.id"), primary_key=True),
    Column("kind", String(10), primary_key=True),
    Column("text", String(1000), primary_key=True),
)

# A project's own rules for grouping as people wrote them, one in a line; see `core.group_rules`.
group_rules = Table(
    "group_rules",
    metadata,
    Column("project_id", ForeignKey("projects.id"), primary_key=True),
    Column("text", Text, nullable=False),
)

# A project's way from a line of a traceback to its repository, see `core.source_links`.
source_links = Table(
    "source_links",
    metadata,
    Column("project_id", ForeignKey("projects.id"), primary_key=True),
    Column("template", String(500), nullable=False),
    Column("root", String(500), nullable=False),
)

# Running numbers, raised with what they count: how many reports were digested, how many events are stored, …
counters = Table(
    "counters",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("number", BigInteger, nullable=False),
)

# Ways to tell the people of a project. `settings` are JSON, sealed with the server secret and `uid`; the channel rests until
# `not_before`. Who disabled it has a name, unless it was the platform.
channels = Table(
    "channels",
    metadata,
    id_column(),
    project_column(),
    Column("uid", LargeBinary(16), nullable=False),
    Column("name", String(80), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("settings", LargeBinary, nullable=False),
    Column("hint", String(300), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", String(100), nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failing_since", Instant),
    Column("not_before", Instant),
    Column("last_sent_at", Instant),
    Column("disabled_at", Instant),
    Column("disabled_by", String(100), nullable=False),
    Column("disabled_why", Text, nullable=False),
    UniqueConstraint("project_id", "name"),
    sqlite_autoincrement=True,
)

# Messages on their way to channels, and for a while what became of them. Of one alert (`about`) the order is kept.
deliveries = Table(
    "deliveries",
    metadata,
    id_column(),
    Column("channel_id", ForeignKey("channels.id"), nullable=False),
    Column("key", String(200), nullable=False),
    Column("about", String(200), nullable=False),
    Column("message", JSON, nullable=False),
    Column("wanted_at", Instant, nullable=False),
    # When it is to be sent; null: it was sent, or has failed for good.
    Column("due_at", Instant),
    Column("leased_until", Instant),
    Column("attempts", Integer, nullable=False),
    Column("sent_at", Instant),
    Column("failed_at", Instant),
    Column("status", Integer),
    Column("answer", Text, nullable=False),
    UniqueConstraint("channel_id", "key"),
    index_of_few("ix_deliveries_channel_id_due_at", "channel_id", "due_at", where="due_at IS NOT NULL"),
    index_of_few("ix_deliveries_channel_id_about_id", "channel_id", "about", "id", where="due_at IS NOT NULL"),
)

# What was answered to writes of the API under an idempotency key, for a day; without a status while it is being done.
answers = Table(
    "answers",
    metadata,
    Column("key", LargeBinary(16), primary_key=True),
    Column("asked", LargeBinary(16), nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("status", Integer),
    Column("body", LargeBinary, nullable=False),
)
