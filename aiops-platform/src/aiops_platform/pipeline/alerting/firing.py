"""Which alerts fire, and which are over: from facts, from what is to be looked for, and from the platform's own troubles."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from aiops_platform.core.alerting import alert as states
from aiops_platform.core.alerting.alert import Alert, AlertState, Looked, Why
from aiops_platform.core.alerting.rules import Rule, When, fits_service
from aiops_platform.core.facts import FactKind
from aiops_platform.core.incident import IncidentKind, IncidentState
from aiops_platform.core.text import one_line
from aiops_platform.ports import Transaction
from aiops_platform.ports.alerting import News, Seen

#: What can make an incident's alerts fire, or end them.
OPENING: Final = frozenset({FactKind.INCIDENT_OPENED, FactKind.INCIDENT_REOPENED})
_JOBS: Final = frozenset({FactKind.JOB_FAILED, FactKind.JOB_RECOVERED})
TELLING: Final = (
    OPENING
    | _JOBS
    | {
        FactKind.INCIDENT_RESOLVED,
        FactKind.INCIDENT_MUTED,
        FactKind.INCIDENT_MERGED,
        FactKind.INCIDENT_UNMERGED,
        FactKind.INCIDENT_DELETED,
        FactKind.INCIDENT_UNDONE,
        FactKind.FIX_NOT_MENDED,
    }
)
#: How an incident stands after what ends its alerts.
_ENDING: Final = {
    FactKind.INCIDENT_RESOLVED: IncidentState.RESOLVED,
    FactKind.INCIDENT_MUTED: IncidentState.MUTED,
    FactKind.INCIDENT_MERGED: IncidentState.MERGED,
    FactKind.INCIDENT_DELETED: IncidentState.DELETED,
}
#: Incidents that end without anybody, with a sentence that says why.
_BY_THEMSELVES: Final = frozenset({IncidentKind.SILENCE, IncidentKind.JOB})
#: What rises or has many events is over when it has not done so for this long.
CALM: Final = timedelta(hours=2)
#: Events of this time can make an incident worth it: more than passes between two looks.
_LATELY: Final = timedelta(hours=1)
_TITLE: Final = 300
_SAID: Final[Mapping[When, str]] = {
    When.NEW: "A new incident",
    When.AGAIN: "It is back",
    When.RISING: "It rises",
    When.MANY: "It comes often",
    When.WORTH: "It has become worth a look",
    When.SILENCE: "The service sends no heartbeat any more",
    When.JOB: "The job did not run as it should",
    When.UNMENDED: "A fix did not mend it",
    When.PLATFORM: "The platform itself is in trouble",
}


def subject_of(incident_id: int) -> str:
    """What an alert of an incident is about."""
    return f"incident:{incident_id}"


def read_news(transaction: Transaction, news: Sequence[News], now: datetime) -> None:
    """Alerts of incidents fire or are over, as they stand now: what was true only in between is told to nobody."""
    _read_jobs(transaction, [each for each in news if each.kind in _JOBS], now)
    ids = {each.incident_id for each in news if each.incident_id is not None}
    seen = transaction.alerting.incidents(ids)
    _end_those_of(transaction, [each for each in seen.values() if each.state is not IncidentState.OPEN], news, now)
    opened: dict[int, When] = {}
    for each in news:
        incident = seen.get(each.incident_id or 0)
        if incident is None or incident.state is not IncidentState.OPEN or each.kind not in OPENING:
            continue
        # Who reopens it knows of it; and what was opened just now is not back.
        if each.kind is FactKind.INCIDENT_OPENED or (incident.id not in opened and "by" not in each.data):
            opened[incident.id] = when_of(incident.kind, each.kind)
    for project_id in sorted({seen[each].project_id for each in opened}):
        mine = {number: when for number, when in opened.items() if seen[number].project_id == project_id}
        for rule in transaction.alerting.settings.rules(project_id, now):
            those = [seen[number] for number, when in mine.items() if when is rule.when]
            if rule.enabled and those:
                fire(transaction, rule, those, now)
    _read_fixes(transaction, [each for each in news if each.kind is FactKind.FIX_NOT_MENDED], seen, now)


def look_around(transaction: Transaction, project_id: int, now: datetime) -> None:
    """What has no fact: incidents that rise, that have many events, or that have become worth it."""
    for rule in transaction.alerting.settings.rules(project_id, now):
        if not rule.enabled:
            continue
        match rule.when:
            case When.RISING:
                rises = transaction.alerting.rising(project_id, now)
                more = {number: f"{factor:.0f} times as often as usual" for number, factor in rises.items()}
            case When.MANY:
                more = _many(transaction, rule, project_id, now)
            case When.WORTH:
                more = dict.fromkeys(transaction.alerting.worth(rule, project_id, now - _LATELY), "")
            case _:
                continue
        seen = transaction.alerting.incidents(more)
        fire(transaction, rule, list(seen.values()), now, more=more)
        if rule.when is not When.WORTH:
            _end_what_calmed(transaction, rule, now)


def look_at_platform(transaction: Transaction, troubles: Mapping[str, str], now: datetime) -> None:
    """The platform's own troubles, by their names: told by one project's rules for that."""
    project_id = transaction.alerting.settings.told_of_platform()
    if project_id is None:
        return
    subjects = {f"platform:{name}": said for name, said in troubles.items()}
    for rule in transaction.alerting.settings.rules(project_id, now):
        if rule.when is not When.PLATFORM:
            continue
        standing = {each.subject: each for each in transaction.alerting.of_rule(rule.id or 0)}
        new = [
            _new(rule, project_id, subject, title=said, text=_SAID[rule.when], now=now)
            for subject, said in subjects.items()
            if subject not in standing and rule.enabled
        ]
        transaction.alerting.save(new)
        gone = {subject: "It is so no longer" for subject in standing if subject not in subjects}
        end(transaction, [standing[subject] for subject in gone], now, why=gone)


def fire(
    transaction: Transaction, rule: Rule, those: Sequence[Seen], now: datetime, *, more: Mapping[int, str] | None = None
) -> None:
    """Alerts of this rule for these incidents, as far as it finds them; one that stands already is noted to be true."""
    told = found_by(transaction, rule, those, now)
    mine = transaction.alerting.standing([subject_of(each.id) for each in told])
    standing = {each.subject: each for each in mine if each.rule_id == rule.id}
    new = []
    for each in told:
        stands = standing.get(subject_of(each.id))
        if stands is not None:
            new += [replace(stands, true_at=now)] if more is not None else []
            continue
        text = ", ".join(part for part in (_SAID[rule.when], (more or {}).get(each.id, "")) if part)
        new.append(alert_of(rule, each, text, now))
    transaction.alerting.save(new)


def found_by(transaction: Transaction, rule: Rule, those: Sequence[Seen], now: datetime) -> list[Seen]:
    """Those of these incidents of one project that are open, and that the rule's search finds."""
    ids = {each.id for each in those}
    if rule.when not in (When.SILENCE, When.JOB):
        ids = transaction.alerting.fitting(rule, those[0].project_id, ids, now) if those else set()
    elif rule.match and those:
        names = transaction.alerting.services({each.service_id for each in those})
        search = rule.search
        ids = {each.id for each in those if fits_service(search, *names[each.service_id][1:])}
    return [each for each in those if each.id in ids and each.state is IncidentState.OPEN]


