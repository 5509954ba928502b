"""Alerts: what projects are told of, what fires, and who was told. What became true before is told to nobody."""

import sqlalchemy as sa
from alembic import op

revision = "alerting"
down_revision = "job_watch"

_NOT_OVER = sa.text("ended_at IS NULL")
_DUE = sa.text("due_at IS NOT NULL")
_WAITS = sa.text("told_at IS NULL")


_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _make_settings()
    _make_alerts()
    _make_tellings()
    op.execute(
        "INSERT INTO alert_cursors (name, after, notes) SELECT 'facts', max(id), '{}' FROM facts HAVING max(id) > 0"
    )


def _make_settings() -> None:
    op.create_table(
        "alert_policies",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_alert_policies_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_policies")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_alert_policies_project_id"), "alert_policies", ["project_id"], unique=False)
    op.create_table(
        "alert_rules",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_alert_rules_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_rules")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_alert_rules_project_id"), "alert_rules", ["project_id"], unique=False)
    op.create_table(
        "alerting_since",
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_alerting_since_project_id_projects")),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_alerting_since")),
    )
    op.create_table(
        "rotas",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("rota", sa.JSON(), nullable=False),
        sa.Column("address", sa.String(length=43), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_rotas_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rotas")),
        sa.UniqueConstraint("address", name=op.f("uq_rotas_address")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_rotas_project_id"), "rotas", ["project_id"], unique=False)


def _make_alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("rule_id", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("incident_id", _ID, nullable=True),
        sa.Column("service_id", _ID, nullable=True),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(length=400), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("first_told_at", sa.BigInteger(), nullable=True),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_by", sa.String(length=200), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("held", sa.String(length=100), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("true_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_alerts_incident_id_incidents")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_alerts_project_id_projects")),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_alerts_service_id_services")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_alerts_due_at", "alerts", ["due_at"], unique=False, sqlite_where=_DUE, postgresql_where=_DUE)
    op.create_index(op.f("ix_alerts_incident_id"), "alerts", ["incident_id"], unique=False)
    op.create_index("ix_alerts_project_id_id", "alerts", ["project_id", "id"], unique=False)
    op.create_index("ix_alerts_rule_id_subject", "alerts", ["rule_id", "subject"], unique=False)
    op.create_index(
        "uq_alerts_subject_rule_id",
        "alerts",
        ["subject", "rule_id"],
        unique=True,
        sqlite_where=_NOT_OVER,
        postgresql_where=_NOT_OVER,
    )


def _make_tellings() -> None:
    op.create_table(
        "alert_cursors",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("after", sa.BigInteger(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_alert_cursors")),
    )
    op.create_table(
        "channel_paces",
        sa.Column("channel_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("gap", sa.Integer(), nullable=False),
        sa.Column("quiet", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("channel_id", name=op.f("pk_channel_paces")),
    )
    op.create_table(
        "tellings",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.String(length=10), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("about", sa.String(length=100), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tellings")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_tellings_about", "tellings", ["about"], unique=False)
    op.create_index(op.f("ix_tellings_alert_id"), "tellings", ["alert_id"], unique=False)
    op.create_index(
        "ix_tellings_channel_id", "tellings", ["channel_id"], unique=False, sqlite_where=_WAITS, postgresql_where=_WAITS
    )
