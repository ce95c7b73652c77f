"""One-off runs that keep their state in a file decide on a target utilization as a daemon does."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.scaling.model import PerCapacity
from dynamic_dynamodb.scaling.usage import MINUTE
from dynamic_dynamodb.service.state_file import StateFile
from tests.builders import NOW, both, section
from tests.check.fake_world import A, B, FakeWorld

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynamic_dynamodb.check.state import EntriesFile

NOON = NOW.replace(second=0)
OPTIONS = {
    **{
        option.format(reads=name): given
        for name in ("reads", "writes")
        for option, given in {
            "{reads}_target_utilization": "85",
            "{reads}_upper_threshold": "95",
            "{reads}_lower_threshold": "75",
            "throttled_{reads}_upper_threshold": "1",
            "allow_scaling_down_{reads}_on_0_percent": "true",
            "max_provisioned_{reads}": "5000",
        }.items()
    },
    "num_read_checks_before_scale_down": "2",
    "lookback_window_start": "5",
    "lookback_period": "5",
    "decrease_late_in_hour": "true",
}
MINUTES_BEFORE = 20
"""Minutes of load before the first check; CloudWatch has all but the newest."""
REFUSED = AwsError("dynamodb:UpdateTable", "ThrottlingException")

Load = tuple[float | None, float]
"""Units a second and throttled events of a minute; no datapoint if the units are None."""
LOADS = st.tuples(
    st.one_of(st.none(), st.sampled_from([0.0, 20.0, 60.0, 80.0, 90.0, 150.0]), st.floats(0, 400)),
    st.sampled_from([0.0, 0.0, 0.0, 2.0, 20_000.0]),
)


class Account:
    """A table whose load and whose updates are the same, whatever checks it."""

    def __init__(self, loads: Sequence[Load], refused: frozenset[int], interval: int) -> None:
        self.loads, self.refused, self.interval = loads, refused, interval
        self.units = both(100)

    def check(self, world: FakeWorld, number: int) -> object:
        """Run a check, and return what it decided and why."""
        minute = number * self.interval
        sums, events = {}, {}
        for place, (units, throttled) in enumerate(self.loads[: minute + MINUTES_BEFORE - 1]):
            moment = NOON + (place - MINUTES_BEFORE) * MINUTE
            if units is not None:
                sums[moment] = units * 60
            if throttled:
                events[moment] = throttled
        world.tables.descriptions.pop(B, None)
        world.tables.add(A, self.units)
        world.metrics.answers[A] = PerCapacity((sums, events), (sums, events))
        world.tables.update_errors[:] = [REFUSED] if number in self.refused else []
        (report,) = world.run(NOW + minute * MINUTE).targets
        self.units = world.units(A)
        decision = report.decision
        assert decision is not None
        return report.outcome, decision


def make_world(file: EntriesFile | None = None) -> FakeWorld:
    """Return a world with a new process's memory."""
    return FakeWorld(section("^a$", **OPTIONS), file=file)


@settings(max_examples=40, phases=[Phase.generate])
@given(st.lists(LOADS, min_size=60, max_size=90), st.frozensets(st.integers(0, 60)), st.sampled_from([1, 5]))
def test_runs_from_cron_decide_as_a_daemon_does(
    loads: list[Load], refused: frozenset[int], interval: int
) -> None:
    by_daemon, by_cron = Account(loads, refused, interval), Account(loads, refused, interval)
    daemon = make_world()
    with TemporaryDirectory() as folder:
        for number in range((len(loads) - MINUTES_BEFORE) // interval):
            cron = make_world(StateFile(Path(folder) / "state.json", "eu-west-1"))
            assert by_cron.check(cron, number) == by_daemon.check(daemon, number)
