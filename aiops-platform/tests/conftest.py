"""What holds for all tests of the platform."""

from hypothesis import HealthCheck, settings

# A machine that is busy with something else takes its time: what is tried is what comes of it, not when.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
