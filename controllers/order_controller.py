"""Reading and cancelling orders. Port of controllers/orderController.js; order_placement.py places them.

The Node app showed any order to any user. Here someone else's order does not exist.
"""

from typing import Any

from bson import ObjectId

from models import order as order_model
from models import order_decisions
from models.settlement import settle
from services import publisher, redis_service
from services.order_bell import bell
from utils import errors

Document = dict[str, Any]


def show(user_id: ObjectId, order_id: str) -> tuple[Document, bool]:
    """An order of the user's, and whether it came from the cache. Raises OrderNotFound."""
    cached = redis_service.get_order(order_id)
    if cached is not None and cached["userId"] == str(user_id):  # else MongoDB says whose it is
        return cached, True
    view = order_model.to_json(_own(user_id, order_id))
    redis_service.add_order(view)
    return view, False


def wait_for_end(user_id: ObjectId, order_id: str, seconds: int) -> tuple[Document, bool] | None:
    """The order as `show` gives it, once it has ended or `seconds` have passed. None: no place to wait."""
    with bell().place(order_id) as ended:
        if ended is None:
            return None
        found = show(user_id, order_id)
        if found[0]["status"] != order_model.PENDING:
            return found
        ended.wait(seconds)
        return show(user_id, order_id)


def list_orders(
    user_id: ObjectId, wanted: order_model.Wanted, before: ObjectId | None, limit: int
) -> tuple[list[Document], bool]:
    """A page of the user's orders, newest first, and whether there are more."""
    found = order_model.find_page(user_id, wanted, before, limit + 1)
    return [order_model.to_json(order) for order in found[:limit]], len(found) > limit


def events(user_id: ObjectId, order_id: str) -> list[Document]:
    """What happened to an order of the user's. Raises OrderNotFound."""
    history: list[Document] = _own(user_id, order_id).get("history", [])
    return history


def cancel(user_id: ObjectId, order_id: str, request_id: str) -> Document:
    """Give an order of the user's up while it is Pending, and its stock back; doing it again changes nothing.

    Raises OrderNotFound or NotCancellable.
    """
    cancelled = order_decisions.cancel(_own(user_id, order_id))
    if cancelled is None:
        cancelled = _cancelled_before(_own(user_id, order_id))
    view = order_model.to_json(cancelled)
    if not cancelled.get("settled"):  # also when the request that cancelled it came no further
        settle(cancelled)
        redis_service.put_order(view)
        publisher.ring(cancelled["orderId"], request_id)  # the mail about it is the worker's
    return view


def _cancelled_before(order: Document) -> Document:
    if order.get("failureReason") != order_decisions.CANCELLED or order["status"] != order_model.FAILED:
        raise errors.NotCancellable(f"The order is {order['status']}. Only a Pending order can be cancelled.")
    return order


def _own(user_id: ObjectId, order_id: str) -> Document:
    order = order_model.find(order_id)
    if order is None or order["userId"] != user_id or not order_model.is_accepted(order):
        raise errors.OrderNotFound
    return order
