"""What people do with alerts: acknowledge one, follow a link of a message, say what is told to whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from secrets import token_urlsafe
from typing import Final

from aiops_platform.core.alerting import alert as states
from aiops_platform.core.alerting import links, rules, wording
from aiops_platform.core.alerting import policy as policies
from aiops_platform.core.alerting import rota as rotas
from aiops_platform.core.alerting.alert import Alert, AlertState, Why
from aiops_platform.core.alerting.errors import AlertingError
from aiops_platform.core.alerting.links import Claim, LinkAct, LinkError
from aiops_platform.core.alerting.policy import MOST_POLICIES, Policy
from aiops_platform.core.alerting.quiet import QuietHours
from aiops_platform.core.alerting.rota import Rota
from aiops_platform.core.alerting.rules import MOST_RULES, Rule, To, When
from aiops_platform.core.channels import Channel
from aiops_platform.core.facts import FactKind
from aiops_platform.core.people import Actor
from aiops_platform.ports import Store, Transaction
from aiops_platform.ports.alerting import AlertReads, AlertRow, Rehearsed, ToldWith

_ADDRESS_BYTES: Final = 32
_LONGEST_NUMBER: Final = 19
# Of those that a link is for so many are shown before; so many are acknowledged while nobody else can write.
_SHOWN: Final = 10
_TOGETHER: Final = 200


@dataclass(frozen=True, kw_only=True)
class Followed:
    """Where a link of a message leads: what it says, its alert, and the name of its channel."""

    claim: Claim
    row: AlertRow
    channel: str
    #: Of a link for all of a message: what fires of those.
    told_with: ToldWith | None = None

    @property
    def by(self) -> Actor:
        """Under which name it acts: nobody knows who followed it."""
        return Actor("platform", None, f"the link in {self.channel}")


class AlertDesk:
    """What people do with alerts. Every method may be called from any thread, and raises StoreUnavailableError.

    `key` signs links in messages, see `core.alerting.links`.
    """

    def __init__(self, store: Store, reads: AlertReads, key: bytes) -> None:
        self.reads = reads
        self._store = store
        self._key = key

    def acknowledge(self, project_id: int, alert_id: int, by: Actor, now: datetime) -> Alert | None:
        """Nobody is told of it again but that it is over; one that is over stays so. None when the project has no such.

        Nor of what other rules tell of the same: who acknowledges an incident knows of it.
        """
        with self._store.begin() as transaction:
            alert = transaction.alerting.alert(project_id, alert_id)
            if alert is None or alert.state is not AlertState.FIRING:
                return alert
            _acknowledge(transaction, [alert], by, now)
            return states.acknowledged(alert, by.name, now)

    def acknowledge_all(self, followed: Followed, now: datetime) -> int:
        """The same for all that fire of the message in which the link stood; how many those were. In steps."""
        done, after, project_id = 0, 0, followed.row.alert.project_id
        while True:
            found = self.reads.told_with(followed.claim, _TOGETHER, after=after)
            if found is None or not found.alerts:
                return done
            after = found.alerts[-1].id or 0
            with self._store.begin() as transaction:
                those = [
                    each
                    for each in transaction.alerting.standing([each.subject for each in found.alerts])
                    if each.project_id == project_id and each.state is AlertState.FIRING
                ]
                _acknowledge(transaction, those, followed.by, now)
            done += len({each.subject for each in those})

    def followed(self, text: str, now: datetime) -> Followed:
        """Where a link of a message leads. Raises LinkError."""
        number = text.partition(".")[0]
        alert_id = int(number) if number.isascii() and number.isdigit() and len(number) < _LONGEST_NUMBER else 0
        claim = links.read(text, wording.key_for(alert_id, self._key, self.reads.marks()), now)
        project_id = self.reads.project_of(claim.alert_id)
        row = None if project_id is None else self.reads.one(project_id, claim.alert_id)
        if row is None:
            raise LinkError("This alert is not known any more")
        channel = self.reads.channel(claim.channel_id)
        if channel is None or channel.project_id != row.alert.project_id:
            raise LinkError("The channel that this link was sent to is no more: so the link does nothing")
        told_with = None
        if claim.act is LinkAct.ACKNOWLEDGE_ALL:
            told_with = self.reads.told_with(claim, _SHOWN)
            if told_with is None:
                raise LinkError("What this link was about is not known any more")
        return Followed(claim=claim, row=row, channel=channel.name, told_with=told_with)

    def channels(self, project_id: int) -> Sequence[Channel]:
        """The project's channels that are switched on, by id."""
        return self.reads.channels(project_id)

    def rules(self, project_id: int, now: datetime) -> Sequence[Rule]:
        """The project's rules, by id."""
        known = self.reads.rules(project_id)
        if known is not None:
            return known
        with self._store.begin() as transaction:
            return transaction.alerting.settings.rules(project_id, now)

    def save_rule(self, project_id: int, rule: Rule, now: datetime) -> Rule | None:
        """Writes a rule; None for a number that the project has not. Raises AlertingError."""
        rule = rules.checked(rule)
        with self._store.begin() as transaction:
            known = transaction.alerting.settings.rules(project_id, now)
            if rule.id is not None and all(each.id != rule.id for each in known):
                return None
            if rule.id is None and len(known) >= MOST_RULES:
                raise AlertingError("name", f"There is room for {MOST_RULES} rules")
            self._check_to(transaction, project_id, rule.to)
            if not rule.enabled:
                _end_those_of(transaction, rule, "Its rule was switched off", now)
            return replace(rule, id=transaction.alerting.settings.save_rule(project_id, rule))

    def drop_rule(self, project_id: int, rule_id: int, now: datetime) -> bool:
        """Takes a rule away; whether there was one. What fires by it is over, which is all that is still told of it."""
        with self._store.begin() as transaction:
            known = transaction.alerting.settings.rules(project_id, now)
            if not transaction.alerting.settings.drop_rule(project_id, rule_id):
                return False
            for rule in known:
                if rule.id == rule_id:
                    _end_those_of(transaction, rule, "Its rule was deleted", now)
            return True

    def rehearse(self, project_id: int, rule: Rule, now: datetime) -> Rehearsed:
        """What the rule would have told in the last week. Raises AlertingError."""
        return self.reads.rehearsed(project_id, rules.checked(rule), now)

    def hand_over_platform(self, project_id: int, to: int, now: datetime) -> bool:
        """Of the platform's own troubles this project is told no longer, but that one; whether it was told until now.

        That one gets the usual rule where it has none for that. To whom it may be handed the caller knows.
        """
        with self._store.begin() as transaction:
            settings = transaction.alerting.settings
            if settings.told_of_platform() != project_id:
                return False
            if to == project_id:
                return True
            for rule in settings.rules(project_id, now):
                if rule.when is When.PLATFORM:
                    _end_those_of(transaction, rule, "Another project is told of the platform now", now)
            if all(each.when is not When.PLATFORM for each in settings.rules(to, now)):
                settings.save_rule(to, rules.OF_THE_PLATFORM)
            settings.tell_of_platform(to)
            return True

    def policies(self, project_id: int) -> Mapping[int, Policy]:
        """The project's policies, by id."""
        return self.reads.policies(project_id)

    def save_policy(self, project_id: int, policy: Policy) -> int | None:
        """Writes a policy; None for a number that the project has not. Raises AlertingError."""
        policy = policies.checked(policy)
        with self._store.begin() as transaction:
            known = transaction.alerting.settings.policies(project_id)
            if policy.id is not None and policy.id not in known:
                return None
            if policy.id is None and len(known) >= MOST_POLICIES:
                raise AlertingError("name", f"There is room for {MOST_POLICIES} policies")
            for step in policy.steps:
                self._check_to(transaction, project_id, step.to, of="steps")
            return transaction.alerting.settings.save_policy(project_id, policy)

    def drop_policy(self, project_id: int, policy_id: int) -> bool:
        """Takes a policy away; whether there was one. Rules that name it tell all channels."""
        with self._store.begin() as transaction:
            return transaction.alerting.settings.drop_policy(project_id, policy_id)

    def rotas(self, project_id: int) -> Mapping[int, Rota]:
        """The project's rotas, by id."""
        return self.reads.rotas(project_id)

    def save_rota(self, project_id: int, rota: Rota) -> int | None:
        """Writes a rota; None for a number that the project has not. Raises AlertingError."""
        rota = rotas.checked(rota)
        with self._store.begin() as transaction:
            known = transaction.alerting.settings.rotas(project_id)
            if rota.id is not None and rota.id not in known:
                return None
            if rota.id is None and len(known) >= rotas.MOST_ROTAS:
                raise AlertingError("name", f"There is room for {rotas.MOST_ROTAS} rotas")
            everybody = To(channels=tuple(each.channel for each in rota.people))
            self._check_to(transaction, project_id, everybody, of="people")
            return transaction.alerting.settings.save_rota(project_id, rota, token_urlsafe(_ADDRESS_BYTES))

    def drop_rota(self, project_id: int, rota_id: int) -> bool:
        """Takes a rota away; whether there was one."""
        with self._store.begin() as transaction:
            return transaction.alerting.settings.drop_rota(project_id, rota_id)

    def set_quiet(self, project_id: int, channel_id: int, hours: QuietHours | None) -> bool:
        """When a channel is quiet from now on; whether the project has such a channel."""
        with self._store.begin() as transaction:
            found = transaction.alerting.channel(channel_id)
            if found is None or found.project_id != project_id:
                return False
            pace = transaction.alerting.settings.pace(channel_id)
            transaction.alerting.settings.save_pace(channel_id, replace(pace, quiet=hours))
            return True

    def _check_to(self, transaction: Transaction, project_id: int, to: To, *, of: str = "") -> None:
        """`of` is the field in which that stands, where it is not one of its own. Raises AlertingError."""
        for channel_id in to.channels:
            found = transaction.alerting.channel(channel_id)
            if found is None or found.project_id != project_id:
                raise AlertingError(of or "channels", f"This project has no channel with the number {channel_id}")
        if to.rota is not None and to.rota not in transaction.alerting.settings.rotas(project_id):
            raise AlertingError(of or "rota", f"This project has no rota with the number {to.rota}")
        if to.policy is not None and to.policy not in transaction.alerting.settings.policies(project_id):
            raise AlertingError(of or "policy", f"This project has no escalation with the number {to.policy}")


