"""`aiops fixes policies …`: which incidents are answered with which fixer; here, or with `--url` on a platform elsewhere."""

import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, Final, Protocol

import msgspec

from aiops_platform import assembly
from aiops_platform.api.fix_shapes import FixPolicyResource, fixer_list, policy_list, policy_resource
from aiops_platform.cli.elsewhere import found as found_there
from aiops_platform.cli.elsewhere import is_there, place_of
from aiops_platform.cli.table import print_table
from aiops_platform.client import Client
from aiops_platform.core import muting
from aiops_platform.core.errors import PlatformError
from aiops_platform.core.fixing import policy as policies
from aiops_platform.core.fixing.errors import FixError
from aiops_platform.core.fixing.policy import FixPolicy, Mode
from aiops_platform.core.people import COMMAND_LINE
from aiops_platform.pipeline.fixing import FixDesk
from aiops_platform.process.clock import utc_now
from aiops_platform.settings import Settings
from aiops_platform.web import fix_words, words
from aiops_platform.web.cut import shortened

_HEAD: Final = ("NUMBER", "NAME", "STANDS", "MODE", "FIXER", "PARAMETERS", "INCIDENTS")
#: What the API takes of a policy; the rest of what it gives is how it stands.
_SAID: Final = frozenset(
    {
        *("name", "match", "fixer", "mode", "params", "environments", "cool_down_seconds", "per_hour", "per_day"),
        *("at_once", "stop_after_failure", "watch_seconds", "resolve", "enabled"),
    }
)
_SPANS: Final = ("cool_down", "watch")
_SWITCHES: Final = ("stop_after_failure", "resolve", "enabled")
_PLAIN: Final = ("name", "match", "fixer", "per_hour", "per_day", "at_once")


class UnknownFixPolicyError(PlatformError):
    """There is no such policy."""


def show_all(settings: Settings, given: Namespace) -> int:
    """Prints the policies."""
    with _place_of(settings, given) as place:
        found = place.policies()
    if given.json:
        for each in found:
            print(msgspec.json.encode(each).decode())
        return 0
    if not found:
        print("There is no policy: nothing is suggested, and nothing runs by itself.", file=sys.stderr)
        return 0
    print_table(_HEAD, [_row(each) for each in found])
    for warning in sorted({each.warning for each in found if each.warning and each.enabled}):
        print(warning, file=sys.stderr)
    return 0


def show(settings: Settings, given: Namespace) -> int:
    """Prints one. Raises UnknownFixPolicyError."""
    with _place_of(settings, given) as place:
        found = _meant(place, given.number)
    if given.json:
        print(msgspec.json.encode(found).decode())
        return 0
    policy = _kept(found)
    print(f"Policy {found.id}: {found.name}, {_stands(found)}")
    if found.paused_at is not None:
        print(f"Paused at {words.exactly(found.paused_at)}: {found.paused_why}")
    print(f"It {fix_words.mode(policy.mode)} {found.fixer} for {found.match}")
    for name, value in fix_words.params(policy.params):
        print(f"  {name} = {shortened(value, 200)}")
    for rail in fix_words.rails(policy):
        print(f"  {rail}")
    if found.warning and found.enabled:
        print(found.warning, file=sys.stderr)
    return 0


def make(settings: Settings, given: Namespace) -> int:
    """Makes a policy; prints its number alone. Raises FixError."""
    with _place_of(settings, given) as place:
        saved = place.save(_said(FixPolicy(name="", match="", fixer=""), given, place))
    if saved is not None:
        print(saved.id)
        _warn(saved)
    return 0


def change(settings: Settings, given: Namespace) -> int:
    """Changes a policy, and ends its pause; what is not said stays. Raises FixError and UnknownFixPolicyError."""
    with _place_of(settings, given) as place:
        saved = _save(place, _said(_kept(_meant(place, given.number)), given, place))
    print(f"Policy {saved.id} is changed, and {_stands(saved)}.")
    _warn(saved)
    return 0


def pause(settings: Settings, given: Namespace) -> int:
    """It does nothing until somebody resumes it; what waits is cancelled. Raises UnknownFixPolicyError."""
    with _place_of(settings, given) as place:
        found = _meant(place, given.number)
        if found.enabled:
            _save(place, replace(_kept(found), enabled=False))
    print(f"Policy {given.number} is off: what it had asked for and was not sent is cancelled.")
    return 0


def resume(settings: Settings, given: Namespace) -> int:
    """Ends its pause after a failure, or switches it on again. Raises FixError and UnknownFixPolicyError."""
    with _place_of(settings, given) as place:
        found = _meant(place, given.number)
        after = place.resume(given.number) if found.enabled else place.save(replace(_kept(found), enabled=True))
    if after is None:
        raise _unknown(given.number)
    print(f"Policy {after.id} is on: it answers what comes from now on.")
    _warn(after)
    return 0


def delete(settings: Settings, given: Namespace) -> int:
    """Takes a policy away. Raises UnknownFixPolicyError."""
    with _place_of(settings, given) as place:
        if not place.drop(given.number):
            raise _unknown(given.number)
    print(f"Policy {given.number} is deleted.")
    return 0


class _Place(Protocol):
    """All may raise PlatformErrors; None is what is not there."""

    def policies(self) -> Sequence[FixPolicyResource]: ...
    def kinds(self, fixer: str) -> Mapping[str, str]: ...
    def save(self, policy: FixPolicy) -> FixPolicyResource | None: ...
    def resume(self, number: int) -> FixPolicyResource | None: ...
    def drop(self, number: int) -> bool: ...


