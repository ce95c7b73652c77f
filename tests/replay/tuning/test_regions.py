"""A configuration file is for one region: that of most recordings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dynamic_dynamodb.cli.tuning import choose_region
from tests.replay.tuning.test_advice import tuned


@pytest.mark.parametrize(
    ("regions", "region", "kept"),
    [
        pytest.param(("", ""), "us-west-2", "01", id="unknown"),
        pytest.param(("eu-west-1", "eu-west-1"), "eu-west-1", "01", id="one"),
        pytest.param(("eu-west-1", ""), "eu-west-1", "01", id="partly-unknown"),
        pytest.param(("us-east-1", "eu-west-1", "eu-west-1"), "eu-west-1", "12", id="most"),
    ],
)
def test_recordings_of_other_regions_are_left_out(regions: tuple[str, ...], region: str, kept: str) -> None:
    found = [replace(tuned(target=f"table{n}"), region=one) for n, one in enumerate(regions)]
    chosen, left, strangers = choose_region(found, "us-west-2")
    assert (chosen, [one.target.table[-1] for one in left]) == (region, list(kept))
    assert len(strangers) == len(regions) - len(kept)
    assert all("us-east-1, and the file is for eu-west-1" in one for one in strangers)