def alert_of(rule: Rule, incident: Seen, text: str, now: datetime) -> Alert:
    """An alert of this incident, to be told at once. The text says why."""
    if incident.place and rule.when not in (When.SILENCE, When.JOB):
        text = f"{text}, in {incident.place}"
    alert = _new(rule, incident.project_id, subject_of(incident.id), title=incident.title, text=text, now=now)
    return replace(alert, incident_id=incident.id, service_id=incident.service_id)


def end(
    transaction: Transaction,
    alerts: Iterable[Alert],
    now: datetime,
    *,
    why: Mapping[str, str] | None = None,
    put_away: Collection[str] = (),
) -> None:
    """These are over: whoever was told that they fire is told so, and who was not yet, in passing.

    `why` says it by subject. Of those that people have `put_away` nobody hears who was not told before.
    """
    alerts, said = list(alerts), {subject: one_line(each, _TITLE) for subject, each in (why or {}).items()}
    recovery = _recovery_of(transaction, alerts, now)
    looked = [
        states.over(
            each,
            now,
            why=said.get(each.subject, ""),
            recovery=recovery.get(each.rule_id, False),
            is_put_away=each.subject in put_away,
        )
        for each in alerts
    ]
    write(transaction, looked, now)


def write(transaction: Transaction, looked: Sequence[Looked], now: datetime) -> None:
    """Writes alerts that are over, with those who are to be told of that."""
    over = [each for each in looked if each.alert.state is AlertState.OVER]
    ids = [each.alert.id for each in over if each.alert.id is not None]
    transaction.alerting.save([each.alert for each in over])
    transaction.alerting.tellings.let_pass(
        [each.alert.id for each in over if each.passes and each.alert.id is not None]
    )
    transaction.alerting.tellings.spare(ids, but=[Why.PASSED])
    transaction.alerting.tellings.tell_over([each.alert for each in over if each.recovers], now)


def _many(transaction: Transaction, rule: Rule, project_id: int, now: datetime) -> dict[int, str]:
    """The incidents that have as many events or people as the rule says, with how many those are."""
    many: dict[int, list[str]] = {}
    span = f"{rule.minutes} min" if rule.minutes is not None else f"{rule.hours} h"
    if rule.events is not None:
        for number, count in transaction.alerting.busy(project_id, rule.within, rule.events, now).items():
            many.setdefault(number, []).append(f"{count:,} events")
    if rule.people is not None:
        for number, count in transaction.alerting.crowded(project_id, rule.within, rule.people, now).items():
            many.setdefault(number, []).append(f"{count:,} people")
    return {number: f"{' and '.join(counts)} within {span}" for number, counts in many.items()}


