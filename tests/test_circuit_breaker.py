"""The circuit breaker alone, with the time in the test's hand: what it lets through, and what it says."""

from types import SimpleNamespace

import pytest

from tests.support.logged import Logged
from utils import circuit_breaker
from utils.circuit_breaker import CircuitBreaker, CircuitOpen


class Dependency:
    """Is down until it is told otherwise, and counts who asks."""

    def __init__(self) -> None:
        self.error: Exception | None = ConnectionError("down")
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.error is not None:
            raise self.error
        return "an answer"


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The time, in seconds."""
    clock = SimpleNamespace(seconds=100.0)
    monkeypatch.setattr(circuit_breaker, "time", SimpleNamespace(monotonic=lambda: clock.seconds))
    return clock


@pytest.fixture
def breaker() -> CircuitBreaker:
    return CircuitBreaker("a dependency", (ConnectionError,), failures=2, pause=2)


def fail(breaker: CircuitBreaker, dependency: Dependency, times: int) -> None:
    for _ in range(times):
        with pytest.raises(ConnectionError):
            breaker.call(dependency)


def test_after_two_failures_in_a_row_nothing_is_asked_for_two_seconds(
    breaker: CircuitBreaker, now: SimpleNamespace
) -> None:
    dependency = Dependency()
    fail(breaker, dependency, 2)

    for later in (0.0, 1.9):
        now.seconds = 100 + later
        with pytest.raises(CircuitOpen):
            breaker.call(dependency)
    assert dependency.calls == 2

    now.seconds = 102
    fail(breaker, dependency, 1)
    with pytest.raises(CircuitOpen):
        breaker.call(dependency)
    assert dependency.calls == 3, "one call was let through to see, and failed"


def test_one_failure_and_those_with_a_success_between_them_open_nothing(
    breaker: CircuitBreaker, now: SimpleNamespace
) -> None:
    dependency = Dependency()
    for _ in range(3):
        dependency.error = ConnectionError("down")
        fail(breaker, dependency, 1)
        dependency.error = None
        assert breaker.call(dependency) == "an answer"


def test_what_is_no_failure_of_the_dependency_opens_nothing(
    breaker: CircuitBreaker, now: SimpleNamespace
) -> None:
    dependency = Dependency()
    dependency.error = ValueError("a fault of ours")
    for _ in range(5):
        with pytest.raises(ValueError, match="ours"):
            breaker.call(dependency)
    assert not breaker.is_open


def test_while_one_call_looks_whether_it_is_back_the_others_do_not(
    breaker: CircuitBreaker, now: SimpleNamespace
) -> None:
    dependency = Dependency()
    fail(breaker, dependency, 2)
    now.seconds = 102

    def look() -> str:
        with pytest.raises(CircuitOpen):
            breaker.call(dependency)
        return "an answer"

    assert breaker.call(look) == "an answer"
    assert dependency.calls == 2


def test_each_change_of_state_is_one_line(
    breaker: CircuitBreaker, now: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    dependency, logged = Dependency(), Logged(monkeypatch, circuit_breaker)
    fail(breaker, dependency, 1)
    assert logged.events == []
    fail(breaker, dependency, 1)
    for _ in range(3):
        now.seconds += 2
        fail(breaker, dependency, 1)
    assert logged.events == ["circuit_opened"]
    assert logged.fields[0]["dependency"] == "a dependency"

    now.seconds += 2
    dependency.error = None
    for _ in range(3):
        breaker.call(dependency)
    assert logged.events == ["circuit_opened", "circuit_closed"]
