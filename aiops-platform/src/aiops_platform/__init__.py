"""The platform that `aiops_sdk` reports to: events become incidents that people can work with."""

__version__ = "0.1.0"
