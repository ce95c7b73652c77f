"""Fixtures for all tests."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.emulator.fixtures"]

# A busy machine may take long for an example; speed is measured by benchmarks.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
