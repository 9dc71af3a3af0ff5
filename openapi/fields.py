"""What the strict fields and the hand-written checks of models/ are in JSON Schema."""

from collections.abc import Callable
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema, fields, validate

from models.arguments import OrderCursor
from models.credentials import check_new_password
from models.inventory import StockChangeSchema
from models.order import STATUSES
from models.schemas import MAX_AMOUNT, PRODUCT_ID_PATTERN, Amount, Text, validate_product_id
from utils.passwords import MAX_BYTES

Spec = dict[str, Any]


class Choice(fields.String):
    """One of the words that a schema of the document lists: by its name, so that a client has one type."""

    def __init__(self, schema_name: str, **options: Any) -> None:
        super().__init__(**options)
        self.schema_name = schema_name


_OF_FIELDS: dict[type, Spec] = {
    Text: {"pattern": "^[^\\u0000]*$"},
    OrderCursor: {"pattern": "^[0-9a-f]{24}$"},
    Amount: {"minimum": 0, "maximum": MAX_AMOUNT, "multipleOf": 0.01},
}
_OF_CHECKS: dict[Callable[..., Any], Spec] = {
    validate_product_id: {"pattern": PRODUCT_ID_PATTERN},
    check_new_password: {
        "minLength": 8,
        "maxLength": MAX_BYTES,
        "description": f"8 characters to {MAX_BYTES} bytes in UTF-8.",
    },
}


# What a check of a whole schema is.
OF_WHOLE_SCHEMAS: dict[type[Schema], Spec] = {StockChangeSchema: {"minProperties": 1}}


def teach(plugin: MarshmallowPlugin) -> None:
    """Have apispec understand them."""
    converter: Any = plugin.converter
    converter.map_to_openapi_type(Amount, "number", None)
    converter.map_to_openapi_type(OrderCursor, "string", None)
    converter.add_attribute_function(_keywords)
    converter.add_attribute_function(_named)


def _named(_converter: Any, field: fields.Field[Any], ret: Spec, **_: Any) -> Spec:
    """The last word on a field: what apispec found about it so far is in `ret`."""
    for check in field.validators:
        if isinstance(check, validate.Equal):
            ret.pop("enum")
            return {"const": check.comparable}
        if isinstance(check, validate.OneOf) and tuple(check.choices) == STATUSES:
            del ret["type"], ret["enum"]
            return {"$ref": "#/components/schemas/OrderStatus"}
    if isinstance(field, Choice):
        ret.pop("type")
        return {"$ref": f"#/components/schemas/{field.schema_name}"}
    return {}


def _keywords(_converter: Any, field: fields.Field[Any], **_: Any) -> Spec:
    found = dict(_OF_FIELDS.get(type(field), {}))
    for check in field.validators:
        if isinstance(check, validate.Email):
            found["format"] = "email"
        found.update(_OF_CHECKS.get(check, {}))
    return found
