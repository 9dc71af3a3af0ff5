"""Killed with -9 before and after every write and every call outside: all comes right again."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import NamedTuple

import pytest

import server  # noqa: F401 - importing these two names all crash points
import workers.order_worker  # noqa: F401
from tests.faults import crash_web, crash_worker
from tests.faults.lane import Lane, run_on
from utils import crash_points

_ROLES = {"web": crash_web, "worker": crash_worker}


class Case(NamedTuple):
    role: str
    point: str
    side: str
    items: int

    @property
    def name(self) -> str:
        return f"{self.role}-{self.side}-{self.point}-{self.items}"


CASES = [
    Case(role, point, side, items)
    for role, module in _ROLES.items()
    for point in module.DRIVES
    for side in ("before", "after")
    for items in (1, 2, 3)
]

Outcomes = dict[Case, "Future[list[str]]"]


@pytest.fixture(scope="module")
def outcomes(lanes: SimpleQueue[Lane], request: pytest.FixtureRequest) -> Iterator[Outcomes]:
    """What the checker finds after each case that was selected: as many at once as there are lanes."""

    def crash_and_recover(case: Case) -> list[str]:
        lane = lanes.get()
        try:
            with run_on(lane, case.name, case.items) as run:
                _ROLES[case.role].DRIVES[case.point](run, f"{case.side}:{case.point}")
                return run.recover()
        finally:
            lanes.put(lane)

    names = {item.name for item in request.session.items}
    selected = [case for case in CASES if any(f"[{case.name}]" in name for name in names)]
    with ThreadPoolExecutor(lanes.qsize()) as pool:
        yield {case: pool.submit(crash_and_recover, case) for case in selected}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_process_dies_here_and_nothing_is_lost(outcomes: Outcomes, case: Case) -> None:
    assert outcomes[case].result() == []


@pytest.mark.parametrize("role", _ROLES)
def test_every_crash_point_is_driven_or_its_absence_explained(role: str) -> None:
    driven, explained = set(_ROLES[role].DRIVES), set(_ROLES[role].UNREACHABLE)

    assert driven.isdisjoint(explained)
    assert driven | explained == set(crash_points.names)
