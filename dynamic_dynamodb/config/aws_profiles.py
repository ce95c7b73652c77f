"""Read what matters here of the profiles in AWS's configuration files, without importing botocore."""

from __future__ import annotations

import configparser
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.config.paths import read_within_limits
from dynamic_dynamodb.config.suggestions import suggest
from dynamic_dynamodb.config.text import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_DEFAULT: Final = "default"
_MOST_LISTED: Final = 10


def find_profile(configured: str | None, environment: Mapping[str, str]) -> str:
    """Return the profile in use: the configured one, else that of the environment, else the default one."""
    return configured or environment.get("AWS_DEFAULT_PROFILE") or environment.get("AWS_PROFILE") or _DEFAULT


def find_profile_region(profile: str, environment: Mapping[str, str]) -> str | None:
    """Return the region of a profile; None if it has none, or if the files cannot be read."""
    home = environment.get("HOME")
    regions: list[str] = []
    for variable, name in (("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")):
        given = environment.get(variable) or (f"{home}/.aws/{name}" if home else "")
        if given:
            regions += _read_regions(Path(given.replace("~", home or "~", 1)), profile)
    return regions[-1] if regions else None  # to botocore, the file of credentials wins


def _read_regions(path: Path, profile: str) -> Iterator[str]:
    """Yield the region that a file sets for a profile, if it does."""
    parser = configparser.RawConfigParser(default_section="")
    try:
        parser.read_string(read_within_limits(path, may_be_pipe=False).decode("utf-8"))
        for title in parser.sections():
            if shlex.split(title) in (["profile", profile], [profile]) and parser.has_option(title, "region"):
                yield parser.get(title, "region")
    except (OSError, ValueError, configparser.Error):
        return  # botocore reports it when it calls AWS


def describe_missing_profile(profile: str, known: Sequence[str], *, is_configured: bool) -> str:
    """Return that a profile does not exist, where to correct its name, and which profiles there are."""
    where = "--profile, or aws-profile in [global]" if is_configured else "AWS_PROFILE"
    more = f" and {len(known) - _MOST_LISTED} more" if len(known) > _MOST_LISTED else ""
    listed = f"there are {', '.join(known[:_MOST_LISTED])}{more}" if known else "there are none"
    meant = suggest(profile, known) or f"{listed} in AWS's configuration files"
    return f"there is no profile {shorten(profile)}: correct {where}; {meant}"
