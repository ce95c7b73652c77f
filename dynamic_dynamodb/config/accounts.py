"""Read the `[account: …]` sections, and work out which places are scaled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.config.place_limits import LIMIT_KEYS, PlaceLimits
from dynamic_dynamodb.config.places import Place, Role, label_places
from dynamic_dynamodb.config.reader import DEFAULT_ORIGIN, SECTION_ORIGIN, Joined, Layer, Reader, join
from dynamic_dynamodb.config.suggestions import suggest
from dynamic_dynamodb.config.text import clip, enumerate_names, shorten
from dynamic_dynamodb.options import GOOD_REGIONS, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dynamic_dynamodb.config.file import FileContent

MOST_PLACES: Final = 200
"""Each place has threads, connections and a call budget of its own."""


@dataclass(frozen=True, slots=True)
class Account:
    """An `[account: …]` section; without a role, it is the program's own account.

    If it is not `is_readable`, because an option has a fault, it may be that of any account.
    """

    name: str
    role: Role | None
    regions: tuple[str, ...]
    is_readable: bool


@dataclass(slots=True)
class PlaceReader:
    """Reads accounts and regions; its faults and warnings are those of the reader.

    `global_options` are all options of [global] and the command line; `file_options` are those of the file.
    After `read`, `limits` has what sections can name, and `uses_region` is whether `region` matters.
    """

    reader: Reader
    global_options: Mapping[str, Any]
    file_options: Joined
    limits: PlaceLimits = field(default_factory=lambda: PlaceLimits((), (), are_known=False))
    uses_region: bool = False

    def read(self, content: FileContent) -> tuple[Place, ...]:
        """Return the places that are scaled, in the order of the file."""
        before = len(self.reader.faults)
        accounts = [self._read_account(name, texts) for name, texts in content.accounts.items()]
        self.reader.faults += _find_doubled(accounts)
        if accounts:
            every = [Place(region, one.name, one.role) for one in accounts for region in one.regions]
        else:
            every = [*map(Place, self._list_general_regions())]
        is_read = len(self.reader.faults) == before and self.reader.unread.isdisjoint(LIMIT_KEYS)
        chosen = self._choose(every, tuple(content.accounts))
        if len(chosen) > MOST_PLACES:
            self.reader.faults.append(
                f"{len(chosen)} regions of accounts are too many for one process, which scales at most"
                f" {MOST_PLACES}: run several instances with --account or --region"
            )
        self.limits = PlaceLimits(
            tuple(dict.fromkeys((*every, *chosen, *self._list_open_places(content)))),
            tuple(content.accounts),
            are_known=is_read and not content.has_unread_sections,
        )
        has_own_regions = accounts and all("regions" in texts for texts in content.accounts.values())
        self.uses_region = not (has_own_regions or self.global_options["regions"])
        if is_read:
            self.reader.warnings += self._warn_of_unused_region(every)
        return label_places(chosen or [Place(self.global_options["region"])])

    @property
    def _has_region(self) -> bool:
        """Return whether the file names the one region."""
        return self.file_options.origins["region"] != DEFAULT_ORIGIN

    def _list_general_regions(self) -> tuple[str, ...]:
        """Return the regions of [global]."""
        regions: tuple[str, ...] | None = self.file_options.values["regions"]
        return regions or (self.file_options.values["region"],)

    def _list_shared_regions(self) -> tuple[str, ...]:
        """Return the regions of accounts that have none of their own: those of [global], else of flags."""
        if self.file_options.values["regions"] or self._has_region:
            return self._list_general_regions()
        return self._flag_regions or ()

    @property
    def _flag_regions(self) -> tuple[str, ...] | None:
        """Return the regions of the command line; None if it names none."""
        if "regions" in self.reader.flags:
            regions: tuple[str, ...] | None = self.global_options["regions"]
            return regions
        return (self.global_options["region"],) if "region" in self.reader.flags else None

    def _read_account(self, name: str, texts: Mapping[str, str]) -> Account:
        title, before = f"account: {clip(name)}", len(self.reader.faults)
        found = self.reader.parse_texts(title, texts, (Scope.ACCOUNT,))
        values = join(Scope.ACCOUNT, Layer(SECTION_ORIGIN, found)).values
        arn, external_id = values["role_arn"], values["external_id"]
        regions = values["regions"] or self._list_shared_regions()
        if not regions and ("regions" in found or "regions" not in texts):
            self.reader.faults.append(f"[{title}] has no regions: add some, such as regions: {GOOD_REGIONS}")
        if external_id and not arn and "role-arn" not in texts:
            self.reader.faults.append(
                f"[{title}] has an external-id but no role-arn: add the ARN of the role that requires it"
            )
        role = Role(arn, external_id) if arn else None
        return Account(name, role, regions, len(self.reader.faults) == before)

    def _choose(self, places: Sequence[Place], accounts: Sequence[str]) -> tuple[Place, ...]:
        """Return the places that --account, --region and --regions leave; none are a fault."""
        account, regions = self.global_options["account"], self._flag_regions
        if account is not None and account not in accounts:
            advice = suggest(account, accounts) or f"choose from {', '.join(accounts)}"
            advice = advice if accounts else f"add [account: {account}]"
            self.reader.faults.append(f"--account {shorten(account)} has no section: {advice}")
            return tuple(places)
        if not accounts:
            return tuple(places) if regions is None else tuple(map(Place, regions))
        of_account = [place for place in places if account in (None, place.account)]
        left = [place for place in of_account if regions is None or place.region in regions]
        known = dict.fromkeys(place.region for place in of_account)
        missing = [region for region in regions or () if region not in known]
        if known and missing:
            whose = account if account is not None else "no account"
            verb = "is not scaled in" if account is not None else "is scaled in"
            self.reader.faults.append(
                f"{whose} {verb} {enumerate_names(missing, 'or')}: choose from {', '.join(known)}"
            )
            return tuple(places)
        return tuple(left)

    def _list_open_places(self, content: FileContent) -> Iterator[Place]:
        """Yield the regions that sections name if the file leaves its regions to the command line.

        Each of several instances then scales one of them.
        """
        if self._flag_regions and not content.accounts and not self.file_options.values["regions"]:
            for section in content.targets:
                for region in section.texts.get("regions", "").split(","):
                    if region.strip():
                        yield Place(region.strip())

    def _warn_of_unused_region(self, places: Sequence[Place]) -> Iterator[str]:
        """Warn if the file names one region beside others, and it is not scaled."""
        region, regions = self.file_options.values["region"], dict.fromkeys(one.region for one in places)
        if self._has_region and region not in regions and "region" not in self.reader.flags:
            yield (
                f"region {region} is not scaled, only {enumerate_names([*regions])}:"
                " add it to regions, or remove it"
            )


def _find_doubled(accounts: Sequence[Account]) -> Iterator[str]:
    """Yield a fault for each account that is the same as one before it, in the same region."""
    known: dict[tuple[str, str], Account] = {}
    for one in filter(lambda one: one.is_readable, accounts):
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
