"""Fixes, policies and what services offer as rows, and back."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import RowMapping

from aiops_platform.core.fixing import exercise
from aiops_platform.core.fixing import fixer as fixers
from aiops_platform.core.fixing import policy as policies
from aiops_platform.core.fixing.fix import Fix, FixState, Proof, Way
from aiops_platform.core.fixing.fixer import Fixer
from aiops_platform.core.fixing.policy import FixPolicy
from aiops_platform.core.people import PLATFORM, actor_from

FIELDS: Final = tuple(each.name for each in fields(Fix))


def fix_of(row: RowMapping) -> Fix:
    """The fix that a row holds."""
    told = {name: row[name] for name in FIELDS}
    told |= {"state": FixState(row["state"]), "asked_by": actor_from(row["asked_by"]) or PLATFORM}
    told["decided_by"] = actor_from(row["decided_by"])
    told["way"] = None if row["way"] is None else Way(row["way"])
    told["proof"] = None if row["proof"] is None else Proof(row["proof"])
    told["exercise"] = None if row["exercise"] is None else exercise.from_data(row["exercise"])
    return Fix(**told)


def row_of(fix: Fix) -> dict[str, Any]:
    """Its row."""
    told: dict[str, Any] = {name: getattr(fix, name) for name in FIELDS}
    told |= {"params": dict(fix.params), "result": dict(fix.result), "asked_by": fix.asked_by.as_data()}
    told["decided_by"] = None if fix.decided_by is None else fix.decided_by.as_data()
    told["exercise"] = None if fix.exercise is None else exercise.as_data(fix.exercise)
    return told


def policy_of(row: Mapping[Any, Any]) -> FixPolicy:
    """The policy that a row holds."""
    columns = ("id", "name", "enabled", "since", "paused_at", "paused_why")
    return policies.from_data(row["policy"], **{name: row[name] for name in columns})


def fixer_of(row: Mapping[Any, Any]) -> Fixer:
    """The fixer that a row holds."""
    return Fixer(
        name=row["name"],
        description=row["description"],
        params=fixers.params_of(row["params"]),
        each_instance=row["each_instance"],
        timeout=row["timeout"],
        release=row["release"],
    )


def row_of_fixer(fixer: Fixer) -> dict[str, Any]:
    """Its row, without when it was seen."""
    return {
        "name": fixer.name,
        "description": fixer.description,
        "params": fixers.as_data(fixer),
        "each_instance": fixer.each_instance,
        "timeout": fixer.timeout,
        "release": fixer.release,
    }
