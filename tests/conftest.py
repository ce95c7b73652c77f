"""Fixtures for all tests."""

import signal

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.emulator.fixtures"]

# A busy machine may take long for an example; speed is measured by benchmarks.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# Children inherit what is ignored, such as SIGHUP under nohup; a program that ignores it does not reload.
for number in (signal.SIGHUP, signal.SIGINT):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL if number == signal.SIGHUP else signal.default_int_handler)
