"""Views of the list of incidents under a name: what they may be called, and how many there are."""

from typing import Final

from aiops_platform.core.errors import PlatformError
from aiops_platform.core.text import one_line

LONGEST_NAME: Final = 80
LONGEST_QUERY: Final = 4_000
# Of one person in one project.
MOST_VIEWS: Final = 50


class ViewError(PlatformError):
    """A view cannot be kept like this; the message says why, and what to do."""


def checked_view(name: str) -> str:
    """The name without blanks around it. Raises ViewError."""
    told = one_line(name, LONGEST_NAME * 2)
    if not told or len(told) > LONGEST_NAME:
        raise ViewError(f"Give the view a name of 1 to {LONGEST_NAME} characters, such as 'Payments, this week'.")
    return told


def checked_query(query: str) -> str:
    """What follows `?` in the view's address. Raises ViewError."""
    if len(query) > LONGEST_QUERY:
        raise ViewError("The search is too long to be kept.")
    return query
