"""`aiops escalation …`: who is told next while nobody acknowledges, and which rules tell by that."""

import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from aiops_platform import assembly
from aiops_platform.cli.started import check_started
from aiops_platform.cli.table import print_table
from aiops_platform.core.alerting.errors import AlertingError
from aiops_platform.core.alerting.policy import Policy, Step
from aiops_platform.core.alerting.rules import Rule, To
from aiops_platform.core.errors import PlatformError
from aiops_platform.pipeline.alerting import AlertDesk
from aiops_platform.process.clock import utc_now
from aiops_platform.settings import Settings

_HEAD = ("NUMBER", "NAME", "STEPS", "RULES")
_ALL = "all"
_ROTA = "rota:"


class WrongEscalationError(PlatformError):
    """There is no such thing, or it cannot be said like this."""


@dataclass(frozen=True)
class _Place:
    """A project's settings of alerts, with the names that people call things by."""

    desk: AlertDesk
    project_id: int
    channels: Mapping[int, str]
    rotas: Mapping[int, str]
    policies: Mapping[int, Policy]


def show_all(settings: Settings, given: Namespace) -> int:
    """Prints the policies, their steps, and the rules that tell by them."""
    with _opened(settings, given) as place:
        rules = place.desk.rules(place.project_id, utc_now())
        rows = [
            (
                str(number),
                each.name,
                "; ".join(_said(step, place) for step in each.steps),
                ", ".join(rule.name for rule in rules if rule.to.policy == number),
            )
            for number, each in place.policies.items()
        ]
    if rows:
        print_table(_HEAD, rows)
    else:
        print("There are no steps: rules tell channels, or who is on call, themselves.", file=sys.stderr)
    return 0


def put(settings: Settings, given: Namespace) -> int:
    """Adds steps under a name, or puts them in the place of those there are; prints their number alone.

    Raises AlertingError and WrongEscalationError.
    """
    with _opened(settings, given) as place:
        known = {each.name: number for number, each in place.policies.items()}
        steps = tuple(_step(text, place) for text in given.steps)
        number = place.desk.save_policy(
            place.project_id, Policy(id=known.get(given.name), name=given.name, steps=steps)
        )
    print(number)
    return 0


def delete(settings: Settings, given: Namespace) -> int:
    """Takes steps away. Raises WrongEscalationError."""
    with _opened(settings, given) as place:
        policy = _policy(given.policy, place)
        place.desk.drop_policy(place.project_id, policy.id or 0)
    print(f"'{policy.name}' is deleted. Rules that named it tell all channels.")
    return 0


def use(settings: Settings, given: Namespace) -> int:
    """Has a rule tell by these steps, or all channels again. Raises AlertingError and WrongEscalationError."""
    with _opened(settings, given) as place:
        rule = _rule(given.rule, place.desk.rules(place.project_id, utc_now()))
        to = To() if given.policy is None else To(policy=_policy(given.policy, place).id)
        place.desk.save_rule(place.project_id, replace(rule, to=to), utc_now())
    print(f"'{rule.name}' tells {'all channels' if given.policy is None else 'by these steps'}.")
    return 0


@contextmanager
def _opened(settings: Settings, _given: Namespace) -> Iterator[_Place]:
    check_started(settings)
    with assembly.opened(settings) as platform:
        desk, project = assembly.alert_desk(settings, platform.database), platform.project_id
        channels = assembly.channel_desk(settings, platform).all(project)
        yield _Place(
            desk,
            project,
            {each.id: each.name for each in channels},
            {number: each.name for number, each in desk.rotas(project).items()},
            desk.policies(project),
        )


def _step(text: str, place: _Place) -> Step:
    minutes, equals, who = text.partition("=")
    if not equals or not (minutes.isascii() and minutes.isdigit() and len(minutes) < 6):
        raise AlertingError(
            "steps", f"'{text}' is no step: say MINUTES=WHO, such as 0=all, 10='#ops' or 30=rota:Nights"
        )
    return Step(after=timedelta(minutes=int(minutes)), to=_to(who, place))


def _to(who: str, place: _Place) -> To:
    if who == _ALL:
        return To()
    if who.startswith(_ROTA):
        return To(rota=_number(who.removeprefix(_ROTA), place.rotas, "rota", "aiops rotas list"))
    return To(channels=(_number(who, place.channels, "channel", "aiops channels list"),))


def _said(step: Step, place: _Place) -> str:
    minutes, to = step.after // timedelta(minutes=1), step.to
    if to.rota is not None:
        return f"{minutes}={_ROTA}{place.rotas.get(to.rota, to.rota)}"
    return f"{minutes}={', '.join(place.channels.get(each, str(each)) for each in to.channels) or _ALL}"


def _number(said: str, known: Mapping[int, str], what: str, where: str) -> int:
    for number, name in known.items():
        if said in (str(number), name):
            return number
    raise WrongEscalationError(f"There is no {what} '{said}': `{where}` shows those there are")


def _policy(said: str, place: _Place) -> Policy:
    names = {number: each.name for number, each in place.policies.items()}
    return place.policies[_number(said, names, "escalation", "aiops escalation list")]


def _rule(said: str, rules: Sequence[Rule]) -> Rule:
    for each in rules:
        if said in (str(each.id), each.name):
            return each
    there_are = ", ".join(f"'{each.name}'" for each in rules)
    raise WrongEscalationError(f"There is no rule '{said[:100]}': there are {there_are}")
