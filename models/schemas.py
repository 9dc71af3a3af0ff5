"""The schemas' common ground: strict fields for input that comes from anywhere."""

import re
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields

from utils.money import from_cents, has_cents_at_most, to_cents

MAX_AMOUNT = 1_000_000_000
PRODUCT_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class StrictSchema(Schema):
    """Unknown fields are errors: a misspelt one must not pass silently, a clever one not at all."""

    class Meta:
        unknown = RAISE

    error_messages = {
        "type": "Send a JSON object.",
        "unknown": "Unknown field.",
    }


class Text(fields.String):
    """A JSON string without NUL, which MongoDB and bcrypt would choke on."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text is None or "\0" in text:
            raise ValidationError("Must not contain NUL characters.")
        return text


class StrictInteger(fields.Integer):
    """A JSON integer: not 1.0, not true, not "1". Size is the business of a Range."""

    def _validated(self, value: Any) -> int:
        if type(value) is not int:
            raise ValidationError("Must be an integer, written without quotes or decimals.")
        return value


class Amount(fields.Field[float]):
    """A JSON number from 0 to 1e9 with at most two decimals."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> float:
        if type(value) not in (int, float):
            raise ValidationError("Must be a number, written without quotes.")
        if not 0 <= value <= MAX_AMOUNT:
            raise ValidationError(f"Must be from 0 to {MAX_AMOUNT}.")
        if not has_cents_at_most(value):
            raise ValidationError("Must have at most two decimals.")
        return from_cents(to_cents(value))  # 20.0 and 20 are the same amount


def validate_product_id(value: str) -> None:
    """Raise ValidationError unless the value can be a product's id."""
    if not PRODUCT_ID.fullmatch(value):
        raise ValidationError("Must be 1 to 64 of the characters A-Z a-z 0-9 . _ -")
