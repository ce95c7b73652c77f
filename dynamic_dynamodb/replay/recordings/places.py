"""Find the place of each recording among the accounts and regions of a configuration."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from dynamic_dynamodb.config.places import Place, label_places
from dynamic_dynamodb.config.text import enumerate_names
from dynamic_dynamodb.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.config.sections import Section
    from dynamic_dynamodb.replay.recordings.reader import RecordingSource
    from dynamic_dynamodb.replay.recordings.recording import Origin
    from dynamic_dynamodb.scaling.model import Target

_SOURCE: Final = "the recording"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The recordings of a configuration's places, these places, and a sentence on each group of others.

    If there are several places, they have labels, and so have the targets of the recordings.
    """

    sources: tuple[RecordingSource, ...]
    places: tuple[Place, ...]
    left_out: tuple[str, ...]


class Placed(Protocol):
    """Anything of a target, such as a recording."""

    @property
    def target(self) -> Target:
        """Return its target."""


_Placed = TypeVar("_Placed", bound=Placed)


def group_by_place(found: Iterable[_Placed]) -> dict[str, list[_Placed]]:
    """Return what is of each place, by the place's label, which is empty if there is only one place."""
    groups: dict[str, list[_Placed]] = {}
    for one in found:
        groups.setdefault(one.target.place, []).append(one)
    return groups


def find_sections(configuration: Configuration, origins: Iterable[Origin]) -> Sequence[Section]:
    """Return the sections that hold for recordings of one place, which some of them may not name."""
    places = configuration.places
    if not places:
        return configuration.sections
    origin = next((one for one in origins if one.region), None)
    place = places[0] if origin is None else _find_place(places, origin) or Place(origin.region)
    return configuration.sections_in(place)


def choose_places(places: Sequence[Place], sources: Sequence[RecordingSource]) -> Chosen:
    """Return the recordings of these places; one that names no region is taken to be of the first one.

    Without accounts, only the recordings of one account are chosen: that with the most. If the only place
    is a region without recordings, it is replaced by the region that has the most.
    Raises ConfigurationError if no recording is of any of the places, or if two are of the same target.
    """
    counts = Counter(one.origin for one in sources if one.origin.region)
    taken = {origin: place for origin in counts if (place := _find_place(places, origin)) is not None}
    if counts and not taken:
        taken = _take_most_frequent_region(places, counts)
    others: set[Origin] = set()
    if not _have_accounts(places):
        others = _find_other_accounts(taken, counts)
        taken = {origin: place for origin, place in taken.items() if origin not in others}
    default = places[0] if len(places) > 1 else next(iter(taken.values()), places[0])
    pairs = [
        (one, taken.get(one.origin, default))
        for one in sources
        if one.origin in taken or not one.origin.region
    ]
    used = {place for _, place in pairs}
    labelled = label_places([place for place in places if place in used] or used)
    labels = {(place.account, place.region): place.label for place in labelled}
    chosen = [_set_label(one, labels[place.account, place.region]) for one, place in pairs]
    _refuse_doubled(chosen)
    left_out = (
        *_describe_other_accounts(sources, others),
        *_describe_other_places(places, labelled, counts, {*taken, *others}),
        *_describe_unknown(sources, places),
    )
    return Chosen(tuple(chosen), labelled, left_out)


def _find_place(places: Sequence[Place], origin: Origin) -> Place | None:
    """Return the place that a recording is of; None if it is of another one.

    Where a role has the id of its account, the id counts, else the name.
    """
    owners = {place.owner for place in places if place.owner}

    def is_of(place: Place) -> bool:
        if place.region != origin.region:
            return False
        if not place.account:
            return True
        if origin.account in owners or (place.owner and origin.account):
            return place.owner == origin.account
        return origin.account_name in ("", place.account)

    return next(filter(is_of, places), None)


def _have_accounts(places: Iterable[Place]) -> bool:
    return any(place.account for place in places)


def _take_most_frequent_region(places: Sequence[Place], counts: Counter[Origin]) -> dict[Origin, Place]:
    """Return the recordings of the region that has the most, in place of a region that has none."""
    if len(places) > 1 or _have_accounts(places):
        names = enumerate_names(sorted({origin.name for origin in counts}))
        wanted = enumerate_names([place.name for place in places])
        fault = f"all recordings are of {names}, and the configuration is for {wanted}"
        raise ConfigurationError((fault,), _SOURCE)
    regions = _count_by_region(counts)
    place = Place(regions.most_common(1)[0][0])
    return {origin: place for origin in counts if origin.region == place.region}


def _count_by_region(counts: Mapping[Origin, int]) -> Counter[str]:
    regions: Counter[str] = Counter()
    for origin, number in counts.items():
        regions[origin.region] += number
    return regions


def _find_other_accounts(taken: Iterable[Origin], counts: Mapping[Origin, int]) -> set[Origin]:
    """Return the recordings that are not of the account with the most; of some, it may be unknown."""
    accounts: Counter[str] = Counter()
    for origin in taken:
        if origin.account_key:
            accounts[origin.account_key] += counts[origin]
    if len(accounts) < 2:  # noqa: PLR2004 - accounts to choose from
        return set()
    chosen = accounts.most_common(1)[0][0]
    return {origin for origin in taken if origin.account_key not in ("", chosen)}


def _set_label(source: RecordingSource, label: str) -> RecordingSource:
    if not label:
        return source
    entry = replace(source.entry, target=source.entry.target._replace(place=label))
    return replace(source, entry=entry)


def _refuse_doubled(sources: Iterable[RecordingSource]) -> None:
    known = set()
    for one in sources:
        if one.entry.target in known:
            fault = f"{one.files[0]} is a second recording of {one.entry.target}: keep one"
            raise ConfigurationError((fault,), _SOURCE)
        known.add(one.entry.target)


def _describe_other_accounts(sources: Sequence[RecordingSource], others: set[Origin]) -> Iterator[str]:
    for origin in sorted(others):
        found = [one for one in sources if one.origin == origin]
        yield (
            f"{_count(len(found), origin.name)} left out: without [account: …] sections, the configuration is"
            f" for one account; use their directory, {found[0].files[0].parent}"
        )


def _describe_other_places(
    places: Sequence[Place], chosen: Sequence[Place], counts: Mapping[Origin, int], known: set[Origin]
) -> Iterator[str]:
    rest = {origin: number for origin, number in counts.items() if origin not in known}
    if _have_accounts(places):
        wanted = enumerate_names([place.name for place in places])
        advice = "choose them with --account and --region, or add an [account: …] section"
        for origin, number in sorted(rest.items()):
            yield f"{_count(number, origin.name)} left out: the configuration is for {wanted}; {advice}"
        return
    wanted = enumerate_names([place.name for place in chosen])
    for region, number in sorted(_count_by_region(rest).items()):
        yield (f"{_count(number, region)} left out: the configuration is for {wanted}; use --region {region}")


def _describe_unknown(sources: Sequence[RecordingSource], places: Sequence[Place]) -> Iterator[str]:
    number = sum(not one.origin.region for one in sources)
    if number and len(places) > 1:
        count = "1 recording does" if number == 1 else f"{number:,} recordings do"
        yield f"{count} not name a region: {places[0].name} is assumed"


def _count(recordings: int, of: str) -> str:
    return f"1 recording of {of} is" if recordings == 1 else f"{recordings:,} recordings of {of} are"
