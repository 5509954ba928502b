"""Alerts: which of what becomes true is told to whom, when, how often, and when it is over. Pure; stations write it."""
