"""Secrets are taken out before anything is kept: by name, by shape, and by what a project said itself. ADR 34.

The same rules as the SDK's (ADR 25), for what did not come from it, or comes to a project with rules of its own.
"""

from aiops_platform.core.scrubbing.rules import NO_RULES, Rules, WrongRuleError
from aiops_platform.core.scrubbing.scrubber import Scrubber, scrubbed_at_home

__all__ = ["NO_RULES", "Rules", "Scrubber", "WrongRuleError", "scrubbed_at_home"]
