"""Messages and cache entries are read both ways."""

from uuid import uuid4

from tests.interop.conftest import Pair
from tests.interop.test_orders import finished
from tests.support.waiting import wait_for


def test_a_message_that_node_sent_is_worked_on_here(pair: Pair) -> None:
    user = pair.customer()
    order_id = f"ORD {uuid4().hex[:8]}"
    fields = {"orderId": order_id, "userId": user.user_id, "items": [], "totalAmount": 1}
    fields["items"] = [{"productId": "book", "quantity": 1}]
    pair.hand.do("create", model="Order", fields=fields)  # too young to be taken up without a message

    pair.hand.do("send", message={"orderId": order_id})

    assert user.ended(order_id)["status"] == "Processed"


def test_a_message_of_ours_is_read_by_node(without_worker: Pair) -> None:
    order_id = (
        without_worker.customer().order({without_worker.product(1): 1}, totalAmount=1).json()["orderId"]
    )

    message = wait_for(lambda: without_worker.hand.do("receive"), "the message")

    assert message["orderId"] == order_id


def test_what_our_worker_puts_into_the_cache_is_read_by_node(pair: Pair) -> None:
    user = pair.customer()
    order = finished(pair, user)
    key = f"order:{order['orderId']}"

    entry = pair.hand.do("recall", key=key)

    assert entry == user.get(f"/api/orders/{order['_id']}").json()
    assert 0 < pair.hand.do("life", key=key) <= 600


def test_what_nodes_worker_puts_there_is_shown_here_without_what_is_not_for_clients(pair: Pair) -> None:
    user = pair.customer()
    order = finished(pair, user)
    before = user.get(f"/api/orders/{order['orderId']}").json()
    entry = pair.hand.do("find", model="Order", filter={"orderId": order["orderId"]})

    pair.hand.do("remember", key=f"order:{order['orderId']}", value=entry)

    answer = user.get(f"/api/orders/{order['orderId']}")
    assert answer.headers["X-Cache"] == "hit"
    assert {**answer.json(), "items": []} == {**before, "items": []}
    assert [(i["productId"], i["quantity"]) for i in answer.json()["items"]] == [
        (i["productId"], i["quantity"]) for i in before["items"]
    ]
