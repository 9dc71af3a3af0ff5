"""Places for business steps: as many as there are threads, and those who wait for one come first."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.waiting import wait_for
from workers.step_threads import StepThreads

Done = Callable[[], None]


@pytest.fixture
def running() -> list[Done]:
    """What ends each step that runs, in the order in which they began."""
    return []


@pytest.fixture
def threads(running: list[Done]) -> StepThreads:
    def submit(_function: Any, _order: Any, then: Done) -> None:
        running.append(then)

    return StepThreads(submit, threads=2, lease_seconds=60, limit_seconds=900)


def begin(threads: StepThreads, patient: bool = False) -> bool:
    order: Any = {}
    taken = threads.take(patient)
    if taken:
        threads.run(lambda _: None, order)
    return taken


def test_there_are_as_many_places_as_threads_and_each_is_given_back(
    threads: StepThreads, running: list[Done]
) -> None:
    assert [begin(threads) for _ in range(3)] == [True, True, False]
    running.pop(0)()
    assert [begin(threads) for _ in range(2)] == [True, False]


def test_who_has_waited_is_not_waited_for_any_more(threads: StepThreads, running: list[Done]) -> None:
    for _ in range(3):
        assert begin(threads, patient=True)
        running.pop(0)()

    assert begin(threads)


def test_who_waits_gets_the_next_place_before_those_who_only_ask(
    threads: StepThreads, running: list[Done]
) -> None:
    begin(threads), begin(threads)
    got: list[bool] = []
    waiter = threading.Thread(target=lambda: got.append(threads.take(patient=True)))
    waiter.start()
    wait_for(lambda: threads._waiting == 1, "the waiter")
    assert not threads.take(patient=False)

    running.pop(0)()
    waiter.join(60)

    assert got == [True]
    assert not threads.take(patient=False), "the place is taken"


def test_at_the_stop_no_place_is_given_and_nobody_waits_on(threads: StepThreads) -> None:
    begin(threads), begin(threads)
    got: list[bool] = []
    waiter = threading.Thread(target=lambda: got.append(threads.take(patient=True)))
    waiter.start()
    wait_for(lambda: threads._waiting == 1, "the waiter")

    threads.stop()
    waiter.join(60)

    assert got == [False]
