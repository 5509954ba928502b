"""What the palette offers, from what was typed: pages that the visitor may see, and what was found, in groups."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from aiops_platform.core.places import Place
from aiops_platform.core.views import IncidentRow, SavedView
from aiops_platform.web import words

_FEW: Final = 6


@dataclass(frozen=True, kw_only=True)
class Offer:
    """Where one can go: its name, what else is to be said of it, and the address."""

    name: str
    note: str = ""
    address: str


@dataclass(frozen=True, kw_only=True)
class Group:
    """Offers of one kind."""

    title: str
    offers: Sequence[Offer]


# Each with other words that people type for it.
_PAGES: Final = (
    ("Overview", "home first page", "/"),
    ("Incidents", "list errors problems", "/incidents?state=open"),
    ("Incidents assigned to me", "mine", "/incidents?query=assigned%3Ame"),
    ("Services", "heartbeats silent", "/services"),
    ("Jobs", "runs cron schedule", "/jobs"),
    ("Buried reports", "unreadable", "/buried"),
    ("The platform itself", "health numbers lag store", "/platform"),
    ("Set-up", "connect install", "/setup"),
    ("Your account", "settings name e-mail password", "/account"),
    ("Your tokens", "settings api token", "/settings/tokens"),
    ("Your sessions", "settings browsers signed in", "/settings/sessions"),
    ("API for programs", "documentation rest openapi", "/api/docs"),
)
_PAGES_OF_RULERS: Final = (
    ("Grouping", "settings rules fingerprint", "/settings/grouping"),
    ("Secrets", "settings scrubbing privacy mask", "/settings/secrets"),
    ("Repository", "settings source links git", "/settings/source"),
    ("API keys", "settings dsn", "/settings/keys"),
    ("People", "settings members roles invite", "/settings/people"),
    ("Projects", "settings new rename", "/settings/projects"),
)


def pages(text: str, *, rules: bool) -> Group:
    """The pages whose name, or another word for it, has every word in it; `rules` adds those of the project's settings."""
    known = _PAGES + _PAGES_OF_RULERS if rules else _PAGES
    found = [Offer(name=name, address=address) for name, also, address in known if _says(f"{name} {also}", text)]
    # Who typed nothing yet sees the few that are wanted most.
    return Group(title="Pages", offers=found if text else found[:_FEW])


def views(saved: Iterable[SavedView], text: str) -> Group:
    """Saved views whose name has every word in it."""
    found = [Offer(name=view.name, address=f"/incidents?{view.query}") for view in saved if _says(view.name, text)]
    return Group(title="Views", offers=found[:_FEW])


def places(found: Iterable[Place]) -> tuple[Group, Group]:
    """Services and jobs."""
    every = list(found)
    services = [
        Offer(name=each.name, note=each.environment, address=f"/services/{each.id}")
        for each in every
        if each.kind == "service"
    ]
    jobs = [
        Offer(name=each.name, note=f"{each.service} · {each.environment}", address=f"/jobs/{each.id}")
        for each in every
        if each.kind == "job"
    ]
    return Group(title="Services", offers=services), Group(title="Jobs", offers=jobs)


def incidents(rows: Iterable[IncidentRow], more: Iterable[Offer] = ()) -> Group:
    """Incidents with their number and where they are, and what leads to the rest of them."""
    return Group(title="Incidents", offers=[*map(_incident, rows), *more])


def number_in(text: str) -> str:
    """The digits of `#17` or `17`; nothing where something else was typed."""
    number = text.removeprefix("#")
    return number if number.isascii() and number.isdigit() else ""


def _incident(row: IncidentRow) -> Offer:
    detail = words.detail(row)
    state = "" if row.state == "open" else f" · {words.state(row.state)}"
    name = f"{words.headline(row)}: {detail}" if detail else words.headline(row)
    return Offer(name=name, note=f"#{row.id} · {row.service}{state}", address=f"/incidents/{row.id}")


def _says(told: str, text: str) -> bool:
    told = told.lower()
    return all(word in told for word in text.lower().split())
