"""The link in an alert that runs a fix: it only asks; what a policy suggests, or waits with, is run by a press and no other."""

from litestar import Response

from aiops_platform.core.fixing.errors import FixError, NotWaitingError
from aiops_platform.core.fixing.fix import UNDECIDED
from aiops_platform.pipeline.alerting.desk import Followed
from aiops_platform.ports.fixing import FixRow
from aiops_platform.web import fix_words
from aiops_platform.web.site import Site


def ask(site: Site, found: Followed, link: str) -> Response[str]:
    """What could be run for the alert's incident now."""
    row = _undecided(site, found)
    if row is None:
        return _said(
            site, found, title="Nothing waits to be run", said="Somebody has decided already, or nothing fits."
        )
    return _said(site, found, title=f"Run {row.fix.fixer}?", fix=row, link=link)


def run(site: Site, found: Followed, fix_id: int | None) -> Response[str]:
    """Runs it, if it is still the one that was asked about. Twice is as once."""
    project_id, now = found.row.alert.project_id, site.clock()
    row = None if fix_id is None else site.fixes.reads.one(project_id, fix_id)
    if row is None or row.fix.incident_id != found.row.alert.incident_id:
        return _said(site, found, title="Nothing was run", said="There is no such fix for this alert.", status=404)
    try:
        fix = site.fixes.approve(project_id, row.fix.id or 0, found.by, now)
    except NotWaitingError:
        fix = row.fix
    except FixError as wrong:
        return _said(site, found, title="Nothing was run", said=f"{wrong}.", status=422)
    standing = fix_words.standing(fix or row.fix)
    return _said(site, found, title=f"{row.fix.fixer}: {standing.word.lower()}", said=f"{standing.means.capitalize()}.")


def _undecided(site: Site, found: Followed) -> FixRow | None:
    alert = found.row.alert
    if alert.incident_id is None:
        return None
    page = site.fixes.reads.page(alert.project_id, states=UNDECIDED, incident_id=alert.incident_id, limit=1)
    return page.rows[0] if page.rows else None


def _said(
    site: Site,
    found: Followed,
    *,
    title: str,
    said: str = "",
    fix: FixRow | None = None,
    link: str = "",
    status: int = 200,
) -> Response[str]:
    given = {"title": title, "said": said, "row": found.row, "fix": fix, "link": link, "fix_words": fix_words}
    return site.public_page("fix_act.html", given, status=status)
