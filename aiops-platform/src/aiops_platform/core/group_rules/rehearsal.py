"""What rules would have done with events that are stored: to be looked at before the rules are set."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from aiops_platform.core.event import Event
from aiops_platform.core.group_rules.rules import Rule, Rules

_MOST_EXAMPLES = 3


@dataclass(frozen=True, kw_only=True)
class Tried:
    """Of a rule: how many events it would match, in how many incidents they are, and of how many they would be.

    `examples` are some of the incidents, by their numbers.
    """

    rule: Rule
    events: int
    incidents: int
    becoming: int
    examples: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """Of so many events that were `looked` at, what each rule would have done; an event counts for the first that fits."""

    looked: int
    tried: tuple[Tried, ...]


@dataclass(eq=False)
class _Tally:
    events: int = 0
    incidents: dict[int, None] = field(default_factory=dict)
    keys: set[tuple[str, str, bytes]] = field(default_factory=set)


def rehearse(rules: Rules, events: Iterable[tuple[int, Event]]) -> Rehearsal:
    """Events come with the number of the incident in which they are."""
    tallies = {rule.line: _Tally() for rule in rules.rules}
    looked = 0
    for incident_id, event in events:
        looked += 1
        rule = rules.rule_for(event)
        if rule is None:
            continue
        tally = tallies[rule.line]
        tally.events += 1
        tally.incidents[incident_id] = None
        tally.keys.add((event.service, event.environment, rule.key_for(event).hash))
    return Rehearsal(looked=looked, tried=tuple(_told(rule, tallies[rule.line]) for rule in rules.rules))


def _told(rule: Rule, tally: _Tally) -> Tried:
    return Tried(
        rule=rule,
        events=tally.events,
        incidents=len(tally.incidents),
        becoming=len(tally.keys),
        examples=tuple(tally.incidents)[:_MOST_EXAMPLES],
    )
