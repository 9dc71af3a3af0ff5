"""Fixtures of the fault tests: a seed that is printed and can be given, and lanes for crash runs."""

import os
import random
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue

import pytest

from local_stack.stack import LocalStack
from tests.faults.lane import Lane, running_lane

_LANES = 2


@pytest.fixture(scope="session")
def seed() -> int:
    """FAULT_SEED, or a fresh one. pytest shows it when a test fails; `-s` shows it always."""
    return int(os.environ.get("FAULT_SEED") or random.SystemRandom().randrange(1_000_000))


@pytest.fixture(scope="session")
def lanes(stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleQueue[Lane]]:
    """Lanes that are free: take one, and put it back."""
    directory: Path = tmp_path_factory.mktemp("lanes")
    free: SimpleQueue[Lane] = SimpleQueue()
    with ExitStack() as opened:
        for n in range(_LANES):
            free.put(opened.enter_context(running_lane(stack, directory / str(n))))
        yield free
