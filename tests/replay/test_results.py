"""The sums of a row are those of its minutes."""

from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st

from dynamic_dynamodb.replay.comparison.results import Tally, Trace, sum_up
from dynamic_dynamodb.scaling.costs import Prices
from dynamic_dynamodb.scaling.model import PerCapacity
from tests.replay.recordings import record

PRICES = Prices(PerCapacity(0.1, 0.5), PerCapacity(0.125, 0.625))
MINUTES = st.lists(
    st.tuples(st.integers(0, 3000), st.integers(1, 40), st.integers(0, 3000), st.integers(1, 40)),
    min_size=1,
    max_size=50,
)


def trace(demand: list[int], units: list[int]) -> Trace:
    """Return a trace in which up to half of the provisioned units again come from bursts."""
    served = [min(one, 90 * each) for one, each in zip(demand, units, strict=True)]
    throttled = [one - other for one, other in zip(demand, served, strict=True)]
    return Trace(array("d", demand), array("d", served), array("d", throttled), array("q", units))


@given(MINUTES, st.one_of(st.none(), st.integers(1, 40)))
def test_the_sums_of_a_row_are_those_of_its_minutes(
    minutes: list[tuple[int, int, int, int]], maximum: int | None
) -> None:
    reads, read_units, writes, write_units = map(list, zip(*minutes, strict=True))
    traces: PerCapacity[Trace | None] = PerCapacity(trace(reads, read_units), trace(writes, write_units))
    row = sum_up("a row", record(reads, writes), traces, PRICES, Tally(maximum=PerCapacity(maximum, None)))
    at_max = [units for units in read_units if maximum is not None and units >= maximum]
    throttled = [
        one or other for one, other in zip(*(each.throttled for each in traces if each), strict=True)
    ]
    assert row.minutes_at_max == len(at_max)
    assert row.limited_minutes == (0 if maximum is None else len(minutes))
    assert row.throttled_minutes == sum(map(bool, throttled))
    for side, each in zip(row.sides, traces, strict=True):
        assert each is not None
        beyond = [one - 60 * units for one, units in zip(each.served, each.provisioned, strict=True)]
        assert side.from_burst == sum(max(0, units) for units in beyond)
        assert (side.demand, side.throttled) == (sum(each.demand), sum(each.throttled))
