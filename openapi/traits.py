"""What several routes have in common: the parameters they take, the headers and errors that they add."""

from dataclasses import dataclass
from typing import Any

from marshmallow import Schema

from models.arguments import (
    MAX_WAIT_SECONDS,
    OrderHeadersSchema,
    OrderPageArgumentsSchema,
    PageArgumentsSchema,
)
from models.schemas import PRODUCT_ID_PATTERN
from utils import errors
from utils.errors import ApiError

Spec = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Trait:
    """`takes` and `gives` are names in PARAMETERS and HEADERS; `gives` are on successful answers."""

    takes: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    errors: tuple[type[ApiError], ...] = ()


PAGE_OF_PRODUCTS = Trait(takes=("limit", "cursor"), errors=(errors.ValidationFailed,))
PAGE_OF_ORDERS = Trait(
    takes=("status", "createdAfter", "createdBefore", "limit", "orderCursor"),
    errors=(errors.ValidationFailed,),
)
CONDITIONAL = Trait(  # 304 as well
    takes=("If-None-Match",), gives=("ETag",), errors=(errors.PreconditionFailed,)
)
CHANGES = Trait(takes=("If-Match", "createOnly"), gives=("ETag",), errors=(errors.PreconditionFailed,))
CACHED = Trait(gives=("X-Cache",))
CREATES = Trait(gives=("Location",))
WAITS = Trait(takes=("Prefer",), gives=("Preference-Applied",))
IDEMPOTENT = Trait(
    takes=("Idempotency-Key",),
    gives=("Idempotent-Replayed",),
    errors=(errors.ValidationFailed, errors.IdempotencyKeyReused, errors.RequestInProgress),
)
REFRESH_TOKEN = Trait(errors=(errors.TokenMissing, errors.TokenInvalid, errors.TokenExpired))
MAILBOX = Trait(takes=("to", "mailId"))
WITHOUT_DATABASE = Trait()  # never 503

_TEXT: Spec = {"type": "string"}


def _parameter(place: str, name: str, description: str, schema: Spec, **more: Any) -> Spec:
    return {"in": place, "name": name, "description": description, "schema": schema, **more}


PARAMETERS: dict[str, Spec] = {
    "X-Request-Id": _parameter(
        "header",
        "X-Request-Id",
        "Your id for this request: 1 to 128 of `A-Z a-z 0-9 . _ -`. Any other is replaced.",
        _TEXT,
    ),
    "Prefer": _parameter(
        "header",
        "Prefer",
        "`wait=N` (RFC 7240): answer once the order is no longer Pending, or "
        f"after N seconds (at most {MAX_WAIT_SECONDS}).",
        _TEXT,
    ),
    "If-None-Match": _parameter(
        "header", "If-None-Match", "An ETag that you have: 304 if it still holds.", _TEXT
    ),
    "If-Match": _parameter(
        "header",
        "If-Match",
        "The ETag of what you have read: changed only while that still holds, else 412. `*`: if it is there.",
        _TEXT,
    ),
    "createOnly": _parameter(
        "header", "If-None-Match", "`*`: only if there is nothing yet, else 412.", _TEXT
    ),
    "to": _parameter("query", "to", "Only mails to this address.", _TEXT),
    "mailId": _parameter("query", "id", "Only the mail with this id, which a page shows in full.", _TEXT),
}

# Those that a schema checks, which also says what they are: the schema, its field, and where it is sent.
OF_SCHEMAS: dict[str, tuple[type[Schema], str, str]] = {
    "Idempotency-Key": (OrderHeadersSchema, "Idempotency-Key", "header"),
    "limit": (PageArgumentsSchema, "limit", "query"),
    "cursor": (PageArgumentsSchema, "cursor", "query"),
    "orderCursor": (OrderPageArgumentsSchema, "cursor", "query"),
    "status": (OrderPageArgumentsSchema, "status", "query"),
    "createdAfter": (OrderPageArgumentsSchema, "createdAfter", "query"),
    "createdBefore": (OrderPageArgumentsSchema, "createdBefore", "query"),
}

# By the name of the argument in the route.
PATH_PARAMETERS: dict[str, Spec] = {
    "code": _parameter(
        "path", "code", "The `code` of an error.", {"type": "string", "minLength": 1}, required=True
    ),
    "order_id": _parameter(
        "path", "orderId", "The orderId, or the `_id`.", {"type": "string", "minLength": 1}, required=True
    ),
    "product_id": _parameter(
        "path",
        "productId",
        "1 to 64 printable characters, percent-encoded: `SKU%2F42`. One that starts or ends with a slash, "
        "or is `.` or `..`, cannot be written in a path.",
        {"type": "string", "pattern": f"^(?!/|.*/$|[.]{{1,2}}$){PRODUCT_ID_PATTERN[1:]}"},
        required=True,
    ),
}


def _header(description: str, schema: Spec = _TEXT, **more: Any) -> Spec:
    return {"description": description, "schema": schema, **more}


HEADERS: dict[str, Spec] = {
    "X-Request-Id": _header("The id of this request, in all logs about it.", required=True),
    "Location": _header("Where the order is.", required=True),
    "ETag": _header("Stands for this very answer. Send it as If-None-Match or If-Match.", required=True),
    "X-Cache": _header(
        "Whether it came from the cache.", {"type": "string", "enum": ["hit", "miss"]}, required=True
    ),
    "Preference-Applied": _header("The wait that was granted. Absent when all places to wait are taken."),
    "Idempotent-Replayed": _header(
        "There when this is the answer of an earlier request with the same key.",
        {"type": "string", "enum": ["true"]},
    ),
    "WWW-Authenticate": _header("The scheme to authenticate with: Bearer.", required=True),
    "Retry-After": _header("Seconds to wait before trying again.", {"type": "integer", "minimum": 1}),
}
