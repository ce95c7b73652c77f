"""Judge options that are each fine but not together, and say what their writer should know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.core.maintenance_window import parse_windows
from dynamic_dynamodb.options import OPTIONS, Capacity, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_REGION_VARIABLES: Final = ("AWS_REGION", "AWS_DEFAULT_REGION")
_GROUP_OR_OTHERS_READ: Final = 0o044


def find_target_faults(title: str, options: Mapping[str, Any]) -> Iterator[str]:
    """Give the faults between the options of one section."""
    for capacity in Capacity:
        minimum = options[f"min_provisioned_{capacity.value}"]
        maximum = options[f"max_provisioned_{capacity.value}"]
        if maximum is not None and minimum > maximum:
            yield (
                f"[{title}] min-provisioned-{capacity.value} {minimum} is above"
                f" max-provisioned-{capacity.value} {maximum}"
            )
    period, start = options["lookback_period"], options["lookback_window_start"]
    if period > start:
        yield (
            f"[{title}] lookback-period {period} is longer than lookback-window-start {start}:"
            f" the window would end in the future; at most {start} is right"
        )


def find_credential_faults(options: Mapping[str, Any]) -> Iterator[str]:
    """Say when only one of the two keys is given: boto3 would quietly use other credentials."""
    has_id, has_secret = bool(options["aws_access_key_id"]), bool(options["aws_secret_access_key"])
    if has_id != has_secret:
        missing = "aws-secret-access-key" if has_id else "aws-access-key-id"
        yield f"{missing} is missing: give both keys, or none to let boto3 find credentials itself"


def warn_of_target(title: str, options: Mapping[str, Any]) -> Iterator[str]:
    """Give what is allowed in a section, but probably not meant."""
    for capacity in Capacity:
        name = capacity.value
        if options[f"max_provisioned_{name}"] is None and options[f"enable_{name}_autoscaling"]:
            yield f"[{title}] has no max-provisioned-{name}: it may spend without limit"
        lower, upper = options[f"{name}_lower_threshold"], options[f"{name}_upper_threshold"]
        if lower >= upper:
            yield f"[{title}] {name}-lower-threshold {lower:g} is not below {name}-upper-threshold {upper:g}"
    if options["sns_topic_arn"] and not options["sns_message_types"]:
        yield f"[{title}] has an sns-topic-arn but no sns-message-types: nothing is published"
    if options["sns_message_types"] and not options["sns_topic_arn"]:
        yield f"[{title}] has sns-message-types but no sns-topic-arn: nothing is published"
    for window in (
        parse_windows(options["maintenance_windows"] or "") if options["maintenance_windows"] else ()
    ):
        if window.start == window.end:
            yield f"[{title}] maintenance-windows: a window whose start is its end is one minute long"


def warn_of_region(region: str, environment: Mapping[str, str]) -> Iterator[str]:
    """Say when the environment names another region than the one in force."""
    for variable in _REGION_VARIABLES:
        named = environment.get(variable)
        if named and named != region:
            yield f"region is {region}; {variable}={named} is not used: use --region or [global] region"
            return


def warn_of_flags_without_table(flags: Mapping[str, object]) -> Iterator[str]:
    """Name the scaling flags that have no effect."""
    idle = [option.flags[0] for option in OPTIONS if option.scope is Scope.TARGET and option.name in flags]
    if idle and "table-name" not in flags:
        yield f"{', '.join(idle)} without --table-name has no effect: the file's sections decide"


def warn_of_readable_secret(path: Path) -> Iterator[str]:
    """Say when a file that holds keys can be read by other users."""
    if path.stat().st_mode & _GROUP_OR_OTHERS_READ:
        yield f"{path} holds AWS keys and can be read by other users: chmod 600 {path}"


def describe_deprecated(names: set[str]) -> str:
    """Name the deprecated options in use, each with what took its place."""
    successors = {option.name: option.successors for option in OPTIONS if option.name in names}
    parts = [f"{name} (use {' and '.join(successors[name])})" for name in sorted(successors)]
    return f"deprecated, still working: {', '.join(parts)}"