def when_of(kind: IncidentKind, fact: FactKind) -> When:
    """Which rules tell of such an incident after this fact."""
    match kind:
        case IncidentKind.SILENCE:
            return When.SILENCE
        case _ if kind.value == "job":
            return When.JOB
        case _:
            return When.NEW if fact is FactKind.INCIDENT_OPENED else When.AGAIN


def _read_fixes(transaction: Transaction, news: Sequence[News], seen: Mapping[int, Seen], now: datetime) -> None:
    """What was tried in vain: who is told of that need not look whether somebody is at it already."""
    tried = {each.incident_id or 0: f"{each.data.get('fixer')}: {each.data.get('why', '')}" for each in news}
    those = [seen[number] for number in tried if number in seen]
    for project_id in sorted({each.project_id for each in those}):
        mine = [each for each in those if each.project_id == project_id]
        for rule in transaction.alerting.settings.rules(project_id, now):
            if rule.enabled and rule.when is When.UNMENDED:
                fire(transaction, rule, mine, now, more={each.id: tried[each.id] for each in mine})


def _read_jobs(transaction: Transaction, news: Sequence[News], now: datetime) -> None:
    """Runs that failed for a reason that has an incident already: of those the job's own incident says nothing."""
    last = {f"job:{each.data.get('job_id')}": each for each in news}
    failed = {
        subject: each
        for subject, each in last.items()
        if each.kind is FactKind.JOB_FAILED and "event_id" in each.data and each.service_id is not None
    }
    standing = transaction.alerting.standing(list(last))
    good = {subject: each.data for subject, each in last.items() if each.kind is FactKind.JOB_RECOVERED}
    end(
        transaction,
        [each for each in standing if each.subject in good],
        now,
        why={subject: str(data.get("why", "")) for subject, data in good.items()},
    )
    names = transaction.alerting.services({each.service_id for each in failed.values() if each.service_id is not None})
    fires = {(each.rule_id, each.subject) for each in standing}
    for project_id in sorted({each.project_id for each in failed.values()}):
        for rule in transaction.alerting.settings.rules(project_id, now):
            if rule.when is not When.JOB or not rule.enabled:
                continue
            search, new = rule.search, []
            for subject, each in failed.items():
                named = names[each.service_id or 0]
                is_meant = not rule.match or fits_service(search, named.name, named.environment)
                if named.project_id == project_id and is_meant and (rule.id, subject) not in fires:
                    title = f"{each.data.get('job', 'A job')} failed"
                    alert = _new(rule, project_id, subject, title=title, text=str(each.data.get("why", "")), now=now)
                    new.append(replace(alert, service_id=each.service_id))
            transaction.alerting.save(new)


def _end_those_of(transaction: Transaction, incidents: Sequence[Seen], news: Sequence[News], now: datetime) -> None:
    said = {each.incident_id: each for each in news if each.kind in _ENDING}
    standing = transaction.alerting.standing([subject_of(each.id) for each in incidents])
    put_away = {subject_of(each.id) for each in incidents if each.state is not IncidentState.RESOLVED}
    why = {subject_of(each.id): _ended(each, said.get(each.id)) for each in incidents}
    end(transaction, standing, now, why=why, put_away=put_away)


def _ended(incident: Seen, news: News | None) -> str:
    """Why an incident is not open any more: what it was mended by, or what people did with it."""
    told = news.data if news is not None and _ENDING[news.kind] is incident.state else {}
    by = told.get("by", {}).get("name", "")
    if incident.state is IncidentState.RESOLVED and not by and incident.kind in _BY_THEMSELVES and told.get("why"):
        return one_line(told["why"], _TITLE)
    said = (
        f"Merged: {told.get('why', '')}"
        if incident.state is IncidentState.MERGED
        else (f"{incident.state.value.capitalize()} {told.get('why', '')}")
    )
    return one_line(f"{said.strip().rstrip(':')}{f', by {by}' if by else ''}", _TITLE)


def _end_what_calmed(transaction: Transaction, rule: Rule, now: datetime) -> None:
    standing = transaction.alerting.of_rule(rule.id or 0)
    calm = [each for each in standing if (each.true_at or each.since) < now - CALM]
    end(transaction, calm, now, why=dict.fromkeys((each.subject for each in calm), "It has calmed down"))


def _recovery_of(transaction: Transaction, alerts: Sequence[Alert], now: datetime) -> dict[int, bool]:
    """Whether the rules of these alerts tell that something is over, by their ids; those that are gone do not."""
    return {
        rule.id or 0: rule.recovery
        for project_id in sorted({each.project_id for each in alerts})
        for rule in transaction.alerting.settings.rules(project_id, now)
    }


def _new(rule: Rule, project_id: int, subject: str, *, title: str, text: str, now: datetime) -> Alert:
    return Alert(
        id=None,
        project_id=project_id,
        rule_id=rule.id or 0,
        subject=subject,
        incident_id=None,
        service_id=None,
        severity=rule.severity,
        title=one_line(title, _TITLE),
        text=one_line(text, _TITLE),
        since=now,
        due_at=now,
        true_at=now,
    )
