"""Values are equal by what they hold, can be keys, and are not changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamic_dynamodb.scaling.model import value


@value
class Sample:
    """A value with a default."""

    name: str
    units: int = 1


if TYPE_CHECKING:
    # The type checker must refuse this: if it did not, it would call the comment unused.
    Sample("a").units = 2  # type: ignore[misc]  # on purpose


def test_values_of_the_same_content_are_one_key() -> None:
    assert {Sample("a"): 1, Sample("a", 1): 2, Sample("b"): 3} == {Sample("a"): 2, Sample("b"): 3}


def test_a_value_takes_no_other_attribute() -> None:
    assert not hasattr(Sample("a"), "__dict__")
