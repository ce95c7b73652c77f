"""A start reports which places cannot be checked yet, when each has looked up its credentials."""

from __future__ import annotations

import pytest

from dynamic_dynamodb.config.places import Place, label_places
from dynamic_dynamodb.service.place_check import FirstLookups

ONE = label_places([Place("us-east-1")])
TWO = label_places([Place("us-east-1"), Place("eu-west-1")])


@pytest.mark.parametrize(
    ("places", "failures", "reported"),
    [
        pytest.param(ONE, [""], "", id="one place that works"),
        pytest.param(ONE, ["denied"], "nothing can be checked yet: denied", id="one place that fails"),
        pytest.param(TWO, ["", ""], "", id="two places that work"),
        pytest.param(
            TWO,
            ["", "denied"],
            "1 of 2 places cannot be checked yet: eu-west-1: denied",
            id="one of two places fails",
        ),
        pytest.param(
            TWO,
            ["expired", "denied"],
            "nothing can be checked yet: us-east-1: expired; eu-west-1: denied",
            id="both fail",
        ),
    ],
)
def test_a_start_says_what_cannot_be_checked_yet(
    places: tuple[Place, ...], failures: list[str], reported: str
) -> None:
    calls: list[str] = []
    lookups = FirstLookups(calls.append, places)
    for place, failure in zip(places, failures, strict=True):
        assert calls == []
        lookups.note(place, failure)
        lookups.note(place, "a later look-up, which does not count")
    assert calls == [reported]
