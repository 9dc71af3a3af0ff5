"""The orders of a user who deletes the account: they go on, they stay, and nobody gets a mail about them."""

from collections.abc import Callable
from typing import Any

import pytest
from bson import ObjectId
from flask import Flask

from models.documents import Order
from models.order import find
from tests.faults.time_travel import pass_time
from tests.support.client import PASSWORD, Client, expect_problem
from tests.support.collections import orders
from tests.support.waiting import wait_for


@pytest.mark.usefixtures("worker")
def test_an_open_order_is_processed_and_its_mail_goes_to_nobody(
    quiet: Client, place: Callable[..., dict[str, Any]], app: Flask
) -> None:
    order = place()

    assert quiet.delete("/api/auth/me", {"password": PASSWORD}).status_code == 204
    pass_time(orders().database, [ObjectId(quiet.user_id)])  # nobody rang: the sweeper does it

    done = wait_for(lambda: _finished(order["orderId"]), "the order to be finished")
    assert (done["status"], done["totalAmount"]) == ("Processed", order["totalAmount"])
    assert [entry["event"] for entry in done["history"]][-3:] == ["settled", "mail_claimed", "mail_refused"]
    assert done["history"][-1]["reason"] == "the user does not exist any more"
    assert quiet.email not in str(done)
    assert quiet.mails() == []


def test_who_deleted_the_account_sees_no_order_any_more(
    quiet: Client, place: Callable[..., dict[str, Any]]
) -> None:
    order_id, product_id = place()["orderId"], place()["items"][0]["productId"]
    assert quiet.get(f"/api/orders/{order_id}").status_code == 200  # now in the cache, too

    quiet.delete("/api/auth/me", {"password": PASSWORD})

    wait_for(lambda: quiet.get(f"/api/orders/{order_id}").status_code == 401, "the token to end")
    wait_for(lambda: quiet.order({product_id: 1}).status_code == 401, "all processes to know it")
    expect_problem(quiet.post(f"/api/orders/{order_id}/cancel"), 401, "token_invalid")
    again = Client(quiet.base).register(quiet.email)
    expect_problem(again.get(f"/api/orders/{order_id}"), 404, "order_not_found")


def _finished(order_id: str) -> Order | None:
    order = find(order_id)
    return order if order and order.get("settled") and "nextActionAt" not in order else None
