"""The one base of every error that this distribution raises on purpose."""


class PlatformError(Exception):
    """Its message says what happened, to which thing, and what to do."""
