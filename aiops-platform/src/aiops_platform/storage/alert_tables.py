"""The tables of alerts, beside those of `schema`: what projects are told of, what fires, and who was told."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from aiops_platform.storage.schema import Instant, id_column, index_of_few, metadata, project_column

# What a project is told of, see `core.alerting.rules`. One that has never had any gets the usual ones.
alert_rules = Table(
    "alert_rules",
    metadata,
    id_column(),
    Column("project_id", ForeignKey("projects.id"), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("rule", JSON, nullable=False),
    sqlite_autoincrement=True,
)

# The projects that have got the usual rules, and since when.
alerting_since = Table(
    "alerting_since",
    metadata,
    Column("project_id", ForeignKey("projects.id"), primary_key=True),
    Column("at", Instant, nullable=False),
)

# Who is told next while nobody acknowledges, see `core.alerting.policy`.
alert_policies = Table(
    "alert_policies",
    metadata,
    id_column(),
    Column("project_id", ForeignKey("projects.id"), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("steps", JSON, nullable=False),
    sqlite_autoincrement=True,
)

# Who is on call when, see `core.alerting.rota`. Who knows the `address` may read it as a calendar.
rotas = Table(
    "rotas",
    metadata,
    id_column(),
    Column("project_id", ForeignKey("projects.id"), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("rota", JSON, nullable=False),
    Column("address", String(43), nullable=False, unique=True),
    sqlite_autoincrement=True,
)

# What fires or did, see `core.alerting.alert`. A subject has one of each rule at a time.
alerts = Table(
    "alerts",
    metadata,
    id_column(),
    project_column(),
    Column("rule_id", BigInteger, nullable=False),
    Column("subject", String(40), nullable=False),
    Column("incident_id", ForeignKey("incidents.id"), index=True),
    Column("service_id", ForeignKey("services.id")),
    Column("severity", String(10), nullable=False),
    Column("title", String(400), nullable=False),
    Column("text", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("state", String(20), nullable=False),
    Column("step", Integer, nullable=False),
    Column("told", Integer, nullable=False),
    Column("first_told_at", Instant),
    Column("told_at", Instant),
    Column("acknowledged_at", Instant),
    Column("acknowledged_by", String(200)),
    Column("ended_at", Instant),
    Column("ended_why", String(400)),
    Column("held", String(100)),
    Column("due_at", Instant),
    Column("true_at", Instant),
    Index("ix_alerts_project_id_id", "project_id", "id"),
    Index("ix_alerts_rule_id_subject", "rule_id", "subject"),
    index_of_few("uq_alerts_subject_rule_id", "subject", "rule_id", where="ended_at IS NULL", unique=True),
    index_of_few("ix_alerts_due_at", "due_at", where="due_at IS NOT NULL"),
    sqlite_autoincrement=True,
)

# Who was told of an alert, or is to be. `about` is what the messages about it have in common.
tellings = Table(
    "tellings",
    metadata,
    id_column(),
    Column("alert_id", BigInteger, nullable=False, index=True),
    Column("channel_id", BigInteger, nullable=False),
    Column("why", String(10), nullable=False),
    Column("severity", String(10), nullable=False),
    Column("at", Instant, nullable=False),
    Column("told_at", Instant),
    Column("about", String(100), nullable=False, server_default=""),
    index_of_few("ix_tellings_channel_id", "channel_id", where="told_at IS NULL"),
    Index("ix_tellings_about", "about"),
    sqlite_autoincrement=True,
)

# How a channel was last told, and when it is quiet, see `core.alerting.quiet`.
channel_paces = Table(
    "channel_paces",
    metadata,
    Column("channel_id", BigInteger, primary_key=True, autoincrement=False),
    Column("sent_at", Instant),
    Column("gap", Integer, nullable=False),
    Column("quiet", JSON(none_as_null=True)),
)

# What holds for the platform as a whole, by name: which project is told of its troubles, and what tells its messages
# apart from those of the platform that a backup was made of.
platform_notes = Table(
    "platform_notes",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("note", JSON, nullable=False),
)

# How far facts were read, and which of those before were not there yet.
alert_cursors = Table(
    "alert_cursors",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("after", BigInteger, nullable=False),
    Column("notes", JSON, nullable=False),
)
