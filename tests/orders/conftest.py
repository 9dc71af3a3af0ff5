"""An API whose orders nobody processes, so that a test can look at them while they are Pending."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from local_stack.probes import free_port
from tests.support.client import Client
from tests.support.system import running_api


@pytest.fixture(scope="session")
def quiet_api(settings: dict[str, str], logs: Path) -> Iterator[str]:
    """The address of an API that rings in vain, and whose orders the sweeper leaves alone for an hour."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    changes = {"AWS_ENDPOINT_URL": nowhere, "RING_SECONDS": "3600"}
    with running_api(settings, logs / "quiet.log", **changes) as (base, _):
        yield base


@pytest.fixture
def quiet(quiet_api: str) -> Client:
    """A customer there."""
    return Client(quiet_api).register()


@pytest.fixture
def place(quiet: Client, product: Callable[..., str]) -> Callable[..., dict[str, Any]]:
    """Places orders that stay Pending: `place()` for 2 of 5 pieces at 10 each. Returns what was answered."""

    def make(**fields: Any) -> dict[str, Any]:
        answer = quiet.order({product(5): 2}, **fields)
        assert answer.status_code == 201, answer.text
        order: dict[str, Any] = answer.json()
        return order

    return make


@pytest.fixture
def redis(settings: dict[str, str]) -> Iterator["Redis"]:
    """The cache, past the app."""
    uri = settings.get("REDIS_URI") or f"redis://{settings['REDIS_HOST']}:{settings['REDIS_PORT']}/0"
    with Redis.from_url(uri) as client:
        yield client
