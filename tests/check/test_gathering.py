"""The last answers are not waited for without end; what still waits for a worker is, if others come back."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from dynamic_dynamodb.check.resilience import Timeouts, Waits, gather
from dynamic_dynamodb.errors import AwsError

if TYPE_CHECKING:
    from concurrent.futures import Future

PATIENT = Waits.for_lookups(Timeouts())


def _wait(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def test_results_come_in_their_order() -> None:
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(_wait, seconds) for seconds in (0.05, 0.0, 0.02)]
        assert gather("it", futures, PATIENT) == [0.05, 0.0, 0.02]


def test_the_last_one_is_given_up_and_the_others_are_kept() -> None:
    released = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(released.wait), pool.submit(lambda: True)]
        late, kept = gather("it", futures, replace(PATIENT, straggling=0.05))
        released.set()
    assert isinstance(late, AwsError)
    assert str(late) == (
        "it failed: TooLate: no answer within 0.05 s of the others; the check went on without it"
    )
    assert kept is True


def test_nothing_is_given_up_that_still_waits_for_its_turn() -> None:
    with ThreadPoolExecutor(1) as pool:
        futures = [pool.submit(_wait, seconds) for seconds in (0.4, 0.0)]
        assert gather("it", futures, replace(PATIENT, straggling=0.05)) == [0.4, 0.0]


def test_what_waits_for_a_worker_that_never_comes_back_is_given_up_and_never_begins() -> None:
    released, began = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        futures: list[Future[object]] = [pool.submit(released.wait), pool.submit(began.set)]
        answers = gather("it", futures, replace(PATIENT, straggling=0.05, lost=0.3))
        released.set()
    assert ["TooLate" in str(answer) for answer in answers] == [True, True]
    assert not began.is_set()


def test_a_program_that_is_to_end_waits_for_no_look_up_but_a_moment_for_a_change() -> None:
    released = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        futures: list[Future[object]] = [pool.submit(released.wait), pool.submit(lambda: 1)]
        lost, known = gather("it", futures, Waits.for_lookups(Timeouts(), lambda: True))
        threading.Timer(0.3, released.set).start()
        changes = gather("it", futures, Waits.for_changes(Timeouts(), lambda: True))
    assert str(lost) == "it failed: Ending: no answer before the program had to end"
    assert known == 1
    assert changes == [True, 1]


def test_nothing_to_wait_for_is_no_wait() -> None:
    assert gather("it", [], PATIENT) == []
