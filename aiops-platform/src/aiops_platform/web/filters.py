"""Which incidents a page lists, as its address says it. Forgiving: what makes no sense is as if it were not there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from aiops_platform.core.incident import STANDING, IncidentState
from aiops_platform.core.views import IncidentQuery
from aiops_platform.web.cut import visible

_EVERY_STATE = "all"
_LONGEST = 200
_LAST_PAGE = 100_000
_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class Filters:
    """The list's filters. `state` is one of the states or `all`; empty texts do not filter."""

    state: str = IncidentState.OPEN.value
    service: str = ""
    environment: str = ""
    text: str = ""
    page: int = 1

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> "Filters":
        """The filters in a query string."""
        state = parameters.get("state", "")
        known = {_EVERY_STATE, *STANDING}
        return cls(
            state=state if state in known else IncidentState.OPEN.value,
            service=_text(parameters.get("service", "")),
            environment=_text(parameters.get("environment", "")),
            text=_text(parameters.get("text", "")),
            page=page_number(parameters.get("page", "")),
        )

    @property
    def narrows(self) -> bool:
        """Whether anything but the state is filtered by."""
        return bool(self.service or self.environment or self.text)

    def query(self, per_page: int) -> IncidentQuery:
        """The same, for the store."""
        return IncidentQuery(
            state=None if self.state == _EVERY_STATE else IncidentState(self.state),
            service=self.service or None,
            environment=self.environment or None,
            text=self.text or None,
            page=self.page,
            per_page=per_page,
        )

    def url(self, **changes: str | int) -> str:
        """The address of the list with these changes; any change of a filter leads back to its first page."""
        changed = replace(self, **({"page": 1} | changes))  # type: ignore[arg-type]  # names and types are the template's
        default = Filters()
        told = {name: value for name, value in vars(changed).items() if value != getattr(default, name)}
        return f"/incidents?{urlencode(told)}" if told else "/incidents"


def page_number(text: str) -> int:
    """The page that is meant; 1 when none is."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        return 1
    return min(max(1, int(text)), _LAST_PAGE)


def row_number(text: str) -> int | None:
    """The number of a row in an address; None when no row can have it."""
    is_number = text.isascii() and text.isdigit() and len(text) < 20
    return int(text) if is_number and int(text) <= _LARGEST_ID else None


def _text(text: str) -> str:
    return visible(text.strip()[:_LONGEST])
