"""/api/orders. Port of routes/orderRoutes.js."""

import re
from typing import Any

from bson import ObjectId
from flask import Blueprint, Response, jsonify, request, url_for

from controllers import order_controller
from controllers.order_placement import Request, place_order
from middleware.auth_middleware import current_user_id, requires_user
from middleware.request_body import accepts
from middleware.request_context import request_id
from models.order import STATUSES, NewOrderSchema
from routes.conditional import conditional
from routes.paging import page, page_arguments
from routes.prefer import wait_as_preferred
from utils import errors

orders = Blueprint("orders", __name__)

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@orders.post("")
@requires_user
@accepts(NewOrderSchema())
def create(body: dict[str, Any]) -> Any:
    """201 the order, Location; 400, 401, 403, 409 out_of_stock or request_in_progress, 422, 503.

    `Idempotency-Key` makes it safe to repeat: the first answer again, with `Idempotent-Replayed: true`.
    """
    user_id = current_user_id()
    if body.pop("userId", str(user_id)) != str(user_id):
        raise errors.Forbidden("userId is not yours. Leave it out: the order is the token's user's.")
    placed = place_order(Request(user_id, body, _idempotency_key(), request_id()))
    waited = wait_as_preferred(user_id, placed.order["orderId"])
    response = jsonify(waited.order if waited else placed.order)
    response.status_code = 201
    if waited:
        response.headers["Preference-Applied"] = waited.applied
    response.headers["Location"] = url_for("orders.show", order_id=placed.order["orderId"])
    if placed.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


@orders.get("")
@requires_user
def list_orders() -> Any:
    """200 `{data, hasMore, nextCursor}`, newest first; `?status=`, `?limit=`, `?cursor=`; 400, 401."""
    arguments = page_arguments("status")
    status = arguments.filters.get("status")
    if status is not None and status not in STATUSES:
        raise errors.ValidationFailed(
            [{"field": "status", "message": f"Must be one of {', '.join(STATUSES)}."}]
        )
    before = _order_cursor(arguments.cursor)
    rows, more = order_controller.list_orders(current_user_id(), status, before, arguments.limit)
    return page(rows, more, "_id")


@orders.get("/<order_id>")
@requires_user
def show(order_id: str) -> Response:
    """200 the order, ETag, `X-Cache: hit` or `miss`; 304, 401, 404. `:id` is the orderId or the `_id`."""
    waited = wait_as_preferred(current_user_id(), order_id)
    order, cached = waited[:2] if waited else order_controller.show(current_user_id(), order_id)
    response = conditional(jsonify(order))
    response.headers["X-Cache"] = "hit" if cached else "miss"
    if waited:
        response.headers["Preference-Applied"] = waited.applied
    return response


@orders.get("/<order_id>/events")
@requires_user
def events(order_id: str) -> Response:
    """200 `{data: [{at, event, ...}]}`, the oldest first; 401, 404."""
    return jsonify({"data": order_controller.events(current_user_id(), order_id)})


@orders.post("/<order_id>/cancel")
@requires_user
def cancel(order_id: str) -> Any:
    """200 the order, now Failed; 401, 404, 409 not_cancellable."""
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
