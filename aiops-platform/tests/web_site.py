"""The pages on a real server on loopback, over a seeded store: for browser tests and screenshots."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import uvicorn
from litestar import Litestar
from seeds import Seeds
from tables import a_store

from aiops_platform.api.routes import openapi, routes
from aiops_platform.core.alerting import links
from aiops_platform.core.people import Role
from aiops_platform.core.targets import policy_from
from aiops_platform.intake.sqlite import SqliteIntake
from aiops_platform.pipeline.alerting import AlertDesk
from aiops_platform.pipeline.channel_desk import ChannelDesk
from aiops_platform.pipeline.fixing import FixDesk
from aiops_platform.pipeline.hiding import Hiding
from aiops_platform.pipeline.job_desk import JobDesk
from aiops_platform.pipeline.revive import Revive
from aiops_platform.pipeline.ruling import Ruling
from aiops_platform.pipeline.triage import Triage
from aiops_platform.pipeline.upkeep import Upkeep
from aiops_platform.ports import Access, Intake, People, Reads
from aiops_platform.senders.post_office import PostOffice
from aiops_platform.storage.access import SqlAccess
from aiops_platform.storage.alert_reads import SqlAlertReads
from aiops_platform.storage.answers import SqlAnswers
from aiops_platform.storage.channels import SqlChannels
from aiops_platform.storage.fix_reads import SqlFixReads
from aiops_platform.storage.insights import SqlInsights
from aiops_platform.storage.invitations import SqlPeople
from aiops_platform.storage.job_reads import SqlJobReads
from aiops_platform.storage.monitors import SqlMonitoring
from aiops_platform.storage.passwords import Passwords
from aiops_platform.storage.reads import SqlReads
from aiops_platform.storage.transactions import SqlStore
from aiops_platform.storage.views_saved import SqlSavedViews
from aiops_platform.web.app import build
from aiops_platform.web.live import Live

DEADLINE = 60.0


@dataclass
class RunningSite:
    """A site that answers at `url`, and what lies behind it."""

    url: str
    app: Litestar
    seeds: Seeds
    project: int
    access: Access
    people: People
    reads: Reads
    live: Live
    intake: Intake

    def signin_url(self) -> str:
        """A fresh sign-in link."""
        return f"{self.url}/signin/{self.access.create_signin(datetime.now(UTC))}"

    def session(self) -> str:
        """The text of a fresh session, for a cookie."""
        session = self.access.sign_in(self.access.create_signin(datetime.now(UTC)), datetime.now(UTC))
        assert session is not None
        return session

    def introduce(self, name: str = "Ana Lee") -> None:
        """The first admin has said who they are."""
        found = self.access.session(self.session(), self.seeds.now)
        assert found is not None
        self.people.change_account(found.user.id, name=name, email="ana.lee@example.com")
        self.people.set_password(found.user.id, "blue horse lamp")

    def somebody(self, name: str = "Ana", role: Role = Role.MEMBER, project: int | None = None) -> str:
        """The text of a fresh session of a member of the project, whose address is `ana@example.com`."""
        email, project = f"{name.lower()}@example.com", project or self.project
        user = self.people.user_with_email(email)
        if user is None or self.people.role(user.id, project) is None:
            user = self.people.add_member(project, email=email, name=name, role=role, now=self.seeds.now)
        session = self.access.open_session(user.id, datetime.now(UTC), project_id=project)
        assert session is not None
        return session


@contextmanager
def running(app: Any, listener: socket.socket) -> Iterator[None]:
    """The application on that socket, until the block ends."""
    config = uvicorn.Config(app, log_level="critical", lifespan="on", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(DEADLINE)


@contextmanager
def a_site(*, clock: Callable[[], datetime] | None = None) -> Iterator[RunningSite]:
    """A running site over an empty store in memory. Seeds are planted as of now."""
    database = a_store()
    clock = clock or (lambda: datetime.now(UTC))
    seeds = Seeds(database, clock())
    project = seeds.project()
    access = SqlAccess(database, server_secret=b"s" * 32)
    # Slow hashes are tested where they are made.
    people = SqlPeople(database, Passwords(memory_kib=8, rounds=1))
    reads = SqlReads(database)
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    store, intake = SqlStore(database), SqliteIntake(None)
    triage, ruling = Triage(store), Ruling(store, reads)
    insights, views = SqlInsights(database), SqlSavedViews(database)
    upkeep, monitoring = Upkeep(store), SqlMonitoring(database)
    alerts = AlertDesk(store, SqlAlertReads(database), links.key_from(b"s" * 32))
    policy = policy_from("127.0.0.0/8")
    channels = ChannelDesk(
        SqlChannels(database, server_secret=b"s" * 32),
        PostOffice(policy, agent="aiops-test", mail_server=None),
        policy=policy,
        address=url,
    )
    jobs = JobDesk(store, SqlJobReads(database))
    fixes = FixDesk(store, SqlFixReads(database))
    api = routes(
        reads=reads,
        insights=insights,
        views=views,
        access=access,
        answers=SqlAnswers(database),
        triage=triage,
        ruling=ruling,
        hiding=Hiding(store),
        revive=Revive(store, intake),
        job_desk=jobs,
        alert_desk=alerts,
        fix_desk=fixes,
        upkeep=upkeep,
        monitoring=monitoring,
        channel_desk=channels,
        people=people,
        clock=clock,
    )
    app = build(
        insights=insights,
        views=views,
        reads=reads,
        access=access,
        people=people,
        triage=triage,
        revive=Revive(store, intake),
        ruling=ruling,
        hiding=Hiding(store),
        alerts=alerts,
        fixes=fixes,
        jobs=jobs,
        upkeep=upkeep,
        monitoring=monitoring,
        channels=channels,
        clock=clock,
        public_url=url,
        also=[api],
        openapi=openapi("0.1.0"),
    )
    with running(app, listener):
        yield RunningSite(
            url=url,
            app=app,
            seeds=seeds,
            project=project,
            access=access,
            people=people,
            reads=reads,
            live=app.state.site.live,
            intake=intake,
        )
    intake.close()
    database.close()
