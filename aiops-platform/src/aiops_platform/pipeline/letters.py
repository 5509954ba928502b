"""Mail to people about their accounts: an invitation, a way in for who has forgotten their password."""

import logging
from datetime import datetime
from threading import Lock
from typing import Final

from aiops_platform.core import letters
from aiops_platform.core.attempts import Attempts
from aiops_platform.core.backoff import Outcome, Retry, Sent, said
from aiops_platform.ports import Access, Mailer, People

_HOUR: Final = 3600.0
_TO_ONE: Final = 3
_FROM_ONE: Final = 20
_INVITED: Final = 30

log = logging.getLogger(__name__)


class Letters:
    """A station for people. May be called from any thread. `address` is that of the pages."""

    def __init__(self, mailer: Mailer, access: Access, people: People, *, address: str) -> None:
        self._mailer = mailer
        self._access = access
        self._people = people
        self._address = address
        self._to_one = Attempts(most=_TO_ONE, seconds=_HOUR)
        self._from_one = Attempts(most=_FROM_ONE, seconds=_HOUR)
        self._invited = Attempts(most=_INVITED, seconds=_HOUR)
        self._lock = Lock()

    def invite(self, to: str, url: str, *, by: str, project: str, role: str, project_id: int, now: datetime) -> Outcome:
        """Sends an invitation, at most thirty an hour of a project. Takes up to a minute."""
        with self._lock:
            seconds = self._invited.ask(str(project_id), now.timestamp())
        if seconds is not None:
            return Retry("Too many invitations were sent in this hour")
        return self._mailer.write(to, letters.invitation(by=by, project=project, role=role, url=url), now)

    def may_ask(self, email: str, client: str, now: datetime) -> int | None:
        """None when somebody there may ask for a way in for this address; else in how many seconds again.

        Whether there is such an account makes no difference.
        """
        with self._lock:
            # First of who asks: whoever has asked too often uses up nobody else's.
            waits = self._from_one.ask(client, now.timestamp())
            return self._to_one.ask(email.strip().lower(), now.timestamp()) if waits is None else waits

    def remind(self, email: str, now: datetime) -> None:
        """Sends a way in to who has this address, if anybody has. Says nothing, and raises nothing."""
        try:
            user = self._people.user_with_email(email)
            if user is None or user.email is None:
                return
            url = f"{self._address}/forgot/{self._access.create_signin(now, user.id)}"
            outcome = self._mailer.write(user.email, letters.forgotten(name=user.name, url=url), now)
            if not isinstance(outcome, Sent):
                log.warning("A way in could not be sent", extra={"user": user.id, "why": said(outcome)})
        except Exception:
            # It runs beside the answer: nobody else would hear of it.
            log.exception("A way in could not be sent")
