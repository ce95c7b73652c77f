"""A proposal is a file without faults and warnings, in which each table and index has its own limits."""

from __future__ import annotations

import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import assume, given
from hypothesis import strategies as st

from dynamic_dynamodb.aws.autoscaling import ScheduledAction
from dynamic_dynamodb.aws.history import Consumed
from dynamic_dynamodb.check.ports import Registration
from dynamic_dynamodb.config.expressions import MatchBudget
from dynamic_dynamodb.config.loader import examine
from dynamic_dynamodb.config.places import Place
from dynamic_dynamodb.config.sections import match_sections
from dynamic_dynamodb.options import DEFAULT_DOLLARS, Capacity
from dynamic_dynamodb.proposal.limits import choose_limits
from dynamic_dynamodb.proposal.load import Load, Peak
from dynamic_dynamodb.proposal.survey import Survey
from dynamic_dynamodb.proposal.text import write_proposal
from dynamic_dynamodb.scaling.model import Description, PerCapacity, Target

if TYPE_CHECKING:
    from dynamic_dynamodb.config.loader import Configuration

EXAMPLE = (Path(__file__).parents[2] / "example-dynamic-dynamodb.conf").read_text(encoding="utf-8")
NOON = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)

_NAMES = st.from_regex(r"[a-zA-Z._-]{0,3}[01]{0,2}[.-]?[01]{0,2}[a.-]{3}", fullmatch=True) | st.sampled_from(
    ("table", "gsi", "global", "during", "default_options", "table-1", "table-2", "gsi.1", "...", "---")
)
_INDEXES = st.sets(st.sampled_from(("by.date", "table", "gsi", "x-1", "x-2")), max_size=2)
_UNITS = st.integers(1, 3)
_REGISTRATIONS = st.tuples(_UNITS, _UNITS).map(lambda pair: Registration(min(pair), max(pair), 70.0))
_SCHEDULES = st.builds(
    ScheduledAction, st.text(max_size=5), st.text(max_size=5), st.text(max_size=5), _UNITS, st.none()
)


@st.composite
def surveys(draw: st.DrawFn) -> Survey:
    """Return an account in which few numbers occur, so that many tables are alike."""
    tables: dict[str, dict[Target, Description]] = {}
    registrations, schedules, loads = {}, {}, {}
    for name in draw(st.sets(_NAMES, min_size=1, max_size=8)):
        is_on_demand = draw(st.integers(0, 4)) == 0
        tables[name] = {}
        for index in ("", *sorted(draw(_INDEXES))):
            target = Target(name, index)
            units = PerCapacity(0, 0) if is_on_demand else PerCapacity(draw(_UNITS), draw(_UNITS))
            tables[name][target] = Description(target, units, "ACTIVE", "ACTIVE")
            for capacity in Capacity:
                key = Consumed(target, capacity)
                choice = draw(st.integers(0, 3))
                if choice == 0:
                    registrations[key] = draw(_REGISTRATIONS)
                    schedules[key] = (draw(_SCHEDULES),)
                elif choice == 1:
                    loads[key] = Load()
                elif choice == 2:
                    peak = draw(_UNITS)
                    loads[key] = Load(peak * 60.0, Peak(float(peak), NOON), 336.0)
    assume(any(not one[Target(name)].is_on_demand for name, one in tables.items()))
    others = draw(st.sets(_NAMES, max_size=4))
    return Survey(
        Place("eu-west-1"),
        "123456789012",
        NOON,
        sorted({*tables, *others}),
        draw(st.booleans()),
        tables,
        draw(st.sampled_from((registrations, None))),
        schedules,
        loads,
        DEFAULT_DOLLARS,
        "eu-west-1",
        tuple(draw(st.lists(st.text(max_size=10), max_size=1))),
        (),
        {"dynamodb:ListTables": 1},
        2,
    )


def load_proposal(survey: Survey) -> Configuration:
    """Return the configuration of a proposal, which must have no faults and no warnings."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dynamic-dynamodb.conf"
        path.write_text("\n".join(write_proposal(survey, EXAMPLE, path.name)), encoding="utf-8")
        result = examine({"config": str(path)}, {})
    assert (result.faults, result.configuration.warnings) == ((), ())
    return result.configuration


def find_limits(configuration: Configuration, survey: Survey) -> dict[Consumed, tuple[int, int]]:
    """Return the limits of each capacity of the account that a section applies to, as a check finds it."""
    limits = {}
    budget = MatchBudget()
    for name, section in match_sections(configuration.sections, survey.names, budget).sections.items():
        targets = survey.tables.get(name, {Target(name): None})
        indexes = match_sections(section.gsis, (one.index for one in targets if one.index), budget).sections
        for index, found in {"": section, **indexes}.items():
            for capacity in Capacity:
                name_of = f"provisioned_{capacity.value}"
                key = Consumed(Target(name, index), capacity)
                limits[key] = found.options[f"min_{name_of}"], found.options[f"max_{name_of}"]
    return limits


@given(surveys())
def test_each_table_and_index_of_an_account_gets_its_own_limits(survey: Survey) -> None:
    registrations = survey.registrations or {}
    expected = {
        key: choose_limits(description.provisioned[capacity], registrations.get(key), survey.loads.get(key))[
            :2
        ]
        for targets in survey.tables.values()
        for target, description in targets.items()
        for capacity in Capacity
        for key in [Consumed(target, capacity)]
        if not description.is_on_demand
    }
    assert find_limits(load_proposal(survey), survey) == expected
