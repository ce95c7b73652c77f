"""Files of several accounts and regions, as tests write and read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamic_dynamodb.config.sources import ConfigSources
from tests.config.files import LIMITS

if TYPE_CHECKING:
    from pathlib import Path

    from dynamic_dynamodb.config.loader import Configuration


ROLE = "arn:aws:iam::111122223333:role/scaling"


OTHER_ROLE = "arn:aws:iam::444455556666:role/scaling"
REGIONS = "[global]\nregions: us-east-1, eu-west-1\n"


ACCOUNTS = f"""\
[account: production]
role-arn: {ROLE}
regions: us-east-1, eu-west-1
[account: staging]
role-arn: {OTHER_ROLE}
regions: us-east-1
"""


TABLE = f"[table: ^orders$]\n{LIMITS}"
OTHER = f"[table: ^users$]\n{LIMITS}"


INDEX = f"[gsi: ^by-day$ table: ^orders$]\n{LIMITS}"
NIGHTS = "[schedule: nights]\ntimes: 22:00-06:00\n"


DURING = "[table: ^orders$ during: nights]\nmin-provisioned-reads: 5\n"


def load(path: Path, text: str, **flags: str) -> Configuration:
    """Return the configuration of a file without faults."""
    path.write_text(text)
    result = ConfigSources({"config": str(path), **flags}, {}, path.parent).examine()
    assert result.faults == ()
    return result.configuration


def find_faults(path: Path, text: str, **flags: str) -> tuple[str, ...]:
    """Return the faults of a file."""
    path.write_text(text)
    return ConfigSources({"config": str(path), **flags}, {}, path.parent).examine().faults


def name_sections(configuration: Configuration) -> dict[str, list[str]]:
    """Return the titles of the sections that hold in each place, with indexes and overlays."""
    found: dict[str, list[str]] = {}
    for place in configuration.places:
        titles = found.setdefault(place.name, [])
        for table in configuration.sections_in(place):
            for section in (table, *table.gsis):
                titles.append(section.title)
                titles += [one.title for one in section.blueprint.overlays] if section.blueprint else []
    return found


def limit(section: str, **limits: str) -> str:
    """Return a section that holds only in some accounts and regions."""
    title, _, rest = section.partition("\n")
    return "\n".join((title, *(f"{name}: {given}" for name, given in limits.items()), rest))
