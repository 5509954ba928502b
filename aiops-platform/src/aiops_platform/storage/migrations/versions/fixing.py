"""Fixes: what services offer, what is asked of them and by which policies, where they are, and the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "fixing"
down_revision = "release_incidents"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _fixers()
    _fix_offers()
    _reporting_keys()
    _fix_addresses()
    _fix_policies()
    _fix_stops()
    _fixes()
    _fix_steps()
    _tell_of_fixes()


def _fixers() -> None:
    op.create_table(
        "fixers",
        sa.Column("service_id", _ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("each_instance", sa.Boolean(), nullable=False),
        sa.Column("timeout", sa.Float(), nullable=False),
        sa.Column("release", sa.String(length=200), nullable=True),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_fixers_service_id_services")),
        sa.PrimaryKeyConstraint("service_id", "name", name=op.f("pk_fixers")),
    )


def _fix_offers() -> None:
    op.create_table(
        "fix_offers",
        sa.Column("service_id", _ID, nullable=False),
        sa.Column("instance", sa.String(length=200), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("off", sa.Float(), nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_fix_offers_service_id_services")),
        sa.PrimaryKeyConstraint("service_id", "instance", name=op.f("pk_fix_offers")),
    )
    op.create_index(op.f("ix_fix_offers_heard_at"), "fix_offers", ["heard_at"], unique=False)


def _reporting_keys() -> None:
    op.create_table(
        "reporting_keys",
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("service", sa.String(length=200), nullable=False),
        sa.Column("environment", sa.String(length=200), nullable=False),
        sa.Column("key_id", _ID, nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_reporting_keys_project_id_projects")),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name=op.f("fk_reporting_keys_key_id_api_keys")),
        sa.PrimaryKeyConstraint("project_id", "service", "environment", "key_id", name=op.f("pk_reporting_keys")),
    )
    op.create_index(op.f("ix_reporting_keys_seen_at"), "reporting_keys", ["seen_at"], unique=False)


def _fix_addresses() -> None:
    op.create_table(
        "fix_addresses",
        sa.Column("service_id", _ID, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("keys", sa.JSON(), nullable=False),
        sa.Column("proven_at", sa.BigInteger(), nullable=True),
        sa.Column("failed_at", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_fix_addresses_service_id_services")),
        sa.PrimaryKeyConstraint("service_id", name=op.f("pk_fix_addresses")),
    )


def _fix_policies() -> None:
    op.create_table(
        "fix_policies",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("paused_at", sa.BigInteger(), nullable=True),
        sa.Column("paused_why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_fix_policies_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fix_policies")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_fix_policies_project_id"), "fix_policies", ["project_id"], unique=False)


def _fix_stops() -> None:
    op.create_table(
        "fix_stops",
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_fix_stops_project_id_projects")),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_fix_stops")),
    )


def _fixes() -> None:
    op.create_table(
        "fixes",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("request", sa.String(length=36), nullable=False),
        sa.Column("together", sa.String(length=36), nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("service_id", _ID, nullable=False),
        sa.Column("incident_id", _ID, nullable=False),
        sa.Column("fixer", sa.String(length=100), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("each_instance", sa.Boolean(), nullable=False),
        sa.Column("timeout", sa.Float(), nullable=False),
        sa.Column("policy_id", sa.BigInteger(), nullable=True),
        sa.Column("watch", sa.Integer(), nullable=False),
        sa.Column("resolves", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.JSON(), nullable=False),
        sa.Column("decided_by", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("way", sa.String(length=10), nullable=True),
        sa.Column("instance", sa.String(length=200), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("deadline", sa.BigInteger(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("duration", sa.Float(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("proof", sa.String(length=20), nullable=True),
        sa.Column("proven_at", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("before", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_fixes_project_id_projects")),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_fixes_service_id_services")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_fixes_incident_id_incidents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fixes")),
        sa.UniqueConstraint("request", name=op.f("uq_fixes_request")),
        sqlite_autoincrement=True,
    )
    few = sa.text("due_at IS NOT NULL")
    op.create_index("ix_fixes_due_at", "fixes", ["due_at"], sqlite_where=few, postgresql_where=few)
    op.create_index(op.f("ix_fixes_incident_id"), "fixes", ["incident_id"], unique=False)
    op.create_index(op.f("ix_fixes_policy_id_asked_at"), "fixes", ["policy_id", "asked_at"], unique=False)
    op.create_index(op.f("ix_fixes_project_id_id"), "fixes", ["project_id", "id"], unique=False)
    covered = ["project_id", "service_id", "fixer", "ended_at", "state", "proof", "duration"]
    op.create_index("ix_fixes_effects", "fixes", covered, unique=False)
    op.create_index(op.f("ix_fixes_together"), "fixes", ["together"], unique=False)
    few = sa.text("ended_at IS NULL")
    op.create_index("ix_fixes_unended", "fixes", ["state"], sqlite_where=few, postgresql_where=few)


def _fix_steps() -> None:
    op.create_table(
        "fix_steps",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("by", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("fix_id", sa.BigInteger(), nullable=True),
        sa.Column("incident_id", sa.BigInteger(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_fix_steps_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fix_steps")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_fix_steps_at"), "fix_steps", ["at"], unique=False)
    op.create_index(op.f("ix_fix_steps_project_id_id"), "fix_steps", ["project_id", "id"], unique=False)


def _tell_of_fixes() -> None:
    """Projects that have their alert rules get the one that new ones have: of fixes that did not mend."""
    rules = sa.table(
        "alert_rules",
        *(sa.column("project_id"), sa.column("name"), sa.column("enabled"), sa.column("rule", sa.JSON())),
    )
    since = sa.table("alerting_since", sa.column("project_id"))
    rule: dict[str, object] = {"when": "unmended", "match": "", "to": {"channels": [], "rota": None, "policy": None}}
    rule |= {"severity": "critical", "recovery": True}
    new = sa.select(
        since.c.project_id, sa.literal("Fixes that did not mend"), sa.literal(True), sa.literal(rule, sa.JSON())
    )
    op.execute(sa.insert(rules).from_select(["project_id", "name", "enabled", "rule"], new))
