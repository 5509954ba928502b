"""What every page needs at hand: the ports, the clock, the templates, and the one who visits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from litestar import MediaType, Request, Response
from litestar.datastructures import State
from litestar.di import NamedDependency

from aiops_platform.core.people import Actor, Role, User
from aiops_platform.core.views import Overview
from aiops_platform.pipeline.alerting import AlertDesk
from aiops_platform.pipeline.channel_desk import ChannelDesk
from aiops_platform.pipeline.hiding import Hiding
from aiops_platform.pipeline.job_desk import JobDesk
from aiops_platform.pipeline.letters import Letters
from aiops_platform.pipeline.revive import Revive
from aiops_platform.pipeline.ruling import Ruling
from aiops_platform.pipeline.triage import Triage
from aiops_platform.pipeline.upkeep import Upkeep
from aiops_platform.ports import Access, Insights, Monitoring, People, Reads, SavedViews
from aiops_platform.ports.fixing import FixDeskLike
from aiops_platform.web.assets import Assets
from aiops_platform.web.guesses import Guesses
from aiops_platform.web.live import Live
from aiops_platform.web.rendering import Renderer
from aiops_platform.web.shelf import Shelf

# What a route's `opt` may say: the role that it takes, where that is not a viewer's to look and a member's to change.
NEEDED_ROLE: Final = "role"
FOR_VIEWERS: Final = {NEEDED_ROLE: Role.VIEWER}
FOR_MEMBERS: Final = {NEEDED_ROLE: Role.MEMBER}
FOR_ADMINS: Final = {NEEDED_ROLE: Role.ADMIN}

PageRequest: TypeAlias = Request[None, None, State]


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """A signed-in browser: whose it is, which project it sees and what they may do there.

    `session` is the text of its session, `csrf` the token that its forms carry. Its user is a member of so many `projects`.
    `is_compact`: the browser wants its lists close.
    """

    project_id: int
    user: User
    role: Role
    projects: int
    session: str
    csrf: str
    is_compact: bool = False

    @property
    def acts(self) -> bool:
        """Whether it may change incidents."""
        return self.role.covers(Role.MEMBER)

    @property
    def rules(self) -> bool:
        """Whether it may change the project."""
        return self.role.covers(Role.ADMIN)

    @property
    def actor(self) -> Actor:
        """Under whose name it acts."""
        return self.user.actor


class Site:
    """The pages' way to everything else. One for the whole application; safe to share between threads."""

    def __init__(
        self,
        *,
        reads: Reads,
        access: Access,
        people: People,
        triage: Triage,
        revive: Revive,
        ruling: Ruling,
        hiding: Hiding,
        alerts: AlertDesk,
        fixes: FixDeskLike,
        jobs: JobDesk,
        upkeep: Upkeep,
        monitoring: Monitoring,
        channels: ChannelDesk,
        letters: Letters | None,
        live: Live,
        assets: Assets,
        clock: Callable[[], datetime],
        public_url: str,
        insights: Insights,
        views: SavedViews,
        numbers: Callable[[], Mapping[str, int | float]] = dict,
    ) -> None:
        self.reads = reads
        self.insights = insights
        self.views = views
        self.numbers = numbers
        self.access = access
        self.people = people
        self.guesses = Guesses(clock)
        self.triage = triage
        self.revive = revive
        self.ruling = ruling
        self.hiding = hiding
        self.alerts = alerts
        self.fixes = fixes
        self.jobs = jobs
        self.upkeep = upkeep
        self.monitoring = monitoring
        self.shelf = Shelf()
        self.channels = channels
        # None where no mail server is set.
        self.letters = letters
        self.live = live
        self.assets = assets
        self.clock = clock
        self.public_url = public_url
        self._renderer = Renderer(assets, clock)

    def page(self, template: str, given: Mapping[str, Any], *, status: int = 200) -> Response[str]:
        """A whole page. `given` holds what `common` says, and the page's own."""
        return html(self._renderer.page(template, given), status=status)

    def part(self, template: str, given: Mapping[str, Any]) -> Response[str]:
        """A part of a page, for htmx."""
        return html(self._renderer.page(template, given))

    def common(self, visitor: Visitor) -> dict[str, Any]:
        """What the frame around every page shows. To be read before the page's own rows."""
        # The revision comes first: what changes while the page is made is then told to it again, not missed.
        revision, overview = self.reads.frame(visitor.project_id)
        return {
            "visitor": visitor,
            "seen": self.live.mark(revision),
            "overview": overview,
            "projects": self.people.projects(visitor.user.id) if visitor.projects > 1 else (),
            "public_url": self.public_url,
            "channels_disabled": self.channels.disabled(visitor.project_id) if visitor.rules else 0,
        }

    def bare(self, visitor: Visitor | None) -> dict[str, Any]:
        """The same frame without asking the store; for a stranger it holds nothing of any project."""
        if visitor is None:
            return {"visitor": None}
        nothing = Overview(open_incidents=0, services=0, late=0, silent=0, failed_jobs=0)
        frame = {"visitor": visitor, "seen": "", "overview": nothing, "projects": (), "public_url": self.public_url}
        return frame | {"channels_disabled": 0}

    def public_page(self, template: str, given: Mapping[str, Any], *, status: int = 200) -> Response[str]:
        """A page for anyone: its frame shows nothing of any project."""
        return self.page(template, {**self.bare(None), **given}, status=status)


# How handlers ask for them.
TheSite: TypeAlias = NamedDependency[Site]
TheVisitor: TypeAlias = NamedDependency[Visitor]


def html(text: str, *, status: int = 200) -> Response[str]:
    """An answer that no cache keeps: what it shows is for the one who asked, and old in a moment."""
    headers = {"Cache-Control": "no-store", "Vary": "HX-Request, Cookie"}
    return Response(text, media_type=MediaType.HTML, status_code=status, headers=headers)


def is_partial(request: PageRequest) -> bool:
    """Whether htmx asks for a part of a page. A whole page is wanted otherwise."""
    return request.headers.get("hx-request") == "true" and request.headers.get("hx-request-type") == "partial"
