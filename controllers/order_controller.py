"""Reading and cancelling orders. Port of controllers/orderController.js; order_placement.py places them.

The Node app showed any order to any user. Here another user's order does not exist.
"""

from typing import NamedTuple

from bson import ObjectId

from config.resources import resources
from models import order as order_model
from models import order_decisions, order_lists
from models.documents import HistoryEntry, Order, View
from models.order_shape import contradiction, events_of, view_flaw
from models.settlement import settle
from services import redis_service
from utils import errors
from utils.logs import warn_once

_TRIES = 3


class Shown(NamedTuple):
    """An order as clients see it, whether it came from the cache, and whether its end was waited for."""

    order: View
    cached: bool
    waited: bool = False


def show(user_id: ObjectId, order_id: str, wait: int = 0) -> Shown:
    """An order of the user's; with `wait`, once it has ended or that many seconds have passed.

    Where all places to wait are taken, the order as it is now. Raises OrderNotFound.
    """
    if not wait:
        return _look_up(user_id, order_id)
    with resources().order_waiters.waiting_for(order_id) as ended:
        shown = _look_up(user_id, order_id)
        if ended is not None and shown.order["status"] == order_model.PENDING:
            ended.wait(wait)
            shown = _look_up(user_id, order_id)
        return shown._replace(waited=ended is not None)


def _look_up(user_id: ObjectId, order_id: str) -> Shown:
    cached = redis_service.get_order(order_id)
    if cached is not None and cached["userId"] == str(user_id):  # else MongoDB says whose it is
        return Shown(cached, cached=True)
    view = order_model.to_json(_own(user_id, order_id))
    redis_service.add_order(view)
    return Shown(view, cached=False)


def list_orders(
    user_id: ObjectId, wanted: order_lists.Wanted, before: ObjectId | None, limit: int
) -> tuple[list[View], bool]:
    """A page of the user's orders, newest first, and whether there are more. Odd ones are left out."""
    whole: list[Order] = []
    while len(whole) <= limit:
        found = order_lists.find_page(user_id, wanted, before, limit + 1)
        whole += [order for order in found if _can_be_shown(order)]
        if len(found) <= limit:
            break
        before = found[-1]["_id"]
    return [order_model.to_json(order) for order in whole[:limit]], len(whole) > limit


def events(user_id: ObjectId, order_id: str) -> list[HistoryEntry]:
    """What happened to an order of the user's, the oldest first. Raises OrderNotFound."""
    return events_of(_find_own(user_id, order_id))


def cancel(user_id: ObjectId, order_id: str, request_id: str) -> View:
    """Give an order of the user's up while it is Pending, and its stock back; doing it again changes nothing.

    After an attempt of the business step, which is then undone first, the worker gives the stock back.
    Raises OrderNotFound or NotCancellable.
    """
    cancelled = _cancelled(user_id, order_id)
    view = order_model.to_json(cancelled)
    if not cancelled.get("settled"):  # also when the request that cancelled it came no further
        if "undoOwed" not in cancelled:
            settle(cancelled)
        redis_service.put_order(view)
        # The mail about it is the worker's.
        resources().queue_publisher.publish(cancelled["orderId"], request_id)
    return view


def _cancelled(user_id: ObjectId, order_id: str) -> Order:
    """The order, cancelled now or before."""
    for _ in range(_TRIES):  # an attempt that began and failed since the read is no reason to refuse
        order = _own(user_id, order_id)
        if contradiction(order) is not None:
            raise errors.NotCancellable("Something is wrong with this order. Ask the shop about it.")
        if order["status"] != order_model.PENDING:
            return _cancelled_before(order)
        if (cancelled := order_decisions.cancel(order)) is not None:
            return cancelled
    raise errors.NotCancellable(
        "The order is being processed right now. That may still fail: try again in a moment."
    )


def _cancelled_before(order: Order) -> Order:
    if order.get("failureReason") != order_decisions.CANCELLED or order["status"] != order_model.FAILED:
        raise errors.NotCancellable(f"The order is {order['status']}. Only a Pending order can be cancelled.")
    return order


def _own(user_id: ObjectId, order_id: str) -> Order:
    order = _find_own(user_id, order_id)
    if not _can_be_shown(order):
        raise errors.OrderNotFound
    return order


def _find_own(user_id: ObjectId, order_id: str) -> Order:
    order = order_model.find(order_id)
    if order is None or order.get("userId") != user_id or not order_model.is_accepted(order):
        raise errors.OrderNotFound
    return order


def _can_be_shown(order: Order) -> bool:
    """Whether clients can see it. Another program may have left it half written: that is logged, once."""
    flaw = view_flaw(order)
    if flaw is not None:
        warn_once("order_left_out", order_id=str(order["_id"]), flaw=flaw)
    return flaw is None
