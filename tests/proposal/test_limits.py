"""Limits follow from AWS's registration, else from the busiest minute, and lower nothing by themselves."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_dynamodb.check.ports import Registration
from dynamic_dynamodb.proposal.limits import Basis, Limits, choose_limits
from dynamic_dynamodb.proposal.load import Load, Peak

NOON = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)
IDLE = Load()


def load(peak: float) -> Load:
    """Return a load with this busiest minute, in units a second."""
    return Load(peak * 60, Peak(peak, NOON))


@pytest.mark.parametrize(
    ("provisioned", "registration", "consumed", "expected"),
    [
        pytest.param(100, None, load(137), Limits(5, 274, Basis.PEAK), id="twice the peak"),
        pytest.param(100, None, load(50.01), Limits(5, 101, Basis.PEAK), id="rounded up"),
        pytest.param(100, None, load(50), Limits(5, 100, Basis.PEAK), id="exactly twice the peak"),
        pytest.param(100, None, load(0.1), Limits(5, 100, Basis.PEAK_BELOW), id="low peak"),
        pytest.param(100, None, IDLE, Limits(5, 100, Basis.IDLE), id="idle"),
        pytest.param(100, None, None, Limits(5, 100, Basis.UNKNOWN), id="load unknown"),
        pytest.param(2, None, load(9), Limits(2, 18, Basis.PEAK), id="little provisioned"),
        pytest.param(1, None, IDLE, Limits(1, 1, Basis.IDLE), id="one unit"),
        pytest.param(9, Registration(7, 70), None, Limits(7, 70, Basis.REGISTERED), id="registered"),
        pytest.param(
            9, Registration(7, 70), load(90), Limits(7, 70, Basis.REGISTERED), id="registered, busy"
        ),
        pytest.param(
            90, Registration(7, 70), None, Limits(7, 90, Basis.REGISTERED_BELOW), id="registered below"
        ),
        pytest.param(9, Registration(0, 0), None, Limits(1, 9, Basis.REGISTERED_BELOW), id="registered at 0"),
    ],
)
def test_limits_have_a_reason(
    provisioned: int, registration: Registration | None, consumed: Load | None, expected: Limits
) -> None:
    assert choose_limits(provisioned, registration, consumed) == expected


_UNITS = st.integers(0, 100_000)
_REGISTRATIONS = st.tuples(_UNITS, _UNITS).map(lambda pair: Registration(min(pair), max(pair)))


@given(
    st.integers(1, 100_000),
    st.none() | _REGISTRATIONS,
    st.none() | st.just(IDLE) | st.floats(0.001, 1e6).map(load),
)
def test_limits_are_valid_and_no_maximum_is_below_what_is_provisioned(
    provisioned: int, registration: Registration | None, consumed: Load | None
) -> None:
    minimum, maximum, _ = choose_limits(provisioned, registration, consumed)
    assert 1 <= minimum <= maximum
    assert maximum >= provisioned
    if registration is None:
        assert minimum <= provisioned
        assert consumed is None or consumed.peak is None or maximum >= 2 * consumed.peak.units
