"""The README's advice on billing follows from its prices."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import ROOT, read

README = read(ROOT / "README.md")
SECONDS_PER_HOUR = 3600


@pytest.mark.parametrize(
    ("unit_hour", "million_requests"),
    [pytest.param("0.00013", "0.125", id="reads"), pytest.param("0.00065", "0.625", id="writes")],
)
def test_on_demand_is_cheaper_below_the_utilisation_in_the_readme(
    unit_hour: str, million_requests: str
) -> None:
    assert f"${unit_hour} " in README
    assert f"${million_requests} " in README
    on_demand_hour = SECONDS_PER_HOUR * float(million_requests) / 1_000_000
    (named,) = re.findall(r"cheaper below about (\d+) % average utilisation", README)
    assert round(100 * float(unit_hour) / on_demand_hour) == int(named)


def test_an_hour_of_reads_on_demand_costs_the_price_in_the_readme() -> None:
    (rate, price, total) = re.findall(r"([\d,]+) . \$([\d.]+) / 1,000,000 = \$([\d.]+):", README)[0]
    assert round(float(rate.replace(",", "")) * float(price) / 1_000_000, 8) == float(total)
