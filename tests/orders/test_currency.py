"""CURRENCY: an order has the one that was set when it was placed, and keeps it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from local_stack.probes import free_port
from tests.support.client import Client
from tests.support.system import running_api

Product = Callable[..., str]


@pytest.fixture(scope="module")
def in_euros(settings: dict[str, str], logs: Path) -> Iterator[str]:
    """An API of a shop that sells for euros."""
    nowhere = f"http://127.0.0.1:{free_port()}"  # so that no worker hears of its orders
    changes = {"AWS_ENDPOINT_URL": nowhere, "RING_SECONDS": "3600"}
    with running_api(settings, logs / "euros.log", CURRENCY="EUR", **changes) as (base, _):
        yield base


def test_an_order_tells_its_currency_wherever_it_is_shown(in_euros: str, product: Product) -> None:
    client = Client(in_euros).register()

    placed = client.order({product(5): 1}).json()

    assert placed["currency"] == "EUR"
    for _ in range(2):  # from the database, and from the cache
        assert client.get(f"/api/orders/{placed['orderId']}").json()["currency"] == "EUR"
    assert [order["currency"] for order in client.get("/api/orders").json()["data"]] == ["EUR"]
    assert client.post(f"/api/orders/{placed['orderId']}/cancel").json()["currency"] == "EUR"


def test_another_setting_later_changes_no_order_and_no_answer(
    in_euros: str, quiet_api: str, product: Product
) -> None:
    """The setting is taken away, and put back: the same key is answered as it was at first."""
    before, after = Client(in_euros).register(), Client(quiet_api)
    after.tokens, product_id = before.tokens, product(5)
    with_euros = before.order({product_id: 1}, key="euros").json()
    without = after.order({product_id: 1}, key=uuid4().hex)
    key = without.request.headers["Idempotency-Key"]

    again, without_again = after.order({product_id: 1}, key="euros"), before.order({product_id: 1}, key=key)

    assert again.headers["Idempotent-Replayed"] == without_again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == with_euros
    assert without_again.json() == without.json()
    assert "currency" not in without.json()
    assert after.get(f"/api/orders/{with_euros['orderId']}").json()["currency"] == "EUR"
