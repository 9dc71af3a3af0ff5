"""The whole story, as the README tells it."""

from collections.abc import Callable

import pytest

from tests.support.client import Client
from tests.support.waiting import wait_for


@pytest.mark.usefixtures("worker")
def test_a_newcomer_registers_orders_and_gets_the_mail(user: Client, product: Callable[..., str]) -> None:
    product_id = product(stock=5, price=19.99)

    answer = user.order({product_id: 2})

    assert answer.status_code == 201
    order = answer.json()
    assert answer.headers["Location"] == f"/api/orders/{order['orderId']}"
    assert order["status"] == "Pending"
    assert order["totalAmount"] == 39.98
    assert user.ended(order["orderId"])["status"] == "Processed"
    again = user.get(f"/api/orders/{order['orderId']}")
    assert again.headers["X-Cache"] == "hit"
    assert user.get(f"/api/inventory/{product_id}").json()["stock"] == 3
    (mail,) = wait_for(user.mails, "the mail")
    assert mail["subject"] == f"Order {order['orderId']} Status Update"
    assert "2 x " + product_id in mail["text"]
    assert "39.98" in mail["text"]
    assert product_id in mail["html"]
