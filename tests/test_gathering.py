"""The last answers are not waited for without end; what still waits for a worker is."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.gathering import gather


def _wait(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def test_results_come_in_their_order() -> None:
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(_wait, seconds) for seconds in (0.05, 0.0, 0.02)]
        assert gather("it", futures, 5) == [0.05, 0.0, 0.02]


def test_the_last_one_is_given_up_and_the_others_are_kept() -> None:
    released = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(released.wait), pool.submit(lambda: True)]
        late, kept = gather("it", futures, 0.05)
        released.set()
    assert isinstance(late, AwsError)
    assert str(late) == (
        "it failed: TooLate: no answer in the 0.05 s after the others'; the check went on without it"
    )
    assert kept is True


def test_nothing_is_given_up_that_still_waits_for_its_turn() -> None:
    with ThreadPoolExecutor(1) as pool:
        futures = [pool.submit(_wait, seconds) for seconds in (0.2, 0.0)]
        assert gather("it", futures, 0.05) == [0.2, 0.0]


def test_nothing_to_wait_for_is_no_wait() -> None:
    assert gather("it", [], 5) == []
