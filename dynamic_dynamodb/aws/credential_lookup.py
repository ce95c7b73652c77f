"""Look up AWS credentials where botocore looks, in a thread that a check need not wait for."""

from __future__ import annotations

import os
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from botocore.config import Config
from botocore.credentials import (
    AssumeRoleProvider,
    CanonicalNameCredentialSourcer,
    ProcessProvider,
    ProfileProviderBuilder,
    create_credential_resolver,
)

from dynamic_dynamodb.aws.botocore_setup import open_session
from dynamic_dynamodb.aws.credential_process import CredentialProcess, PlainError
from dynamic_dynamodb.aws.deadlines import bounded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dynamic_dynamodb.check.resilience import Timeouts

_POLL_SECONDS: Final = 0.05
_GRACE_SECONDS: Final = 0.5
"""Time for a process that is killed at the deadline to report that."""
_ATTEMPTS: Final = 2
_HOPELESS_FACTOR: Final = 10
"""A look-up that has taken this many times its limit is given up for good."""
_SECRET_SETTINGS: Final = ("aws_secret_access_key", "aws_session_token", "aws_security_token")
_SOURCES_OF_ROLES: Final = ("Environment", "EcsContainer", "Ec2InstanceMetadata")
"""The values of credential_source in a profile."""
PLACES: Final = {
    "env": "the environment",
    "assume-role": "the profile's role_arn",
    "assume-role-with-web-identity": "the web identity token",
    "sso": "the profile's SSO session",
    "shared-credentials-file": "the credentials file",
    "login": "the profile's login session",
    "custom-process": "the profile's credential_process",
    "config-file": "the config file",
    "container-role": "the container's credentials endpoint",
    "iam-role": "the instance metadata service",
}
"""Where botocore looks, by its own names."""


class Lookup:
    """One look-up of credentials in a thread of its own, running or done.

    `place` is where it looks now. When `is_done`, `found` is botocore's credentials object with its frozen
    credentials, or None if there are none; or `error` is the exception. `secrets` are those that the text of
    `error` may contain. `is_abandoned` means that a check has waited for it in vain.
    """

    def __init__(self, place: str, seconds: float) -> None:
        """Allow this many seconds; `start` starts it."""
        self.place = place
        self.seconds = seconds
        self.found: tuple[Any, Any] | None = None
        self.error: Exception | None = None
        self.secrets: list[str] = []
        self.is_abandoned = False
        self._deadline = time.monotonic() + seconds
        self._done = threading.Event()

    def start(self) -> None:
        """Start the thread."""
        try:
            threading.Thread(target=self._run, name="credentials", daemon=True).start()
        except RuntimeError:
            self._run()  # the system allows no more threads; each wait is still bounded

    @property
    def is_done(self) -> bool:
        """Return whether it has ended."""
        return self._done.is_set()

    @property
    def is_late(self) -> bool:
        """Return whether it has taken longer than its time limit."""
        return time.monotonic() >= self._deadline + _GRACE_SECONDS

    @property
    def is_hopeless(self) -> bool:
        """Return whether it has hung for so long that another one may start."""
        return time.monotonic() >= self._deadline + _HOPELESS_FACTOR * self.seconds

    def wait(self, is_stopping: Callable[[], bool]) -> bool:
        """Wait for its end, at most for the time limit; abandon it and return False otherwise."""
        deadline = time.monotonic() + self.seconds + _GRACE_SECONDS
        try:
            while not self._done.wait(_POLL_SECONDS):
                if is_stopping() or time.monotonic() >= deadline:
                    break
        finally:
            if not self.is_done:
                self.is_abandoned = True
                self.abandon()
        return self.is_done

    def abandon(self) -> None:
        """End what a look-up would leave behind."""

    def find(self) -> tuple[Any, Any] | None:
        """Return what `found` is to be; raise any exception."""
        raise NotImplementedError

    def _run(self) -> None:
        try:
            with bounded(self.seconds):
                self.found = self.find()
        except Exception as error:  # noqa: BLE001 - whatever providers raise is the result
            self.error = error
        finally:
            self._done.set()


