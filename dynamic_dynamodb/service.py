"""Run checks: once, or from start to start until told to stop, by a configuration that may be read again."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.announcements import Announcer
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.logs import set_up_logging
from dynamic_dynamodb.wiring import build_loop, open_counts

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamic_dynamodb.circumstances import Circumstances
    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.loop import Loop
    from dynamic_dynamodb.signals import Wishes
    from dynamic_dynamodb.state import CountStore

LOGGER: Final = logging.getLogger("dynamic-dynamodb")


@dataclass(slots=True)
class Service:
    """A loop in force, and what lasts from one configuration to the next.

    `before_check` is called before each check: a daemon shows there that it is alive.
    """

    circumstances: Circumstances
    wishes: Wishes
    before_check: Callable[[], None] | None = None
    announcer: Announcer = field(default_factory=Announcer)

    def run(self, configuration: Configuration, on_ready: Callable[[], None] | None = None) -> bool:
        """Run until told to stop, or once; tell whether all went well.

        `on_ready` is called when the first check begins. Raises ConfigurationError if it cannot begin.
        """
        self._set_up_logging(configuration)
        counts: CountStore | None = None
        while True:
            options = configuration.global_options
            for warning in configuration.warnings:
                LOGGER.warning("%s", warning)
            counts = open_counts(
                options, self.circumstances.environment, self.circumstances.directory, counts
            )
            with build_loop(configuration, counts, self.wishes.is_stopping) as loop:
                if on_ready is not None:
                    on_ready()
                    on_ready = None
                if options["run_once"]:
                    return self._check(loop)
                successor = self._run_until_stopped(configuration, loop)
            if successor is None:
                LOGGER.info("stopped")
                return True
            configuration = successor

    def _run_until_stopped(self, configuration: Configuration, loop: Loop) -> Configuration | None:
        """Check until told to stop, or until there is a new configuration: that is the answer then."""
        interval = configuration.global_options["check_interval"]
        while not self.wishes.is_stopping():
            started = time.monotonic()
            self._check_and_go_on(loop)
            taken = time.monotonic() - started
            slow = f"a check took longer than check-interval {interval} s" if taken > interval else ""
            self.announcer.say("slow", slow)
            while not self.wishes.is_stopping():
                successor = self._reload(configuration) if self.wishes.take_reload() else None
                if successor is not None:
                    return successor
                left = started + interval - time.monotonic()
                if left <= 0:
                    break
                self.wishes.wait(left)
        return None

    def _reload(self, old: Configuration) -> Configuration | None:
        """Read the configuration again and open the logs anew; give None if it cannot be used."""
        try:
            configuration = self.circumstances.load()
            self._set_up_logging(configuration)
        except ConfigurationError as error:
            with suppress(ConfigurationError):  # then the log stays as it is
                self._set_up_logging(old)
            for fault in error.faults:
                LOGGER.error("the configuration was not read again: %s", fault)  # noqa: TRY400 - a sentence
            return None
        LOGGER.info("the configuration was read again")
        return configuration

    def _set_up_logging(self, configuration: Configuration) -> None:
        set_up_logging(
            configuration.logging_options,
            is_dry_run=configuration.global_options["dry_run"],
            directory=self.circumstances.directory,
        )

    def _check_and_go_on(self, loop: Loop) -> None:
        try:
            self._check(loop)
        except Exception as error:
            # Whatever went wrong, the next check may go well, and silence would cost more.
            said = f"the check failed: {type(error).__name__}: {error}"
            self.announcer.say("error", said, level=logging.ERROR)
            LOGGER.debug("the error of this check", exc_info=True)
        else:
            self.announcer.say("error", "")

    def _check(self, loop: Loop) -> bool:
        if self.before_check is not None:
            self.before_check()
        started = time.monotonic()
        report = loop.check(datetime.now(timezone.utc))
        LOGGER.info("%s, in %.1f s", report, time.monotonic() - started)
        return report.failures == 0