def _acknowledge(transaction: Transaction, alerts: Sequence[Alert], by: Actor, now: datetime) -> None:
    """These, and what other rules tell of the same, each with a line in its incident's story."""
    subjects, projects = {each.subject for each in alerts}, {each.project_id for each in alerts}
    same = [each for each in transaction.alerting.standing(subjects) if each.project_id in projects]
    transaction.alerting.save([states.acknowledged(each, by.name, now) for each in same])
    transaction.alerting.tellings.spare([each.id or 0 for each in same], but=[Why.FIRED, Why.OVER])
    for alert in {each.subject: each for each in reversed(alerts)}.values():
        data = {"why": alert.title, "by": by.as_data()}
        transaction.alerting.note(alert, FactKind.ALERT_ACKNOWLEDGED, now, data)


def _end_those_of(transaction: Transaction, rule: Rule, why: str, now: datetime) -> None:
    """Nobody wants to know any longer: what only a look of the rule would have ended must not stand for ever."""
    standing = () if rule.id is None else transaction.alerting.of_rule(rule.id)
    looked = [states.over(each, now, why=why, recovery=rule.recovery) for each in standing]
    transaction.alerting.save([each.alert for each in looked])
    transaction.alerting.tellings.spare([each.alert.id or 0 for each in looked])
    transaction.alerting.tellings.tell_over([each.alert for each in looked if each.recovers], now)
