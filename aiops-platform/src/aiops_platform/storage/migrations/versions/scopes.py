"""What an API token lets its holder do, and what a signed-in browser calls itself."""

import sqlalchemy as sa
from alembic import op

revision = "scopes"
down_revision = "seen_hours"


def upgrade() -> None:
    # Those there are could do everything, and still can.
    op.add_column("api_tokens", sa.Column("scope", sa.String(length=10), server_default="act", nullable=False))
    op.add_column("sessions", sa.Column("agent", sa.String(length=200), server_default="", nullable=False))
