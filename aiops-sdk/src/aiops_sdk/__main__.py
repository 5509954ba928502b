"""``python -m aiops_sdk`` is the command ``aiops-sdk``."""

from __future__ import annotations

import sys

from aiops_sdk.cli import main

if __name__ == "__main__":
    sys.exit(main())
