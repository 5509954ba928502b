"""What the list of incidents shows for doing things with many: the bar under its tabs, and what was done last."""

from dataclasses import dataclass
from typing import Any

from aiops_platform.core.acts import UNDONE_WITHIN
from aiops_platform.core.people import Role
from aiops_platform.web import care_forms
from aiops_platform.web.filters import Filters
from aiops_platform.web.site import PageRequest, Site, Visitor


@dataclass(frozen=True, kw_only=True)
class DoneBefore:
    """What was done to so many incidents, and under which name it can be undone, if it can."""

    name: str
    act: str
    many: int
    is_undone: bool
    can_be_undone: bool


def given_for(request: PageRequest, site: Site, visitor: Visitor, filters: Filters) -> dict[str, Any]:
    """For the templates `bulk_bar.html` and `bulk_done.html`."""
    may_act = visitor.role.covers(Role.MEMBER)
    return {
        "may_act": may_act,
        "bulk_query": filters.link().partition("?")[2],
        "members": site.reads.members(visitor.project_id) if may_act else (),
        "lengths": care_forms.LENGTHS,
        "done": _done(request, site, visitor) if may_act else None,
    }


def _done(request: PageRequest, site: Site, visitor: Visitor) -> DoneBefore | None:
    name = request.query_params.get("done", "")
    known = site.reads.undoing(visitor.project_id, name) if name else None
    if known is None:
        return None
    return DoneBefore(
        name=name,
        act=known.act,
        many=known.many,
        is_undone=known.undone_at is not None,
        can_be_undone=known.many > 0 and site.clock() - known.at < UNDONE_WITHIN,
    )
