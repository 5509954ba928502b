"""What a project says itself about which of its events are one problem: "match on fields -> key", the first that fits."""

from aiops_platform.core.group_rules.notation import Problem, Reading, read
from aiops_platform.core.group_rules.rehearsal import Rehearsal, Tried, rehearse
from aiops_platform.core.group_rules.rules import NO_RULES, Rule, Rules

__all__ = ["NO_RULES", "Problem", "Reading", "Rehearsal", "Rule", "Rules", "Tried", "read", "rehearse"]
