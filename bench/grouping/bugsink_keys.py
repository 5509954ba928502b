"""Bugsink's own grouping over events of Sentry's form: JSON lines in, one key a line out. Runs where Bugsink is installed."""

import json
import sys

from django.conf import settings
from issues.grouping_mechanisms import CURRENT_GROUPING_MECHANISM
from issues.utils import get_key_with_mechanism_for_data


def main() -> None:
    """The key that Bugsink gives each event, with the mechanism that new projects have."""
    settings.configure(USE_I18N=False)
    for line in sys.stdin:
        found = get_key_with_mechanism_for_data(json.loads(line), CURRENT_GROUPING_MECHANISM)
        sys.stdout.write(json.dumps(found.key) + "\n")
    sys.stderr.write(CURRENT_GROUPING_MECHANISM)


if __name__ == "__main__":
    main()
