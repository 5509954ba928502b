"""The tables of fixes, beside those of `schema`: what services offer, what is asked of them, by which policies, and the audit log."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from aiops_platform.storage.schema import Instant, id_column, index_of_few, metadata, project_column

# What services offer or did, as the newest beat with it has told.
fixers = Table(
    "fixers",
    metadata,
    Column("service_id", ForeignKey("services.id"), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("description", Text, nullable=False),
    Column("params", JSON, nullable=False),
    Column("each_instance", Boolean, nullable=False),
    Column("timeout", Float, nullable=False),
    Column("release", String(200)),
    Column("first_seen_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
)

# The processes that offer something now, by the newest of their beats. Who says goodbye, or offers nothing, is not here.
fix_offers = Table(
    "fix_offers",
    metadata,
    Column("service_id", ForeignKey("services.id"), primary_key=True),
    Column("instance", String(200), primary_key=True),
    Column("names", JSON, nullable=False),
    # What is to be added to our clock to have theirs, in seconds.
    Column("off", Float, nullable=False),
    Column("heard_at", Instant, nullable=False, index=True),
)

# With which keys the instances of services report that offer fixers, and when they last did.
reporting_keys = Table(
    "reporting_keys",
    metadata,
    Column("project_id", ForeignKey("projects.id"), primary_key=True),
    Column("service", String(200), primary_key=True),
    Column("environment", String(200), primary_key=True),
    Column("key_id", ForeignKey("api_keys.id"), primary_key=True),
    Column("seen_at", Instant, nullable=False, index=True),
)

# Which address of a service has been proven, with which keys (by id); or when and why it was not.
fix_addresses = Table(
    "fix_addresses",
    metadata,
    Column("service_id", ForeignKey("services.id"), primary_key=True),
    Column("address", Text, nullable=False),
    Column("keys", JSON, nullable=False),
    Column("proven_at", Instant),
    Column("failed_at", Instant),
    Column("why", Text, nullable=False),
)

# What is answered with which fixer, see `core.fixing.policy`. People know them by their number: no later one has it.
fix_policies = Table(
    "fix_policies",
    metadata,
    id_column(),
    Column("project_id", ForeignKey("projects.id"), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("policy", JSON, nullable=False),
    # Nothing that was before is answered.
    Column("since", Instant, nullable=False),
    Column("paused_at", Instant),
    Column("paused_why", Text, nullable=False),
    sqlite_autoincrement=True,
)

# The projects in which all fixes are stopped.
fix_stops = Table(
    "fix_stops",
    metadata,
    Column("project_id", ForeignKey("projects.id"), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("by", JSON, nullable=False),
)

# What was asked, see `core.fixing.fix`. Without `ended_at` something is still to come of it.
fixes = Table(
    "fixes",
    metadata,
    id_column(),
    Column("request", String(36), nullable=False, unique=True),
    Column("together", String(36), nullable=False, index=True),
    project_column(),
    Column("service_id", ForeignKey("services.id"), nullable=False),
    Column("incident_id", ForeignKey("incidents.id"), nullable=False, index=True),
    Column("fixer", String(100), nullable=False),
    Column("params", JSON, nullable=False),
    Column("each_instance", Boolean, nullable=False),
    Column("timeout", Float, nullable=False),
    Column("policy_id", BigInteger),
    Column("watch", Integer, nullable=False),
    Column("resolves", Boolean, nullable=False),
    Column("state", String(20), nullable=False),
    Column("state_since", Instant, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("asked_by", JSON, nullable=False),
    Column("decided_by", JSON(none_as_null=True)),
    Column("way", String(10)),
    Column("instance", String(200)),
    Column("body", Text),
    Column("deadline", Instant),
    Column("sent_at", Instant),
    Column("attempts", Integer, nullable=False),
    Column("began_at", Instant),
    Column("ended_at", Instant),
    Column("duration", Float),
    Column("result", JSON, nullable=False),
    Column("proof", String(20)),
    Column("proven_at", Instant),
    Column("why", Text, nullable=False),
    Column("due_at", Instant),
    Column("before", Integer, nullable=False),
    Column("exercise", JSON(none_as_null=True)),
    Index("ix_fixes_project_id_id", "project_id", "id"),
    Index("ix_fixes_policy_id_asked_at", "policy_id", "asked_at"),
    # Covers what is counted of a fixer, and how long it took lately.
    Index("ix_fixes_effects", "project_id", "service_id", "fixer", "ended_at", "state", "proof", "duration"),
    index_of_few("ix_fixes_due_at", "due_at", where="due_at IS NOT NULL"),
    index_of_few("ix_fixes_unended", "state", where="ended_at IS NULL"),
    sqlite_autoincrement=True,
)

# The audit log: each step of a fix, of a policy, and of the switch for all.
fix_steps = Table(
    "fix_steps",
    metadata,
    id_column(),
    project_column(),
    Column("at", Instant, nullable=False, index=True),
    Column("step", String(40), nullable=False),
    Column("by", JSON(none_as_null=True)),
    Column("fix_id", BigInteger),
    Column("incident_id", BigInteger),
    Column("data", JSON, nullable=False),
    Index("ix_fix_steps_project_id_id", "project_id", "id"),
    sqlite_autoincrement=True,
)
