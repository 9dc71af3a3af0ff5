"""The protocol keeps its promises in every state of the small cases, and would not without its rules."""

import inspect
from types import ModuleType

import pytest

from models import order as order_model
from models import order_decisions, order_mail, order_step, reservations
from tests.model import cases, decisions, mail, state, step, stock
from tests.model.checker import Result, Search
from tests.model.mistakes import MISTAKES
from tests.model.state import Case
from tests.model.writes import EVENTS, SOUND
from utils import crash_points

CODE = {decisions: order_decisions, step: order_step, mail: order_mail, stock: reservations}
# The model has no field that these change, or does the same in another way: see docs/MODEL.md.
NOT_MODELLED = {
    *("finish", "mail_postponed", "record_delivery", "step_postponed", "drop_undo"),
}
_results: dict[str, Result] = {}


def _search(case: Case) -> Result:
    """Searched once for all tests."""
    if case.name not in _results:
        _results[case.name] = Search(case).run()
    return _results[case.name]


@pytest.mark.parametrize("case", cases.CI, ids=lambda case: case.name)
def test_no_rule_is_broken_in_any_state(case: Case) -> None:
    result = _search(case)
    assert result.violation is None, f"\n{result.violation}"
    assert result.complete


def test_the_cases_take_every_write_of_the_protocol() -> None:
    """Otherwise one of them could be wrong and nobody would see. A claim is part of another step here."""
    taken = frozenset().union(*(_search(case).taken for case in cases.CI))
    assert set(SOUND) - taken == {"claim"}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_planted_mistake_is_caught(name: str) -> None:
    mistake = MISTAKES[name]
    result = Search(mistake.case).run()
    assert result.violation is not None
    assert result.violation.rule == mistake.broken, f"\n{result.violation}"


def test_a_counterexample_can_be_read() -> None:
    trace = str(Search(MISTAKES["stock_is_taken_without_a_filter"].case).run().violation)
    assert "reserve order 1 product A hold 1" in trace
    assert "stock -1, sold 0, held: 1 by order 1 (hold 1), 1 by order 2 (hold 1)" in trace


@pytest.mark.parametrize("model", CODE, ids=lambda module: module.__name__.rpartition(".")[2])
def test_the_model_has_the_writes_of_the_code_and_no_others(model: ModuleType) -> None:
    """Each write of the code is a place where tests crash a process, and is marked as one."""
    assert set(EVENTS[model]) == _writes_of(CODE[model]) - NOT_MODELLED


def _writes_of(module: ModuleType) -> set[str]:
    own = inspect.getmembers(module, inspect.isfunction)
    return {name for name, value in own if value.__module__ == module.__name__ and name in crash_points.names}


@pytest.mark.parametrize("model", [decisions, step, mail], ids=("decisions", "step", "mail"))
def test_the_events_are_those_that_the_code_writes(model: ModuleType) -> None:
    text = inspect.getsource(CODE[model])
    for event in filter(None, EVENTS[model].values()):
        assert f'"{event}"' in text or (model is decisions and event == "received")


def test_the_states_are_those_of_the_code() -> None:
    ours = (state.PENDING, state.PROCESSED, state.FAILED)
    assert ours == (order_model.PENDING, order_model.PROCESSED, order_model.FAILED)
