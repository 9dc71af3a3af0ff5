"""/api/inventory. The Node app's README promised it; its code had no such file."""

from typing import Any

from flask import Blueprint, Response, jsonify

from controllers import inventory_controller
from middleware.auth_middleware import public, requires_admin
from middleware.request_body import accepts
from models.inventory import StockSchema
from models.schemas import PRODUCT_ID
from routes.conditional import conditional
from routes.paging import page, page_arguments
from utils import errors

inventory = Blueprint("inventory", __name__)


@inventory.get("")
@public
def list_products() -> Any:
    """200 `{data, hasMore, nextCursor}` by productId; `?limit=`, `?cursor=`; 400."""
    arguments = page_arguments()
    rows, more = inventory_controller.list_products(arguments.cursor, arguments.limit)
    return page(rows, more, "productId")


@inventory.get("/<product_id>")
@public
def show(product_id: str) -> Response:
    """200 `{productId, stock, inStock, price?, updatedAt}`, ETag; 304, 404."""
    return conditional(jsonify(inventory_controller.show(product_id)))


@inventory.put("/<product_id>")
@requires_admin
@accepts(StockSchema())
def set_stock(product_id: str, body: dict[str, Any]) -> Any:
    """`{stock, price?}`: 200, or 201 for a new product; 400, 401, 403. A price left out stays as it is."""
    if not PRODUCT_ID.fullmatch(product_id):
        raise errors.ValidationFailed(
            [{"field": "productId", "message": "Must be 1 to 64 of the characters A-Z a-z 0-9 . _ -"}]
        )
    product, created = inventory_controller.set_stock(product_id, body)
    return product, 201 if created else 200
