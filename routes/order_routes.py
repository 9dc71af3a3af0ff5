"""/api/orders. Port of routes/orderRoutes.js."""

import re
from typing import Any

from bson import ObjectId
from flask import Blueprint, Response, jsonify, request, url_for

from controllers import order_controller
from controllers.order_placement import Request, place_order
from middleware.auth_middleware import current_user_id, requires_user
from middleware.order_limits import cancels_per_user, may_order
from middleware.request_body import accepts
from middleware.request_context import request_id
from models.order import STATUSES, NewOrderSchema, Wanted
from openapi.answers import answers
from openapi.schemas import EventsSchema, OrderPageSchema, OrderSchema
from openapi.traits import CACHED, CONDITIONAL, CREATES, IDEMPOTENT, PAGE_OF_ORDERS, WAITS
from routes.conditional import conditional
from routes.paging import page, page_arguments, time_argument
from routes.prefer import wait_as_preferred
from utils import errors

orders = Blueprint("orders", __name__)

_TIMES = ("createdAfter", "createdBefore")
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@orders.post("")
@answers(
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
    placed = place_order(Request(user_id, body, _idempotency_key(), request_id()), may_order)
    waited = wait_as_preferred(user_id, placed.order["orderId"])
    response = jsonify(waited.order if waited else placed.order)
    response.status_code = 201
    if waited:
        response.headers["Preference-Applied"] = waited.applied
    response.headers["Location"] = url_for("orders.show_order", order_id=placed.order["orderId"])
    if placed.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


@orders.get("")
@answers(200, OrderPageSchema, PAGE_OF_ORDERS)
@requires_user
def list_orders() -> Any:
    """List your orders, newest first.

    Those of a span of time: `createdAfter` itself is part of it, `createdBefore` is not.
    """
    arguments = page_arguments("status", *_TIMES)
    status = arguments.filters.get("status")
    if status is not None and status not in STATUSES:
        raise errors.ValidationFailed(
            [{"field": "status", "message": f"Must be one of {', '.join(STATUSES)}."}]
        )
    wanted = Wanted(status, *(time_argument(name, arguments.filters.get(name)) for name in _TIMES))
    before = _order_cursor(arguments.cursor)
    rows, more = order_controller.list_orders(current_user_id(), wanted, before, arguments.limit)
    return page(rows, more, "_id")


@orders.get("/<order_id>")
@answers(200, OrderSchema, CACHED, CONDITIONAL, WAITS, errors=[errors.OrderNotFound])
@requires_user
def show_order(order_id: str) -> Response:
    """Show one of your orders."""
    waited = wait_as_preferred(current_user_id(), order_id)
    order, cached = waited[:2] if waited else order_controller.show(current_user_id(), order_id)
    response = conditional(jsonify(order))
    response.headers["X-Cache"] = "hit" if cached else "miss"
    if waited:
        response.headers["Preference-Applied"] = waited.applied
    return response


@orders.get("/<order_id>/events")
@answers(200, EventsSchema, errors=[errors.OrderNotFound])
@requires_user
def list_events(order_id: str) -> Response:
    """List what happened to one of your orders, the oldest first."""
    return jsonify({"data": order_controller.events(current_user_id(), order_id)})


@orders.post("/<order_id>/cancel")
@answers(200, OrderSchema, errors=[errors.OrderNotFound, errors.NotCancellable, errors.RateLimited])
@requires_user
@cancels_per_user
def cancel_order(order_id: str) -> Any:
    """Cancel one of your orders while it is Pending: it is Failed then, and its stock is free again.

    While it is being processed this is a 409; try again, since that may fail. After an attempt that failed
    its stock is free a moment later.
    """
    return order_controller.cancel(current_user_id(), order_id, request_id())


def _idempotency_key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        raise errors.ValidationFailed(
            [{"field": "Idempotency-Key", "message": "Must be 1 to 255 visible ASCII characters."}]
        )
    return key


def _order_cursor(cursor: str | None) -> ObjectId | None:
    if cursor is None:
        return None
    if not ObjectId.is_valid(cursor):
        raise errors.ValidationFailed([{"field": "cursor", "message": "Send a nextCursor as it came."}])
    return ObjectId(cursor)
