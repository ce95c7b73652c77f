"""Results are gathered in order, and stragglers are given up."""

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


def test_a_straggler_is_given_up_and_the_other_results_are_kept() -> None:
    released = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(released.wait), pool.submit(lambda: True)]
        late, kept = gather("it", futures, replace(PATIENT, straggling=0.05))
        released.set()
    assert isinstance(late, AwsError)
    assert str(late) == ("it failed: TooLate: no answer within 0.05 s of the others; continuing without it")
    assert kept is True


def test_calls_that_wait_for_a_worker_are_not_given_up() -> None:
    with ThreadPoolExecutor(1) as pool:
        futures = [pool.submit(_wait, seconds) for seconds in (0.4, 0.0)]
        assert gather("it", futures, replace(PATIENT, straggling=0.05)) == [0.4, 0.0]


def test_a_call_whose_worker_never_comes_back_is_given_up_and_never_starts() -> None:
    released, began = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        futures: list[Future[object]] = [pool.submit(released.wait), pool.submit(began.set)]
        answers = gather("it", futures, replace(PATIENT, straggling=0.05, lost=0.3))
        released.set()
    assert ["TooLate" in str(answer) for answer in answers] == [True, True]
    assert not began.is_set()


def test_a_stopping_program_waits_for_no_look_up_and_briefly_for_an_update() -> None:
    released = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        futures: list[Future[object]] = [pool.submit(released.wait), pool.submit(lambda: 1)]
        lost, known = gather("it", futures, Waits.for_lookups(Timeouts(), lambda: True))
        threading.Timer(0.3, released.set).start()
        changes = gather("it", futures, Waits.for_changes(Timeouts(), lambda: True))
    assert str(lost) == "it failed: Ending: no answer before the program had to stop"
    assert known == 1
    assert changes == [True, 1]


def test_without_calls_there_is_no_wait() -> None:
    assert gather("it", [], PATIENT) == []
