"""Python imports this at its start, where ``aiops-sdk run`` put this folder on its path: attach, and be as if not there.

Any Python may come along here, also one that the SDK is not made for: this file says nothing that an old one cannot read.
"""

import os
import sys

_here = os.path.dirname(os.path.abspath(__file__))
_this = sys.modules.pop("sitecustomize", None)
sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != _here]

try:
    # The one that would have been imported without us. What it raises, Python tells as ever.
    import sitecustomize  # type: ignore[import-not-found, unused-ignore]  # noqa: F401 - few systems have one
except ImportError as _error:
    if getattr(_error, "name", "sitecustomize") != "sitecustomize":
        raise
    sys.modules["sitecustomize"] = _this  # type: ignore[assignment]  # there is one: it is being imported
finally:
    if sys.version_info >= (3, 8):  # noqa: UP036 - an older one may be started, too
        # This Python may have an environment of its own. The SDK needs nothing from where it lies: no more is taken from there.
        _path = sys.path[:]
        sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(_here))))
        try:
            from aiops_sdk import attaching
        except ImportError:
            attaching = None  # type: ignore[assignment]  # an older SDK comes first on the path
            sys.stderr.write("aiops-sdk: Python finds an older aiops-sdk first. The program runs without it.\n")
            sys.stderr.flush()
        sys.path[:] = _path
        if attaching is not None:
            attaching.attach()