class CredentialLookup(Lookup):
    """A look-up where botocore looks; `secrets` are all secrets in the profiles."""

    def __init__(self, region: str, timeouts: Timeouts, profile: str | None) -> None:
        """Start the look-up in a profile; None means that of the environment, or the default one."""
        super().__init__("AWS's configuration files", timeouts.credentials)
        self._region = region
        self._profile = profile
        self._timeouts = timeouts
        self._processes: list[CredentialProcess] = []
        self._starting = threading.Lock()
        self.start()

    def find(self) -> tuple[Any, Any] | None:
        """Return the credentials of the first of botocore's providers that has some."""
        session = open_session(self._profile)
        # botocore's own clients, for credentials from STS, would wait for minutes.
        limits = Config(
            connect_timeout=self._timeouts.connect,
            read_timeout=self._timeouts.read,
            retries={"total_max_attempts": _ATTEMPTS, "mode": "standard"},
        )
        session.set_default_client_config(limits)
        self.secrets += _list_secrets(session)
        for provider in _list_providers(session, self._region, self._start_process):
            self.place = PLACES.get(provider.METHOD, provider.METHOD)
            credentials = provider.load()
            if credentials is not None:
                return credentials, credentials.get_frozen_credentials()
        return None

    def _start_process(self, arguments: Sequence[str], **_: object) -> CredentialProcess:
        if not arguments:
            raise PlainError("it names no command")
        program, *assigned = arguments[0].split("=", 1)  # a shell would read it as a variable
        self.secrets += assigned
        self.place = f"credential_process {program}"
        with self._starting:
            process = CredentialProcess(arguments, deadline=self._deadline)
            self._processes.append(process)
        return process

    def abandon(self) -> None:
        """Kill its processes."""
        with self._starting:  # which includes a process that is just being started
            for process in self._processes:
                process.kill_group()


def _list_secrets(session: Any) -> list[str]:  # noqa: ANN401 - botocore has no types
    """Return the secrets in AWS's configuration files."""
    profiles = session.full_config.get("profiles", {}).values()
    return [str(profile[name]) for profile in profiles for name in _SECRET_SETTINGS if name in profile]


def _list_providers(session: Any, region: str, start_process: Callable[..., Any]) -> list[Any]:  # noqa: ANN401
    """Return botocore's providers in its order, with processes that can be killed, and our own prompt."""
    cache: dict[str, Any] = {}
    profile = session.get_config_variable("profile") or "default"
    providers = create_credential_resolver(session, cache=cache, region_name=region).providers
    sources = [one for one in providers if one.CANONICAL_NAME in _SOURCES_OF_ROLES]
    roles = AssumeRoleProvider(
        load_config=lambda: session.full_config,
        client_creator=partial(session.create_client, region_name=region),
        cache=cache,
        profile_name=profile,
        prompter=_ask_for_code,
        credential_sourcer=CanonicalNameCredentialSourcer(sources),
        profile_provider_builder=_Profiles(session, region, cache, start_process),
    )

    def replace(provider: Any) -> Any:  # noqa: ANN401 - botocore has no types
        if provider.METHOD == AssumeRoleProvider.METHOD:
            return roles
        return _make_killable(provider, session, profile, start_process)

    return [replace(one) for one in providers]


class _Profiles(ProfileProviderBuilder):
    """Build the providers of a source_profile, with processes that can be killed."""

    def __init__(
        self,
        session: Any,  # noqa: ANN401 - botocore has no types
        region: str,
        cache: dict[str, Any],
        start_process: Callable[..., Any],
    ) -> None:
        super().__init__(session, cache=cache, region_name=region)
        self._session = session
        self._start_process = start_process

    def providers(self, profile_name: str, disable_env_vars: bool = False) -> list[Any]:  # noqa: FBT001, FBT002 - as botocore calls it
        found = super().providers(profile_name, disable_env_vars)
        return [_make_killable(one, self._session, profile_name, self._start_process) for one in found]


def _make_killable(provider: Any, session: Any, profile: str, start_process: Callable[..., Any]) -> Any:  # noqa: ANN401
    if provider.METHOD != ProcessProvider.METHOD:
        return provider
    return ProcessProvider(profile, lambda: session.full_config, popen=start_process)


def _ask_for_code(prompt: str) -> str:
    """Ask for the code of an mfa_serial; raise PlainError without a terminal in the foreground."""
    is_answerable = sys.stdin.isatty() and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    if not is_answerable:
        raise PlainError("mfa_serial requires a code from a terminal: use a role without it")
    # Not getpass, which could leave the terminal's echo off; a code can be used only once anyway.
    terminal = Path("/dev/tty")
    terminal.write_text(prompt, encoding="utf-8")
    with terminal.open(encoding="utf-8") as lines:
        return lines.readline().strip()
