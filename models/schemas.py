"""The schemas' common ground: strict fields for input that comes from anywhere."""

import re
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields

from utils.money import from_cents, has_cents_at_most, to_cents

MAX_AMOUNT = 1_000_000_000
# What a shop calls a product: `Blue Shirt`, `SKU/42`, `größe-xl`. Not in it: control characters, separators
# of lines and paragraphs, what turns the direction of text or cannot be seen, the mark that broken encoding
# leaves. So an id never breaks a log line. Python and ECMAScript (flag u) read it alike. Lone surrogates are
# no text at all and come from command lines alone; they stand apart, as Rust's patterns cannot name them.
PRODUCT_ID_PATTERN = (
    r"^(?!\s+$)[^\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    r"\ufeff\ufff9-\uffff]{1,64}$"
)
PRODUCT_ID_RULE = "Must be 1 to 64 printable characters, and not only spaces."
_PRODUCT_ID = re.compile(PRODUCT_ID_PATTERN)
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


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


def is_product_id(value: Any) -> bool:
    """Whether the value can be a product's id."""
    return isinstance(value, str) and bool(_PRODUCT_ID.fullmatch(value)) and not _LONE_SURROGATE.search(value)


def validate_product_id(value: str) -> None:
    """Raise ValidationError unless the value can be a product's id."""
    if not is_product_id(value):
        raise ValidationError(PRODUCT_ID_RULE)
