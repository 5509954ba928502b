"""Fixes: what services offer to do, what is asked of them, by which policies, and whether that has mended anything. Pure."""
