"""Hashing passwords takes processors, not the API: whoever does not log in does not notice that many do."""

import os
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.client import Client, expect_problem
from tests.support.system import running_api
from utils import passwords

SLOWEST = "16"  # seconds for each, on any machine
MORE_THAN_THERE_IS_TIME_FOR = 12 * passwords.AT_ONCE


@pytest.fixture(scope="module")
def slow_hashing(settings: dict[str, str], logs: Path) -> Iterator[str]:
    """An API of one process, with the most expensive hashes."""
    changes = {"WEB_CONCURRENCY": "1", "BCRYPT_COST": SLOWEST}
    with running_api(settings, logs / "hashing.log", **changes) as (base, _):
        yield base


def test_others_are_served_while_passwords_are_hashed_and_who_comes_too_late_is_told_so(
    slow_hashing: str,
) -> None:
    finished: Counter[int] = Counter()
    begun = threading.Barrier(MORE_THAN_THERE_IS_TIME_FOR + 1)

    def log_in(number: int) -> None:
        client, body = Client(slow_hashing), {"email": f"{number}@example.com", "password": "wrong password"}
        begun.wait()
        answer = client.post("/api/auth/login", body)
        finished[answer.status_code] += 1
        if answer.status_code != 401:
            expect_problem(answer, 503, "service_unavailable")

    with ThreadPoolExecutor(MORE_THAN_THERE_IS_TIME_FOR) as pool:
        logins = [pool.submit(log_in, number) for number in range(MORE_THAN_THERE_IS_TIME_FOR)]
        begun.wait()
        for _ in range(20):
            assert Client(slow_hashing).get("/livez").status_code == 200
        assert not finished, "a login was over before the others were served"
        for login in logins:
            login.result()

    assert finished[401] >= 1
    assert finished[503] >= 1
    assert finished.total() == MORE_THAN_THERE_IS_TIME_FOR


def test_half_of_the_processors_hash_at_once_at_most() -> None:
    assert 1 <= passwords.AT_ONCE <= max(1, (os.cpu_count() or 1) // 2)
