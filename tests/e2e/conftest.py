"""A whole system, with the products that `make run` starts with."""

import pytest
from flask import Flask

from local_stack.seed import DEMO_PRODUCTS
from models import inventory


@pytest.fixture
def shop(api: str, worker: None, app: Flask) -> str:
    """The address of an API with a worker, and with the products of the examples, whatever came before."""
    for product_id, (stock, price) in DEMO_PRODUCTS.items():
        inventory.set_stock(product_id, stock=stock, price=price)
    return api
