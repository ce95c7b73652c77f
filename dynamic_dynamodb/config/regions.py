"""Find regions that are not meant, or do not belong to the partition of a role."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.config.aws_profiles import find_profile, find_profile_region
from dynamic_dynamodb.config.suggestions import suggest
from dynamic_dynamodb.config.text import clip, enumerate_names, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dynamic_dynamodb.config.places import Place

_REGION_VARIABLES: Final = ("AWS_REGION", "AWS_DEFAULT_REGION")
_PARTITION_SUFFIX: Final = "-global"
"""How botocore's names of whole partitions end."""


def warn_of_region(
    options: Mapping[str, Any], environment: Mapping[str, str], *, is_default: bool
) -> Iterator[str]:
    """Yield a warning if the environment names another region than the one in use.

    The region of the profile counts too, unless a region is set.
    """
    region = options["region"]
    named = {f"{one}={environment.get(one)}": environment.get(one) for one in _REGION_VARIABLES}
    if is_default:
        profile = find_profile(options["aws_profile"], environment)
        other = find_profile_region(profile, environment)
        named[f"region {clip(other or '')} of the profile {shorten(profile)}"] = other
    for source, other in named.items():
        if other and other != region:
            yield f"region is {region}; {source} is ignored: set --region, or region in [global]"
            return


def warn_of_unknown_regions(places: Iterable[Place], known: Mapping[str, str]) -> Iterator[str]:
    """Yield a warning for each unknown region; it may be newer than the installed botocore."""
    unknown = {place.region: place for place in places if known and place.region not in known}
    for region, place in unknown.items():
        named = f"[account: {place.account}] region" if place.account else "region"
        advice = suggest(region, known)
        yield f"{named} {region} is unknown to the installed botocore{f': {advice}' if advice else ''}"


def find_partition_faults(places: Iterable[Place], known: Mapping[str, str]) -> Iterator[str]:
    """Yield a fault for each account whose role cannot be used in some of its regions."""
    others: dict[str, list[Place]] = {}
    for place in places:
        if place.role is not None and known.get(place.region, place.role.partition) != place.role.partition:
            others.setdefault(place.account, []).append(place)
    for account, found in others.items():
        role = found[0].role
        yield (
            f"[account: {account}] role-arn is for partition {role.partition if role else ''}, which does not"
            f" have {enumerate_names([place.region for place in found], 'or')}:"
            f" use a role of partition {known[found[0].region]}, or other regions"
        )


def list_regions() -> Mapping[str, str]:
    """Return the partition of each region, without importing botocore, which is slow.

    Returns none if this botocore keeps them elsewhere.
    """
    package = find_spec("botocore")
    if package is None or package.origin is None:
        return {}
    try:
        text = Path(package.origin).with_name("data").joinpath("partitions.json").read_text(encoding="utf-8")
        return {
            name: partition["id"]
            for partition in json.loads(text)["partitions"]
            for name in partition["regions"]
            if not name.endswith(_PARTITION_SUFFIX)
        }
    except (OSError, ValueError, LookupError, TypeError):
        return {}
