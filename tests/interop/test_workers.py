"""Node's worker beside ours and beside a cancel: what it costs, and what it cannot break."""

from typing import Any

from tests.interop.conftest import Pair
from tests.interop.peer import running_node
from tests.interop.test_orders import differences
from tests.support.client import Client
from tests.support.system import running_worker
from tests.support.waiting import wait_for


def ordered(pair: Pair, user: Client, product_id: str) -> str:
    """Two of a product; the id of the order."""
    made = user.order({product_id: 2}, totalAmount=19.5)
    assert made.status_code == 201, made.text
    return str(made.json()["orderId"])


def wait_until_it_rests(pair: Pair, order_id: str) -> dict[str, Any]:
    def at_rest() -> dict[str, Any] | None:
        order = pair.room.order(order_id)
        return None if "nextActionAt" in order else order

    # Messages that a killed worker was about to get come a minute later; a sweep comes then, too.
    return wait_for(at_rest, "the order to be left alone", 180) or {}


def books(pair: Pair, product_id: str) -> tuple[int, int, int]:
    """Free to sell, sold, held."""
    found = pair.room.stock(product_id)
    held = sum(hold["quantity"] for hold in found.get("holds", []))
    return found["stock"], found.get("sold", 0), held


def test_what_nodes_worker_made_processed_is_booked_and_mailed_by_ours_later(without_worker: Pair) -> None:
    pair, room = without_worker, without_worker.room
    user, product_id = pair.customer(), pair.product(5)
    order_id = ordered(pair, user, product_id)

    with running_node("worker.js", {**room.settings, "POLL_MS": "500"}, room.logs / "poll.log", "polling"):
        assert user.ended(order_id)["status"] == "Processed"
        wait_for(lambda: "mail: " in (room.logs / "poll.log").read_text(), "its mail to be refused")

    assert books(pair, product_id) == (3, 0, 2)
    assert user.mails() == []
    # The message that Node took comes again in 30 s, and the sweep looks at the order by then.
    pair.hand.do("send", message={"orderId": order_id})
    with running_worker(room.settings, room.logs / "worker.log"):
        wait_until_it_rests(pair, order_id)
        assert len(wait_for(user.mails, "the mail")) == 1
    assert books(pair, product_id) == (3, 2, 0)


def test_nodes_worker_that_writes_over_ours_changes_nothing(pair: Pair) -> None:
    user, product_id = pair.customer(), pair.product(5)
    order_id = ordered(pair, user, product_id)
    pair.hand.do("open", orderId=order_id)
    wait_for(lambda: pair.room.order(order_id)["status"] == "Processed", "our worker")
    before = wait_until_it_rests(pair, order_id)

    pair.hand.do("complete", orderId=order_id)

    assert differences(before, pair.room.order(order_id)) <= {"updatedAt"}
    assert user.get(f"/api/orders/{order_id}").json()["status"] == "Processed"
    assert books(pair, product_id) == (3, 2, 0)


def test_beside_a_cancel_it_says_processed_and_the_stock_stays_free_with_no_mail_that_says_so(
    without_worker: Pair,
) -> None:
    pair, room = without_worker, without_worker.room
    user, product_id = pair.customer(), pair.product(5)
    order_id = ordered(pair, user, product_id)
    pair.hand.do("open", orderId=order_id)
    assert user.post(f"/api/orders/{order_id}/cancel").json()["failureReason"] == "cancelled"

    pair.hand.do("complete", orderId=order_id)

    # Those of the order and of its cancel may come late: see above.
    pair.hand.do("send", message={"orderId": order_id})
    with running_worker(room.settings, room.logs / "worker.log"):
        after = wait_until_it_rests(pair, order_id)
    assert (after["status"], after["failureReason"]) == ("Processed", "cancelled")
    assert after["putAside"]["reason"].startswith("status is Processed, but its history says ")
    assert books(pair, product_id) == (5, 0, 0)
    assert not [mail for mail in user.mails() if "Processed" in mail["text"]]
    assert order_id in room.flask("audit").stdout
