"""Who is told: steps and rotas become channels, and what waits for a channel becomes few messages in the outbox."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from aiops_platform.core.alerting import alert as states
from aiops_platform.core.alerting import quiet, wording
from aiops_platform.core.alerting.alert import Alert, AlertState, Tell, Why
from aiops_platform.core.alerting.policy import Policy, Step
from aiops_platform.core.alerting.quiet import Pace
from aiops_platform.core.alerting.rota import Rota, in_line
from aiops_platform.core.alerting.rules import Rule, To
from aiops_platform.core.alerting.wording import NAMED, NOTHING_PASSED, Passed, Place, Told
from aiops_platform.core.channels import KEEPING
from aiops_platform.core.fixing.fix import UNDECIDED
from aiops_platform.core.fixing.policy import Mode
from aiops_platform.core.maintenance import Window
from aiops_platform.core.messages import Severity
from aiops_platform.core.service import ServiceName
from aiops_platform.ports import Transaction
from aiops_platform.ports.alerting import Telling, Waiting, Which

# What is over is told for each message that told of it, as long as those are not more; else in one.
_FEW: Final = 4
# Where each is told by itself, of so many at once that they are over; the next ones a little later.
_MANY: Final = 100
#: What waits for its time is looked at again after this, for quiet hours can be changed.
_LOOK_AGAIN: Final = timedelta(seconds=30)


class Circumstances:
    """What a project says of alerts, asked once for a step."""

    def __init__(self, transaction: Transaction, project_id: int, now: datetime) -> None:
        self.rules: Mapping[int, Rule] = {
            each.id or 0: each for each in transaction.alerting.settings.rules(project_id, now)
        }
        self.policies: Mapping[int, Policy] = transaction.alerting.settings.policies(project_id)
        self.rotas: Mapping[int, Rota] = transaction.alerting.settings.rotas(project_id)
        windows = transaction.maintenance.windows([project_id], now).get(project_id, ())
        # Once for all alerts: there may be hundreds of both.
        self._holding: list[tuple[datetime, Window]] = [
            (until, window) for window in windows if (until := window.holds_until(now)) is not None
        ]
        self.channels: Collection[int] = [each.id for each in transaction.outbox.channels(project_id)]
        self._transaction = transaction

    def reached_by(self, to: To, now: datetime) -> list[int]:
        """The channels that are meant, as far as they are switched on; all of them where none is left of those.

        Whose channel is off while they are on call is stood in for by the next in line.
        """
        if to.is_all:
            return list(self.channels)
        rota = self.rotas.get(to.rota or 0)
        line = () if rota is None else in_line(rota, now)
        awake = [each.channel for each in line if each.channel in self.channels]
        reached = [each for each in dict.fromkeys([*to.channels, *awake[:1]]) if each in self.channels]
        # What somebody switched off is meant to hear nothing; but what is gone, or refused, must not take the alert with it.
        if not reached and not (rota is None and any(map(self._is_left_out, to.channels))):
            return list(self.channels)
        return reached

    def told(
        self, alert: Alert, tell: Sequence[Tell], steps: Sequence[Step], now: datetime
    ) -> tuple[Alert, list[Telling]]:
        """Who is told by these; a step that reaches nobody is followed by the next one at once, and in the end by all."""
        reached: dict[int, Why] = {}
        for each in tell:
            reached |= {channel: each.why for channel in self.reached_by(each.to, now) if channel not in reached}
        step = alert.step
        while tell and not reached and step < len(steps):
            reached = dict.fromkeys(self.reached_by(steps[step].to, now), tell[0].why)
            step += 1
        if tell and not reached and len(steps) > 1:
            reached = dict.fromkeys(self.channels, tell[0].why)
        alert = replace(alert, step=step)
        return alert, [Telling(alert=alert, channel_id=each, why=why, at=now) for each, why in reached.items()]

    def _is_left_out(self, channel_id: int) -> bool:
        found = self._transaction.alerting.channel(channel_id)
        return found is not None and found.is_left_out

    def held(self, named: ServiceName | None) -> str | None:
        """The maintenance in which nothing is told of a service; of several the one that holds longest."""
        if named is None:
            return None
        mine = [each for each in self._holding if each[1].covers(named.name, named.environment)]
        return max(mine, key=lambda each: each[0])[1].name if mine else None


def look_at_due(transaction: Transaction, now: datetime, limit: int) -> bool:
    """Tells whoever is to be told by now, at first or once more; says whether there is more to be looked at."""
    due = transaction.alerting.due(now, limit)
    names = transaction.alerting.services({each.service_id for each in due if each.service_id is not None})
    around = {
        project: Circumstances(transaction, project, now) for project in sorted({each.project_id for each in due})
    }
    changed: list[Alert] = []
    tellings: list[Telling] = []
    for alert in due:
        mine = around[alert.project_id]
        rule = mine.rules.get(alert.rule_id)
        if rule is None or not rule.enabled:
            # Nobody wants to know any longer.
            changed.append(states.over(alert, now, why="Its rule is gone", recovery=False).alert)
            continue
        policy = mine.policies.get(rule.to.policy or 0)
        steps = states.steps_of(rule, None if policy is None else policy.steps)
        held = mine.held(names.get(alert.service_id or 0))
        looked = states.looked_at(alert, repeat=rule.repeat, steps=steps, held=held, now=now)
        told, tells = mine.told(looked.alert, looked.tell, steps, now)
        changed.append(told)
        tellings += tells
    transaction.alerting.save(changed)
    transaction.alerting.tellings.spare([each.id or 0 for each in changed if each.state is AlertState.OVER])
    transaction.alerting.tellings.tell(tellings)
    return len(due) == limit


def send(transaction: Transaction, place: Place, overs: dict[int, datetime], now: datetime) -> datetime | None:
    """Posts what channels are to be told by now; returns when there is more to be told, None where nothing waits.

    `overs` is kept between calls: when each channel was last told of nothing but what is over. Where that is forgotten
    one such message comes sooner.
    """
    later = []
    waiting = transaction.alerting.tellings.waiting()
    if waiting:
        place = replace(place, marks=transaction.alerting.settings.marks())
    for waits in waiting:
        channel_id = waits.channel_id
        pace = transaction.alerting.settings.pace(channel_id)
        only_critical = _passes(pace, now, is_critical=waits.is_critical)
        over_at = overs.get(channel_id) if waits.is_over else None
        at = quiet.goes_at(pace, now, is_critical=waits.is_critical, is_urgent=waits.is_urgent, over_at=over_at)
        if at > now:
            later.append(min(at, now + _LOOK_AGAIN))
            continue
        found = transaction.alerting.channel(channel_id)
        if found is None:
            transaction.alerting.tellings.leave(channel_id)
            continue
        mine = replace(place, project=transaction.alerting.project_name(found.project_id))
        gathered = _one_by_one if found.kind in KEEPING else _gathered
        fires, said = False, False
        passed = None if only_critical or found.kind in KEEPING else _passed(transaction, channel_id)
        for what in gathered(transaction, channel_id, now, only_critical=only_critical):
            # The first message of them says what has passed; nobody is sent another one for that.
            _post(transaction, what, mine, found.name, passed, was_quiet=_was_quiet(pace, what, now), now=now)
            passed, said = None, True
            fires |= not what.which.is_over
        if passed is not None and any(each.alert.severity is Severity.CRITICAL for each in passed.worst):
            said = True
            _post(transaction, passed, mine, found.name, None, was_quiet=_was_quiet(pace, passed, now), now=now)
        if not only_critical:
            transaction.alerting.tellings.forget_passed(channel_id)
        if fires:
            transaction.alerting.settings.save_pace(channel_id, quiet.sent(pace, now))
        elif said:
            overs[channel_id] = now
        later.append(now + _LOOK_AGAIN)
    return min(later, default=None)


def _gathered(transaction: Transaction, channel_id: int, _: datetime, *, only_critical: bool) -> Iterable[Waiting]:
    """What fires in one message, then what is over: each in the group in which it was told, where those are few."""
    tellings = transaction.alerting.tellings
    fires = tellings.gathered(Which(channel_id=channel_id, only_critical=only_critical), NAMED)
    over = Which(channel_id=channel_id, is_over=True, only_critical=only_critical)
    groups = tellings.finished(over, _FEW + 1)
    parts = [replace(over, about=group) for group in groups] if len(groups) <= _FEW else []
    whole = [tellings.gathered(part, NAMED) for part in parts]
    rest = replace(over, but=tuple(groups)) if parts else over
    return [each for each in (fires, *whole, tellings.gathered(rest, NAMED)) if each is not None]


def _one_by_one(transaction: Transaction, channel_id: int, now: datetime, *, only_critical: bool) -> Iterator[Waiting]:
    """What fires, the worst of it each by itself and the rest in one message; then each of those of which all is over.

    Each is to be posted before the next one is asked for.
    """
    tellings = transaction.alerting.tellings
    which = Which(channel_id=channel_id, only_critical=only_critical)
    fires = tellings.gathered(which, NAMED)
    for each in () if fires is None else fires.worst:
        alone = replace(which, alert_id=each.alert.id)
        yield Waiting(which=alone, total=1, worst=(each,), upto=0 if fires is None else fires.upto)
    rest = tellings.gathered(which, NAMED)
    if rest is not None:
        yield rest
    over = replace(which, is_over=True)
    groups = tellings.finished(over, _MANY)
    whole = [tellings.gathered(replace(over, about=group), NAMED) for group in groups]
    yield from (each for each in whole if each is not None)
    waits = tellings.gathered(over, NAMED) if len(groups) < _MANY else None
    if waits is not None:
        # Others of their message still fire: its last one ends it.
        tellings.told(waits, about="", name="", now=now)


def _passed(transaction: Transaction, channel_id: int) -> Waiting | None:
    """What began and was over before the channel was told, while it gathers or is quiet."""
    return transaction.alerting.tellings.gathered(Which(channel_id=channel_id, has_passed=True), NAMED)


def _post(
    transaction: Transaction,
    what: Waiting,
    place: Place,
    name: str,
    passed: Waiting | None,
    *,
    was_quiet: bool,
    now: datetime,
) -> None:
    channel_id = what.which.channel_id
    worst = what.worst
    if what.total == 1:
        # Only a message about one has links that act.
        worst = tuple(replace(each, has_fixes=_has_fixes(transaction, each, now)) for each in worst)
    message = wording.said(
        worst,
        total=what.total,
        place=place,
        channel_id=channel_id,
        now=now,
        about=what.which.about or "",
        was_quiet=was_quiet,
        passed=NOTHING_PASSED if passed is None else Passed(total=passed.total, worst=passed.worst),
    )
    transaction.outbox.post(channel_id, message, now)
    if passed is not None:
        # Before the others are told: afterwards it is not known any more of which of these nothing else was to be said.
        transaction.alerting.tellings.told(passed, about=message.group, name=name, now=now)
    transaction.alerting.tellings.told(what, about=message.group, name=name, now=now)


def _has_fixes(transaction: Transaction, telling: Told, now: datetime) -> bool:
    """Whether a fix waits for people to run it, or a policy will propose one: that may come after the message."""
    alert, fixing = telling.alert, transaction.fixing
    if alert.incident_id is None or alert.service_id is None:
        return False
    waiting = fixing.standing(states=UNDECIDED, project_id=alert.project_id)
    if any(each.incident_id == alert.incident_id for each in waiting):
        return True
    known = {name for _, name in fixing.fixers([alert.service_id])}
    return any(
        each.id == alert.incident_id
        for _, policy in fixing.policies(alert.project_id)
        if policy.is_active
        and policy.mode is not Mode.AUTOMATIC
        and policy.fixer in known
        and (not policy.environments or telling.environment in policy.environments)
        for each in fixing.matching(policy, alert.project_id, policy.since or now, now)
    )


def _passes(pace: Pace, now: datetime, *, is_critical: bool) -> bool:
    """Whether it is quiet, and only what is critical is told."""
    return is_critical and pace.quiet is not None and quiet.quiet_until(pace.quiet, now) is not None


def _was_quiet(pace: Pace, what: Waiting, now: datetime) -> bool:
    """Whether the first of them waited for the end of quiet hours."""
    since = min(each.at for each in what.worst)
    return quiet.quiet_until(pace.quiet, now) is None and quiet.quiet_until(pace.quiet, since) is not None
