"""`python -m aiops_platform.cli`: how the supervisor starts the parts."""

import sys

from aiops_platform.cli import main

sys.exit(main())
