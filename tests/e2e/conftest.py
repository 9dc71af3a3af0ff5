"""A whole system, with the products that `make run` starts with."""

from collections.abc import Iterator

import pytest
from flask import Flask

from local_stack.probes import free_port
from local_stack.seed import DEMO_PRODUCTS
from models import inventory
from tests.e2e.programs import install_if_missing
from tests.e2e.watched import PLENTY, SOON, Watched
from tests.support.whole_system import running_system


@pytest.fixture
def shop(api: str, worker: None, app: Flask) -> str:
    """The address of an API with a worker, and with the products of the examples, whatever came before."""
    for product_id, (stock, price) in DEMO_PRODUCTS.items():
        inventory.set_stock(product_id, stock=stock, price=price)
    return api


@pytest.fixture(scope="session")
def promtool() -> None:
    install_if_missing("promtool", "prometheus")


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    port, directory = free_port(), tmp_path_factory.mktemp("alerts")
    with running_system(directory, WORKER_METRICS_PORT=str(port), **SOON, **PLENTY) as system:
        yield Watched(system, port, directory)
