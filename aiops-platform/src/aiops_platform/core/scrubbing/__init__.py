"""Secrets are taken out before anything is kept: by name, by shape, and by what a project said itself. ADR 34, ADR 38.

The same rules as the SDK's (ADR 25), for what did not come from it, or comes to a project with rules of its own. Both are
held to one table of cases (`wire/scrubbing.jsonl`).
"""

from aiops_platform.core.scrubbing.rules import NO_RULES, Rules, WrongRuleError
from aiops_platform.core.scrubbing.scrubber import Scrubber

__all__ = ["NO_RULES", "Rules", "Scrubber", "WrongRuleError"]
