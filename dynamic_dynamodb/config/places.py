"""The places that are scaled, each an account and a region, and the sections that hold in each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from dynamic_dynamodb.scaling.model import value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dynamic_dynamodb.config.sections import Overlay, Section

_PARTITION_IN_ARN: Final = 1
_ACCOUNT_IN_ARN: Final = 4
Owned: TypeAlias = tuple[str, str]
"""The id of an account, empty for the program's own, and a region: the same tables."""


@value
class Role:
    """The IAM role that is assumed in an account."""

    arn: str
    external_id: str | None = None

    @property
    def account_id(self) -> str:
        """Return the twelve digits of the account that the role belongs to."""
        return self.arn.split(":")[_ACCOUNT_IN_ARN]

    @property
    def partition(self) -> str:
        """Return the group of regions that the account can use, such as `aws` or `aws-cn`."""
        return self.arn.split(":")[_PARTITION_IN_ARN]


@value
class Place:
    """A region of an account; without a role, of the account that the program's own credentials are for.

    `account` is the name of an `[account: …]` section; empty if there is none. `label` stands before the
    names of tables and indexes: it is empty if there is only one place.
    """

    region: str
    account: str = ""
    role: Role | None = None
    label: str = ""

    @property
    def name(self) -> str:
        """Return `production/us-east-1`, or the region alone without accounts."""
        return f"{self.account}/{self.region}" if self.account else self.region

    @property
    def owner(self) -> str:
        """Return the id of the account that the role is in; empty for the program's own account."""
        return self.role.account_id if self.role else ""

    @property
    def owned(self) -> Owned:
        """Return what is scaled here, whatever it is called."""
        return self.owner, self.region


def label_places(places: Iterable[Place]) -> tuple[Place, ...]:
    """Return the places with labels if there are several."""
    found = tuple(places)
    return tuple(replace(one, label=one.name if len(found) > 1 else "") for one in found)


def find_region_of_topics(places: Sequence[Place]) -> str | None:
    """Return the region in which SNS is called: that of the only place, if it has no role.

    In any other case it is that of each topic.
    """
    first, *others = places
    return None if others or first.role else first.region


def write_regions(places: Sequence[Place]) -> Iterator[str]:
    """Yield the line of [global] with the regions, which accounts have in their own sections."""
    if any(place.account for place in places):
        return
    regions = ", ".join(place.region for place in places)
    yield f"region: {regions}" if len(places) == 1 else f"regions: {regions}"


def write_accounts(places: Iterable[Place]) -> Iterator[str]:
    """Yield the lines of the `[account: …]` sections, each after a blank line."""
    accounts: dict[tuple[str, Role | None], list[str]] = {}
    for place in places:
        if place.account:
            accounts.setdefault((place.account, place.role), []).append(place.region)
    for (name, role), regions in accounts.items():
        yield ""
        yield f"[account: {name}]"
        if role is not None:
            yield f"role-arn: {role.arn}"
        if role is not None and role.external_id is not None:
            yield f"external-id: {role.external_id}"
        yield f"regions: {', '.join(regions)}"


def select_sections(sections: Sequence[Section], place: Place) -> tuple[Section, ...]:
    """Return the sections, with the index sections and overlays, that hold in a place."""
    return tuple(_select(sections, place))


def _select(sections: Sequence[Section], place: Place) -> Iterator[Section]:
    for section in sections:
        if not holds_in(section.options, place):
            continue
        gsis, overlays = select_sections(section.gsis, place), _select_overlays(section, place)
        if section.blueprint is not None and overlays != section.blueprint.overlays:
            blueprint = replace(section.blueprint, overlays=overlays, gsis=gsis, built={})
            yield blueprint.build(frozenset())
        elif gsis != section.gsis:
            yield _replace_gsis(section, gsis)
        else:
            yield section


def _select_overlays(section: Section, place: Place) -> tuple[Overlay, ...]:
    if section.blueprint is None:
        return ()
    return tuple(one for one in section.blueprint.overlays if holds_in(one.limits, place))


def _replace_gsis(section: Section, gsis: tuple[Section, ...]) -> Section:
    if section.blueprint is None:
        return replace(section, gsis=gsis)
    return replace(section.blueprint, gsis=gsis, built={}).build(frozenset())


def holds_in(options: Mapping[str, Any], place: Place) -> bool:
    """Return whether a section with these options holds in a place."""
    accounts, regions = options.get("accounts"), options.get("regions")
    return (not accounts or place.account in accounts) and (not regions or place.region in regions)
