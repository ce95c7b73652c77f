"""Read the `[account: …]` sections, and work out which places are scaled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dynamic_dynamodb.config.places import Place, Role, label_places
from dynamic_dynamodb.config.reader import SECTION_ORIGIN, Layer, Reader, join
from dynamic_dynamodb.config.suggestions import suggest
from dynamic_dynamodb.config.text import clip, shorten
from dynamic_dynamodb.options import GOOD_REGIONS, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Account:
    """An `[account: …]` section; without a role, it is the program's own account."""

    name: str
    role: Role | None
    regions: tuple[str, ...]


@dataclass(slots=True)
class PlaceReader:
    """Reads accounts and regions; its faults and warnings are those of the reader.

    `global_options` are all options of [global] and the command line. `has_own_region` is whether one of
    them names a region.
    """

    reader: Reader
    global_options: Mapping[str, Any]
    has_own_region: bool

    def read(self, sections: Mapping[str, Mapping[str, str]]) -> tuple[Place, ...]:
        """Return all places that the options and the sections name, in their order."""
        if not sections:
            return label_places(map(Place, self._general_regions))
        accounts = [self._read_account(name, texts) for name, texts in sections.items()]
        self.reader.faults += _find_doubled(accounts)
        return label_places(Place(region, one.name, one.role) for one in accounts for region in one.regions)

    @property
    def _general_regions(self) -> tuple[str, ...]:
        options = self.global_options
        regions: tuple[str, ...] = options["regions"] or (options["region"],)
        return regions

    def _read_account(self, name: str, texts: Mapping[str, str]) -> Account:
        title = f"account: {clip(name)}"
        found = self.reader.parse_texts(title, texts, (Scope.ACCOUNT,))
        values = join(Scope.ACCOUNT, Layer(SECTION_ORIGIN, found)).values
        arn, external_id, regions = values["role_arn"], values["external_id"], values["regions"]
        if not regions and (self.global_options["regions"] or self.has_own_region):
            regions = self._general_regions
        elif not regions and ("regions" in found or "regions" not in texts):
            self.reader.faults.append(f"[{title}] has no regions: add some, such as regions: {GOOD_REGIONS}")
        if external_id and not arn and "role-arn" not in texts:
            self.reader.faults.append(
                f"[{title}] has an external-id but no role-arn: add the ARN of the role that requires it"
            )
        return Account(name, Role(arn, external_id) if arn else None, regions or ())

    def choose(self, places: Sequence[Place]) -> tuple[Place, ...]:
        """Return the places that --account, --region and --regions leave; none are a fault."""
        flags, options = self.reader.flags, self.global_options
        chosen = options["account"]
        if chosen is not None and not any(one.account == chosen for one in places):
            names = tuple(dict.fromkeys(one.account for one in places if one.account))
            advice = suggest(chosen, names) or f"name one of {', '.join(names)}"
            advice = advice if names else f"add [account: {chosen}]"
            self.reader.faults.append(f"--account {shorten(chosen)} has no section: {advice}")
            return tuple(places)
        if "regions" in flags:
            regions = options["regions"]
        else:
            regions = (options["region"],) if "region" in flags else None
        if regions is None and chosen is None:
            return tuple(places)
        if chosen is None and not any(one.account for one in places):
            return label_places(map(Place, regions or ()))
        left = [
            one
            for one in places
            if chosen in (None, one.account) and (regions is None or one.region in regions)
        ]
        if not left and regions is not None:
            of = f" of {chosen}" if chosen else ""
            known = dict.fromkeys(one.region for one in places if chosen in (None, one.account))
            self.reader.faults.append(
                f"no account{of} is scaled in {', '.join(regions)}: choose from {', '.join(known)}"
            )
            return tuple(places)
        return label_places(left)


def _find_doubled(accounts: Sequence[Account]) -> Iterator[str]:
    """Yield a fault for each account that is the same as one before it, in the same region."""
    known: dict[tuple[str, str], Account] = {}
    for one in accounts:
        owner = one.role.account_id if one.role else ""
        for region in one.regions:
            first = known.setdefault((owner, region), one)
            if first is not one:
                whose = f"account {owner}" if owner else "the program's own account"
                yield (
                    f"[account: {one.name}] is {whose} in {region}, as [account: {first.name}] is:"
                    " remove the region from one of them"
                )
                break
