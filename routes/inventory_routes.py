"""/api/inventory. The Node app's README promised it; its code had no such file."""

from typing import Any

from flask import Blueprint, Response, jsonify

from controllers import inventory_controller
from middleware.auth_middleware import public, requires_admin
from middleware.request_body import accepts
from models.arguments import PageArgumentsSchema
from models.inventory import StockChangeSchema, StockSchema
from models.schemas import PRODUCT_ID_RULE, is_product_id
from openapi.responses import responds
from openapi.schemas import ProductPageSchema, ProductSchema
from openapi.traits import CHANGES, CONDITIONAL, PAGE_OF_PRODUCTS
from routes.conditional import condition, conditional
from routes.paging import page, query_arguments
from utils import errors

inventory = Blueprint("inventory", __name__)

_PAGE = PageArgumentsSchema()


@inventory.get("")
@responds(200, ProductPageSchema, PAGE_OF_PRODUCTS)
@public
def list_products() -> Any:
    """List all products, by productId."""
    arguments = query_arguments(_PAGE)
    rows, more = inventory_controller.list_products(arguments.get("cursor"), arguments["limit"])
    return page(rows, more, "productId")


@inventory.get("/<product:product_id>")
@responds(200, ProductSchema, CONDITIONAL, errors=[errors.ProductNotFound])
@public
def show_product(product_id: str) -> Response:
    """Show the stock of a product, and its price if it has one."""
    return conditional(jsonify(inventory_controller.show(product_id)))


@inventory.put("/<product:product_id>")
@responds((200, 201), ProductSchema, CHANGES)
@requires_admin
@accepts(StockSchema())
def set_stock(product_id: str, body: dict[str, Any]) -> Any:
    """Set what is free to sell of a product, and make the product if it is new.

    A price that is left out stays as it is; null removes it. With If-Match, only while the product is as you
    read it; with `If-None-Match: *`, only if it is new.
    """
    if not is_product_id(product_id):
        raise errors.ValidationFailed([{"field": "productId", "message": PRODUCT_ID_RULE}])
    product, created = inventory_controller.set_stock(product_id, body, condition())
    response = conditional(jsonify(product))
    response.status_code = 201 if created else 200
    return response


@inventory.patch("/<product:product_id>")
@responds(
    200, ProductSchema, CHANGES, errors=[errors.ProductNotFound, errors.StockTooLow, errors.StockTooHigh]
)
@requires_admin
@accepts(StockChangeSchema())
def adjust_stock(product_id: str, body: dict[str, Any]) -> Response:
    """Add to what is free to sell of a product, or take from it, and change its price.

    `adjust` is added to the stock whatever that is by then, and may be negative. A price that is left out
    stays as it is; null removes it.
    """
    return conditional(jsonify(inventory_controller.adjust_stock(product_id, body, condition())))
