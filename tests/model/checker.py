"""Breadth-first search over all reachable states; the first violation has the shortest trace.

A state is remembered by its 64-bit hash and the hash of the state that led to it. With n states the
chance that two share a hash, and one goes unseen, is about n * n / 2 ** 65: one in 300,000 for ten million.
"""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import NamedTuple

from .actors import Step
from .invariants import ALWAYS, AT_REST, RECOVERY_STEPS, UNDER_A_CLOCK, broken, everybody_dies, recovery
from .state import Case, State, first_state
from .trace import describe
from .world import successors

Progress = Callable[[int, int, int], None]


class Violation(NamedTuple):
    """What does not hold, and the shortest way there: labels and states, the recovery included."""

    rule: str
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        return f"broken: {self.rule}\n{describe(self.steps)}"


class Result(NamedTuple):
    """`complete` is False when the search was stopped before it had seen everything."""

    states: int
    depth: int
    seconds: float
    complete: bool
    taken: frozenset[object]
    violation: Violation | None


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """States hold no circles, and to look for some among millions of tuples takes a fifth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Search:
    """One search. `until` bounds it, in seconds of one core; `progress` hears of each level: its depth, the
    states seen so far, and those that are new."""

    def __init__(self, case: Case, until: float = float("inf"), progress: Progress | None = None) -> None:
        self.case = case
        self.until = until
        self.progress = progress
        self.first = first_state(case)
        self.parents: dict[int, int] = {hash(self.first): 0}
        self.checked: set[int] = set()
        self.recovered: set[int] = set()
        self.taken: set[object] = set()
        self.depth = 0

    def run(self) -> Result:
        """Search until all is seen, something is broken, or the time is up."""
        with _no_garbage_collection():
            return self._run()

    def _run(self) -> Result:
        started = time.process_time()
        waiting, bad = [self.first], None
        while waiting and bad is None and time.process_time() - started < self.until:
            if self.progress:
                self.progress(self.depth, len(self.parents), len(waiting))
            waiting, bad = self._level(waiting)
            self.depth += 1
        seconds = time.process_time() - started
        complete = bad is None and not waiting
        violation = bad and self._explain(*bad)
        taken = frozenset(self.taken)
        return Result(len(self.parents), self.depth, seconds, complete, taken, violation)

    def _level(self, waiting: list[State]) -> tuple[list[State], tuple[str, State] | None]:
        """All states one step further, or the first of them that breaks a rule."""
        case, parents = self.case, self.parents
        found: list[State] = []
        for state in waiting:
            parent = hash(state)
            for label, after in successors(case, state):
                key = hash(after)
                if key in parents:
                    continue
                parents[key] = parent
                self.taken.update(label)
                rule = self._problem(after)
                if rule:
                    return found, (rule, after)
                found.append(after)
        return found, None

    def _problem(self, state: State) -> str | None:
        """Of the state itself, or of what becomes of it if all die now. Depends on documents alone."""
        rule = broken(UNDER_A_CLOCK, self.case, state) if self.case.clock else None
        if rule:
            return rule
        facts = hash(state[:4])
        if facts in self.checked:
            return None
        self.checked.add(facts)
        return broken(ALWAYS, self.case, state) or self._problem_at_rest(state)

    def _problem_at_rest(self, state: State) -> str | None:
        """What the recovery comes to. Whatever runs into a path that ended well ends well too."""
        path = []
        for _, after in recovery(self.case, everybody_dies(state)):
            facts = hash((after[:4], after.workers))
            if facts in self.recovered:
                break
            path.append(facts)
            rule = broken(ALWAYS, self.case, after)
            if rule or len(path) > RECOVERY_STEPS:
                return rule or "the_recovery_ends"
            state = after
        else:
            rule = broken(AT_REST, self.case, state)
            if rule:
                return rule
        self.recovered.update(path)
        return None

    def _explain(self, rule: str, state: State) -> Violation:
        """Walk the hashes back to the start, then forward again through the states they stand for."""
        keys = [hash(state)]
        while keys[-1] != hash(self.first):
            keys.append(self.parents[keys[-1]])
        steps: list[Step] = [(("at first",), self.first)]
        for key in reversed(keys[:-1]):
            steps.append(next(s for s in successors(self.case, steps[-1][1]) if hash(s[1]) == key))
        if rule not in (broken(ALWAYS, self.case, state), broken(UNDER_A_CLOCK, self.case, state)):
            dead = everybody_dies(state)
            steps.append((("all others stop here; now the recovery:",), dead))
            steps.extend(islice(recovery(self.case, dead), RECOVERY_STEPS))
        return Violation(rule, tuple(steps))
