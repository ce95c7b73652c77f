"""Check the accounts and regions that sections name against the places that are scaled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.config.places import holds_in
from dynamic_dynamodb.config.suggestions import suggest
from dynamic_dynamodb.config.text import enumerate_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from dynamic_dynamodb.config.places import Place
    from dynamic_dynamodb.config.sections import Section

LIMIT_KEYS: Final = ("accounts", "regions")
"""The keys of the options that limit where a section holds."""


@dataclass(frozen=True, slots=True)
class PlaceLimits:
    """What `accounts` and `regions` in sections can name.

    `places` are all those that the file and the flags name, whichever of them this run scales. If
    `are_known` is false, because accounts or regions have faults of their own, sections are not judged.
    """

    places: tuple[Place, ...]
    accounts: tuple[str, ...]
    are_known: bool
    _found: dict[tuple[object, ...], frozenset[Place]] = field(default_factory=dict)
    _suggested: dict[str, str] = field(default_factory=dict)

    @property
    def regions(self) -> tuple[str, ...]:
        """Return the regions of all places."""
        return tuple(dict.fromkeys(place.region for place in self.places))

    def list_places(self, options: Mapping[str, Any]) -> frozenset[Place]:
        """Return the places in which a section with these options holds."""
        limits = tuple(options.get(key) for key in LIMIT_KEYS)
        if limits not in self._found:
            self._found[limits] = frozenset(place for place in self.places if holds_in(options, place))
        return self._found[limits]

    def find_faults(self, title: str, own: Mapping[str, Any], options: Mapping[str, Any]) -> Iterator[str]:
        """Yield the faults of the accounts and regions that a section names.

        `own` are the options that the section sets, and `options` those that hold for it.
        """
        if not self.are_known:
            return
        found = [*self._find_account_faults(title, own), *self._find_region_faults(title, own, options)]
        yield from found
        named = [name for name in LIMIT_KEYS if own.get(name)]
        accounts, regions = options.get("accounts") or self.accounts, options.get("regions") or ()
        are_scaled = set(accounts) <= set(self.accounts) and set(regions) <= set(self.regions)
        if named and not found and are_scaled and not self.list_places(options):
            yield (
                f"[{title}] {' and '.join(named)} leave no place: {enumerate_names(accounts)}"
                f" {'is' if len(accounts) == 1 else 'are'} not scaled in {enumerate_names(regions, 'or')}"
            )

    def _suggest(self, name: str, known: tuple[str, ...]) -> str:
        """Return `did you mean …?`; many sections name the same account or region."""
        if name not in self._suggested:
            self._suggested[name] = suggest(name, known)
        return self._suggested[name]

    def _find_account_faults(self, title: str, own: Mapping[str, Any]) -> Iterator[str]:
        for name in own.get("accounts") or ():
            if name not in self.accounts:
                advice = self._suggest(name, self.accounts) or f"add [account: {name}]"
                yield f"[{title}] accounts names an account that does not exist, {name}: {advice}"

    def _find_region_faults(
        self, title: str, own: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Iterator[str]:
        regions = self.regions
        accounts = [name for name in options.get("accounts") or () if name in self.accounts]
        for region in own.get("regions") or ():
            if region not in regions:
                where = "an [account: …] section" if self.accounts else "[global]"
                advice = self._suggest(region, regions) or (
                    f"add it to regions in {where}, or choose from {', '.join(regions)}"
                )
                yield f"[{title}] regions names a region that is not scaled, {region}: {advice}"
            elif accounts and not any(
                place.region == region and place.account in accounts for place in self.places
            ):
                theirs = dict.fromkeys(place.region for place in self.places if place.account in accounts)
                yield (
                    f"[{title}] regions names {region}, which is not a region of"
                    f" {enumerate_names(accounts, 'or')}: choose from {', '.join(theirs)}"
                )

    def find_shared_faults(self, title: str, first_line: int, shared: AbstractSet[Place]) -> Iterator[str]:
        """Yield a fault if two sections with the same title hold in the same places."""
        if self.are_known and shared:
            yield (
                f"[{title}] is defined twice for {self.show(shared)}, first in line {first_line}:"
                " name other accounts or regions in one of them"
            )

    def find_fault_below(
        self, title: str, held: AbstractSet[Place], base: str, base_held: AbstractSet[Place]
    ) -> Iterator[str]:
        """Yield a fault if a section holds only where its base, which it is part of, does not."""
        if self.are_known and held and base_held and not held & base_held:
            yield (
                f"[{title}] never applies: it holds in {self.show(held)}, and [{base}]"
                f" in {self.show(base_held)}; let both hold in the same places"
            )

    def warn_of_rest(
        self, title: str, own: Mapping[str, Any], base: str, shared: AbstractSet[Place]
    ) -> Iterator[str]:
        """Warn of accounts and regions that a section names, but in which its base does not hold.

        `shared` are the places in which both hold.
        """
        if not (self.are_known and shared):
            return
        accounts, regions = {place.account for place in shared}, {place.region for place in shared}
        for key, held in (("accounts", accounts), ("regions", regions)):
            idle = [name for name in own.get(key) or () if name not in held]
            if idle:
                yield (
                    f"[{title}] {key} names {enumerate_names(idle)} without effect:"
                    f" [{base}] does not hold there"
                )

    def show(self, places: Iterable[Place]) -> str:
        """Return the names of places, in the order of the file; of many, the first ones."""
        chosen = set(places)
        return enumerate_names([place.name for place in self.places if place in chosen])


def warn_of_empty_places(places: Iterable[Place], sections: Sequence[Section]) -> Iterator[str]:
    """Warn of places in which none of the sections for tables holds."""
    empty = [place.name for place in places if not any(holds_in(one.options, place) for one in sections)]
    if sections and empty:
        yield f"nothing is scaled in {enumerate_names(empty)}: no [table: …] section holds there"
