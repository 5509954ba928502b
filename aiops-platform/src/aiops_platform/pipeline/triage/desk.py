"""One incident: resolve, mute, reopen, assign, link, delete; and the way to all else that is done with incidents."""

from datetime import datetime

from aiops_platform.core import acts, care
from aiops_platform.core.acts import Act, ActKind
from aiops_platform.core.care import CareError
from aiops_platform.core.facts import Fact, FactKind
from aiops_platform.core.incident import STANDING
from aiops_platform.core.muting import Ends
from aiops_platform.core.people import Actor
from aiops_platform.pipeline.triage.bulk import Bulk, carry_out
from aiops_platform.pipeline.triage.comments import Comments
from aiops_platform.pipeline.triage.deploys import Deploys
from aiops_platform.pipeline.triage.merging import Merging
from aiops_platform.ports import IncidentChange, Store


class Triage:
    """Each answers whether this project has such an incident; doing a thing twice is as doing it once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.bulk = Bulk(store)
        self.comments = Comments(store)
        self.merging = Merging(store)
        self.deploys = Deploys(store)

    def resolve(
        self, project_id: int, incident_id: int, now: datetime, *, which: str | None = None, by: Actor | None = None
    ) -> bool:
        """It is mended in the newest release of its service: should the error return there or later, it reopens.

        `which` says otherwise: in the `next` release, or in the one of that name. Raises MuteError for what is no name.
        """
        return self.act(project_id, incident_id, acts.resolving(which), now, by=by)

    def mute(
        self, project_id: int, incident_id: int, now: datetime, *, ends: Ends | None = None, by: Actor | None = None
    ) -> bool:
        """It is known, and only to be counted, until the mute ends. Raises MuteError for an end that makes no sense."""
        return self.act(project_id, incident_id, Act(kind=ActKind.MUTE, ends=ends or Ends()), now, by=by)

    def reopen(self, project_id: int, incident_id: int, now: datetime, *, by: Actor | None = None) -> bool:
        """It is to be looked at again."""
        return self.act(project_id, incident_id, Act(kind=ActKind.REOPEN), now, by=by)

    def assign(
        self, project_id: int, incident_id: int, now: datetime, *, to: int | None, by: Actor | None = None
    ) -> bool:
        """This user cares for it; None is nobody. Raises CareError for who is not in the project."""
        return self.act(project_id, incident_id, self.assigning(project_id, to), now, by=by)

    def assigning(self, project_id: int, to: int | None) -> Act:
        """The act of giving it to this user, or to nobody. Raises CareError for who is not in the project."""
        if to is None:
            return Act(kind=ActKind.ASSIGN)
        with self._store.begin() as transaction:
            member = transaction.settling.member(project_id, to)
        if member is None:
            raise CareError("Nobody with that number is in this project")
        return Act(kind=ActKind.ASSIGN, to=member)

    def act(self, project_id: int, incident_id: int, act: Act, now: datetime, *, by: Actor | None = None) -> bool:
        """Any of these. Raises MuteError."""
        with self._store.begin() as transaction:
            incident = transaction.incident(project_id, incident_id)
            if incident is None or incident.state not in STANDING:
                return False
            carry_out(transaction, [incident], act, now, by=by)
            return True

    def link(self, project_id: int, incident_id: int, url: str, now: datetime, *, by: Actor | None = None) -> bool:
        """It is dealt with there, too; an empty address is nowhere. Raises CareError for what is none."""
        link = care.checked_link(url)
        with self._store.begin() as transaction:
            incident = transaction.incident(project_id, incident_id)
            if incident is None or incident.state not in STANDING:
                return False
            if transaction.settling.link(incident_id, link):
                why = f"to {link}" if link else "to nothing any more"
                told = Fact(kind=FactKind.INCIDENT_LINKED, at=now, data={"why": why}).done_by(by)
                transaction.save_incidents([IncidentChange(incident=incident, facts=(told,))])
            return True
