"""What is open because people took something back: its alert begins anew, and nobody hears of it twice within an hour."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from aiops_platform.core.alerting import alert as states
from aiops_platform.core.alerting.alert import Alert
from aiops_platform.core.alerting.rules import Rule, When
from aiops_platform.core.facts import FactKind
from aiops_platform.core.incident import IncidentState
from aiops_platform.pipeline.alerting.firing import alert_of, found_by, subject_of, when_of
from aiops_platform.ports import Transaction
from aiops_platform.ports.alerting import News, Seen

_SAID: Final[Mapping[FactKind, str]] = {
    FactKind.INCIDENT_UNMERGED: "Taken out of another one, it is open by itself",
    FactKind.INCIDENT_UNDONE: "What was done to it was undone: it is open",
}
# Those that fire once, when something is opened. The others look again by themselves.
_BEGINNINGS: Final = frozenset({When.NEW, When.AGAIN, When.SILENCE, When.JOB})


def begin_anew(transaction: Transaction, news: Sequence[News], now: datetime) -> None:
    """Of what is open again, and of which no alert stands, the rules tell that told of it last; else those of what is new."""
    said = {each.incident_id: _SAID[each.kind] for each in news if each.incident_id is not None and each.kind in _SAID}
    seen = transaction.alerting.incidents([each for each in said if each is not None])
    standing = {each.incident_id for each in transaction.alerting.standing(list(map(subject_of, seen)))}
    those = [each for each in seen.values() if each.state is IncidentState.OPEN and each.id not in standing]
    ids = [each.id for each in those]
    ended = transaction.alerting.last_ended(ids)
    told = transaction.alerting.tellings.last_told(ids)
    for project_id in sorted({each.project_id for each in those}):
        rules = [
            each
            for each in transaction.alerting.settings.rules(project_id, now)
            if each.enabled and each.when in _BEGINNINGS
        ]
        again = {
            each.id: _again(each, rules, ended.get(each.id, ())) for each in those if each.project_id == project_id
        }
        for rule in rules:
            mine = found_by(transaction, rule, [each for each in those if rule in again.get(each.id, ())], now)
            transaction.alerting.save(
                [
                    states.begun_anew(
                        alert_of(rule, each, said[each.id], now),
                        next((last for last in ended.get(each.id, ()) if last.rule_id == rule.id), None),
                        told.get(each.id),
                        now,
                    )
                    for each in mine
                ]
            )


def _again(incident: Seen, rules: Sequence[Rule], ended: Sequence[Alert]) -> Sequence[Rule]:
    """The rules that tell of it: those that did before."""
    before = {each.rule_id for each in ended}
    return [each for each in rules if each.id in before] or [
        each for each in rules if each.when is when_of(incident.kind, FactKind.INCIDENT_OPENED)
    ]