def _place_of(settings: Settings, given: Namespace) -> AbstractContextManager[_Place]:
    def here(platform: assembly.Opened) -> _Place:
        return _Here(platform.project_id, assembly.fix_desk(settings, platform.database))

    return place_of(settings, given, here=here, elsewhere=_Elsewhere)


class _Here:
    def __init__(self, project_id: int, desk: FixDesk) -> None:
        self._project = project_id
        self._desk = desk

    def policies(self) -> Sequence[FixPolicyResource]:
        reads = self._desk.reads
        return policy_list(reads.policies(self._project), reads.offered(self._project, utc_now())).items

    def kinds(self, fixer: str) -> Mapping[str, str]:
        offered = fixer_list(self._desk.reads.offered(self._project, utc_now()), ()).items
        return _kinds([each.params for each in offered if each.name == fixer])

    def save(self, policy: FixPolicy) -> FixPolicyResource | None:
        number = self._desk.save_policy(self._project, policy, COMMAND_LINE, utc_now())
        return self._one(number)

    def resume(self, number: int) -> FixPolicyResource | None:
        return self._one(number) if self._desk.resume_policy(self._project, number, COMMAND_LINE, utc_now()) else None

    def drop(self, number: int) -> bool:
        return self._desk.drop_policy(self._project, number, COMMAND_LINE, utc_now())

    def _one(self, number: int | None) -> FixPolicyResource | None:
        return next((each for each in self.policies() if each.id == number), None)


class _Elsewhere:
    def __init__(self, client: Client) -> None:
        self._fixes = client.fixes

    def policies(self) -> Sequence[FixPolicyResource]:
        return self._fixes.policies()

    def kinds(self, fixer: str) -> Mapping[str, str]:
        return _kinds([each.params for each in self._fixes.offered() if each.name == fixer])

    def save(self, policy: FixPolicy) -> FixPolicyResource | None:
        said = msgspec.to_builtins(policy_resource(policy, ()))
        body = {name: value for name, value in said.items() if name in _SAID}
        if policy.id is None:
            return self._fixes.add_policy(body)
        number = policy.id
        return found_there(lambda: self._fixes.change_policy(number, body))

    def resume(self, number: int) -> FixPolicyResource | None:
        return found_there(lambda: self._fixes.resume_policy(number))

    def drop(self, number: int) -> bool:
        return is_there(lambda: self._fixes.drop_policy(number))


def _said(policy: FixPolicy, given: Namespace, place: _Place) -> FixPolicy:
    """The policy with what was typed in its place. Raises FixError."""
    typed = {name: getattr(given, name) for name in (*_PLAIN, *_SPANS, *_SWITCHES) if getattr(given, name) is not None}
    typed |= {name: _seconds(name, typed[name]) for name in _SPANS if name in typed}
    typed |= {name: typed[name] == "yes" for name in _SWITCHES if name in typed}
    if given.mode is not None:
        typed["mode"] = Mode(given.mode)
    if given.environment:
        typed["environments"] = tuple(each for each in given.environment if each)
    said = replace(policy, **typed)
    kinds = place.kinds(said.fixer) if given.param else {}
    params = dict(said.params)
    for text in given.param:
        name, equals, value = text.partition("=")
        if not equals:
            raise FixError("params", f"Say each parameter as NAME=VALUE: '{shortened(text, 60)}' is none")
        params[name] = policies.param_typed(value, is_text=kinds.get(name) == "string")
    return policies.checked(replace(said, params={name: value for name, value in params.items() if value != ""}))


def _kept(said: FixPolicyResource) -> FixPolicy:
    """The policy that the API tells."""
    plain: dict[str, Any] = {name: getattr(said, name) for name in (*_PLAIN, *_SWITCHES, "paused_at", "paused_why")}
    read = policies.param_from
    return FixPolicy(
        id=said.id,
        mode=Mode(said.mode),
        params={name: read(value) if isinstance(value, str) else value for name, value in said.params.items()},
        environments=tuple(said.environments),
        cool_down=said.cool_down_seconds,
        watch=said.watch_seconds,
        **plain,
    )


def _seconds(name: str, text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    try:
        return int(muting.span_of(text).total_seconds())
    except muting.MuteError as wrong:
        raise FixError(name, f"--{name.replace('_', '-')}: {wrong}") from wrong


def _kinds(fixers: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
    return {name: param["type"] for params in fixers for name, param in params.items()}


def _meant(place: _Place, number: int) -> FixPolicyResource:
    found = next((each for each in place.policies() if each.id == number), None)
    if found is None:
        raise _unknown(number)
    return found


def _save(place: _Place, policy: FixPolicy) -> FixPolicyResource:
    saved = place.save(policy)
    if saved is None:
        raise _unknown(policy.id or 0)
    return saved


def _unknown(number: int) -> UnknownFixPolicyError:
    return UnknownFixPolicyError(f"There is no policy {number}: `aiops fixes policies list` shows those there are")


def _warn(policy: FixPolicyResource) -> None:
    if policy.warning and policy.enabled:
        print(policy.warning, file=sys.stderr)


def _stands(policy: FixPolicyResource) -> str:
    return "off" if not policy.enabled else "paused" if policy.paused_at is not None else "on"


def _row(policy: FixPolicyResource) -> Sequence[str]:
    params = ", ".join(f"{name}: {value}" for name, value in fix_words.params(_kept(policy).params))
    return (
        str(policy.id),
        shortened(policy.name, 40),
        _stands(policy),
        policy.mode,
        policy.fixer,
        shortened(params, 60) or "-",
        shortened(policy.match, 60),
    )
