"""What a request may carry beside its body: query arguments and headers, as schemas.

The check of each and what the OpenAPI document says of it are one.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bson import ObjectId
from marshmallow import ValidationError, fields, validate

from models.order import STATUSES
from models.schemas import StrictSchema

DEFAULT_LIMIT: Final = 20
MAX_LIMIT: Final = 100
MAX_WAIT_SECONDS: Final = 20
_LIMIT_RULE: Final = f"Must be an integer from 1 to {MAX_LIMIT}."
_CURSOR: Final = "The nextCursor of the page before."
_MOMENT: Final = "a date-time of RFC 3339. Write a + as %2B"
_DATE_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


class Digits(fields.Integer):
    """An integer as text: ASCII digits alone, no sign, no space."""

    def _validated(self, value: Any) -> int:
        if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10):
            raise self.make_error("invalid", input=value)
        return int(value)


class Moment(fields.AwareDateTime):
    """A date-time of RFC 3339, rounded up to the millisecond: finer times are not stored."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> datetime:
        try:
            if not _DATE_TIME.fullmatch(value):
                raise ValueError
            moment = datetime.fromisoformat(value.upper()).astimezone(UTC)
            return moment + timedelta(microseconds=-moment.microsecond % 1000)
        except (ValueError, OverflowError) as error:
            raise ValidationError(
                "Must be a date and a time with its offset from UTC (RFC 3339), such as 2026-11-23T02:44:05Z "
                "or 2026-11-23T03:44:05%2B01:00: a + is written %2B in an address."
            ) from error


class OrderCursor(fields.Field[ObjectId]):
    """The `_id` of an order."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> ObjectId:
        if not ObjectId.is_valid(value):
            raise ValidationError("Send a nextCursor as it came.")
        return ObjectId(value)


class ArgumentsSchema(StrictSchema):
    """Each argument at most once: of one that is sent twice the first counts."""

    error_messages = {"unknown": "Unknown argument."}


class LimitSchema(ArgumentsSchema):
    limit = Digits(
        load_default=DEFAULT_LIMIT,
        validate=validate.Range(min=1, max=MAX_LIMIT, error=_LIMIT_RULE),
        error_messages={"invalid": _LIMIT_RULE},
        metadata={"description": "How many rows a page has at most."},
    )


class PageArgumentsSchema(LimitSchema):
    cursor = fields.String(metadata={"description": _CURSOR})


class OrderPageArgumentsSchema(LimitSchema):
    status = fields.String(
        validate=validate.OneOf(STATUSES, error=f"Must be one of {', '.join(STATUSES)}."),
        metadata={"description": "Only orders with this status."},
    )
    createdAfter = Moment(
        metadata={"description": f"Only orders made at this time or later: {_MOMENT}."},
    )
    createdBefore = Moment(
        metadata={"description": f"Only orders made earlier than this: {_MOMENT}."},
    )
    cursor = OrderCursor(metadata={"description": _CURSOR})


class OrderHeadersSchema(ArgumentsSchema):
    key = fields.String(
        data_key="Idempotency-Key",
        validate=validate.Regexp("^[!-~]{1,255}$", error="Must be 1 to 255 visible ASCII characters."),
        metadata={"description": "Makes it safe to repeat: same key, same body, same answer, for 24 hours."},
    )
