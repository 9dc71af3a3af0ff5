"""/api/orders. Port of routes/orderRoutes.js."""

from typing import Any

from flask import Blueprint, Response, jsonify, url_for

from controllers import order_controller
from controllers.order_placement import NewOrder, place_order
from middleware.auth_middleware import current_user_id, requires_user
from middleware.order_limits import cancels_per_user, may_order
from middleware.request_body import accepts
from middleware.request_context import request_id
from models.arguments import OrderHeadersSchema, OrderPageArgumentsSchema
from models.order import NewOrderSchema
from models.order_lists import Wanted
from openapi.responses import responds
from openapi.schemas import EventsSchema, OrderPageSchema, OrderSchema
from openapi.traits import CACHED, CONDITIONAL, CREATES, IDEMPOTENT, PAGE_OF_ORDERS, WAITS
from routes.conditional import conditional
from routes.paging import headers, page, query_arguments
from routes.prefer import applied, preferred_wait
from utils import errors

orders = Blueprint("orders", __name__)

_REPLAYED = {"Idempotent-Replayed": "true"}
_HEADERS, _PAGE = OrderHeadersSchema(), OrderPageArgumentsSchema()


@orders.post("")
@responds(
    201,
    OrderSchema,
    CREATES,
    IDEMPOTENT,
    WAITS,
    errors=[
        errors.Forbidden,
        errors.OutOfStock,
        errors.UnknownProduct,
        errors.TotalMismatch,
        errors.RateLimited,
    ],
)
@requires_user
@accepts(NewOrderSchema())
def create_order(body: dict[str, Any]) -> Any:
    """Place an order: 201 means that every item is reserved.

    Where all products have prices, totalAmount may be left out. Lines of one product are added up.
    """
    user_id = current_user_id()
    if body.pop("userId", str(user_id)) != str(user_id):
        raise errors.Forbidden("userId is not yours. Leave it out: the order is the token's user's.")
    new = NewOrder(user_id, body, headers(_HEADERS).get("key"), request_id())
    try:
        placed = place_order(new, may_order)
    except errors.OutOfStock as refused:
        refused.headers.update(_REPLAYED if refused.replayed else {})
        raise
    order, order_id = placed.order, placed.order["orderId"]
    answered = {"Location": url_for("orders.show_order", order_id=order_id)}
    answered.update(_REPLAYED if placed.replayed else {})
    if wait := preferred_wait():
        shown = order_controller.show(user_id, order_id, wait)
        if shown.waited:
            order = shown.order
            answered.update(applied(wait))
    return jsonify(order), 201, answered


@orders.get("")
@responds(200, OrderPageSchema, PAGE_OF_ORDERS)
@requires_user
def list_orders() -> Any:
    """List your orders, newest first.

    Those of a span of time: `createdAfter` itself is part of it, `createdBefore` is not.
    """
    sent = query_arguments(_PAGE)
    wanted = Wanted(sent.get("status"), sent.get("createdAfter"), sent.get("createdBefore"))
    rows, more = order_controller.list_orders(current_user_id(), wanted, sent.get("cursor"), sent["limit"])
    return page(rows, more, "_id")


@orders.get("/<order_id>")
@responds(200, OrderSchema, CACHED, CONDITIONAL, WAITS, errors=[errors.OrderNotFound])
@requires_user
def show_order(order_id: str) -> Response:
    """Show one of your orders."""
    wait = preferred_wait()
    shown = order_controller.show(current_user_id(), order_id, wait)
    response = conditional(jsonify(shown.order))
    response.headers["X-Cache"] = "hit" if shown.cached else "miss"
    response.headers.update(applied(wait) if shown.waited else {})
    return response


@orders.get("/<order_id>/events")
@responds(200, EventsSchema, errors=[errors.OrderNotFound])
@requires_user
def list_events(order_id: str) -> Response:
    """List what happened to one of your orders, the oldest first."""
    return jsonify({"data": order_controller.events(current_user_id(), order_id)})


@orders.post("/<order_id>/cancel")
@responds(200, OrderSchema, errors=[errors.OrderNotFound, errors.NotCancellable, errors.RateLimited])
@requires_user
@cancels_per_user
def cancel_order(order_id: str) -> Any:
    """Cancel one of your orders while it is Pending: it is Failed then, and its stock is free again.

    While it is being processed this is a 409; try again, since that may fail. After an attempt that failed
    its stock is free a moment later.
    """
    return order_controller.cancel(current_user_id(), order_id, request_id())
