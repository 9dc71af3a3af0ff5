"""Every error that the API answers with, as a class. They become HTTP in utils/error_handler.py.

The codes are part of the contract with clients; `detail` says what to do next.
"""

from collections.abc import Mapping, Sequence
from typing import Any


class ApiError(Exception):
    """An answer other than success: status, code and title by class; detail and further members by case."""

    status = 500
    code = "internal_error"
    title = "Internal server error"
    detail = "Something went wrong on our side. Send the request again, or report its requestId."

    def __init__(
        self, detail: str | None = None, *, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        super().__init__(detail or self.detail)
        self.detail = detail or self.detail
        self.headers = dict(headers or {})
        self.members = members


class InvalidJson(ApiError):
    status, code, title = 400, "invalid_json", "The body is not valid JSON"
    detail = "Send a JSON object with Content-Type: application/json."


class ValidationFailed(ApiError):
    """`errors` lists `{field, message}`, a field as a dotted path such as `items.0.quantity`."""

    status, code, title = 400, "validation_error", "The request is not valid"

    def __init__(self, errors: Sequence[Mapping[str, str]]) -> None:
        first = errors[0]
        more = f" ({len(errors) - 1} more in errors)" if len(errors) > 1 else ""
        super().__init__(f"{first['field']}: {first['message']}{more}", errors=list(errors))


class Unauthorized(ApiError):
    """401 in all its forms; RFC 9110 wants WWW-Authenticate with each."""

    status = 401

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class TokenMissing(Unauthorized):
    code, title = "token_missing", "No token was sent"
    detail = "Send the token from POST /api/auth/login as 'Authorization: Bearer <token>'."


class TokenInvalid(Unauthorized):
    code, title = "token_invalid", "The token is not valid"
    detail = "Log in again with POST /api/auth/login and send the new token."


class TokenExpired(Unauthorized):
    code, title = "token_expired", "The token has expired"
    detail = "Get a new one with POST /api/auth/refresh, or log in again."


class InvalidCredentials(Unauthorized):
    code, title = "invalid_credentials", "Wrong e-mail or password"
    detail = "No account matches this e-mail and password."


class Forbidden(ApiError):
    status, code, title = 403, "forbidden", "Not allowed"
    detail = "Your account may not do this."


class NotFound(ApiError):
    status, code, title = 404, "not_found", "Not found"
    detail = "There is nothing at this address. GET /api/docs lists what there is."


class OrderNotFound(NotFound):
    code, title = "order_not_found", "Order not found"
    detail = "You have no order with this id."


class ProductNotFound(NotFound):
    code, title = "product_not_found", "Product not found"
    detail = "There is no product with this id. GET /api/inventory lists them."


class Conflict(ApiError):
    status = 409


class EmailTaken(Conflict):
    code, title = "email_taken", "The e-mail is already registered"
    detail = "Log in with POST /api/auth/login, or register another address."


class OutOfStock(Conflict):
    """`shortages`: `[{productId, requested, available}]`; `remedies`: order bodies that would fit now."""

    code, title = "out_of_stock", "Not enough stock"
    detail = "Some items are short: see shortages. A body from remedies can be sent as it is."


class StockTooLow(Conflict):
    """`available`: what is free to sell."""

    code, title = "stock_too_low", "The stock cannot go below 0"
    detail = "Less than that is free to sell: see available."

    def __init__(self, available: int) -> None:
        super().__init__(f"{available} are free to sell: take that many at most.", available=available)


class NotCancellable(Conflict):
    code, title = "not_cancellable", "The order can no longer be cancelled"
    detail = "Only a Pending order can be cancelled."


class RequestInProgress(Conflict):
    code, title = "request_in_progress", "The first request with this key is still being worked on"
    detail = "Send the same request again after the seconds in Retry-After."

    def __init__(self, retry_after: int) -> None:
        super().__init__(headers={"Retry-After": str(retry_after)})


class PreconditionFailed(ApiError):
    """RFC 9110, section 13: If-Match or If-None-Match does not hold."""

    status, code, title = 412, "precondition_failed", "It is not as you think it is"
    detail = "It was changed since you read it. Read it again, and send your change with the new ETag."


class Unprocessable(ApiError):
    status = 422


class UnknownProduct(Unprocessable):
    code, title = "unknown_product", "The order names a product that does not exist"
    detail = "Remove the products listed in errors, or see GET /api/inventory for what there is."


class TotalMismatch(Unprocessable):
    code, title = "total_mismatch", "totalAmount does not match the prices"
    detail = "Send expectedTotal as totalAmount, or leave it out."


class TotalRequired(ValidationFailed):
    def __init__(self) -> None:
        super().__init__(
            [{"field": "totalAmount", "message": "Required, as not every product here has a price."}]
        )


class IdempotencyKeyReused(Unprocessable):
    code, title = "idempotency_key_reused", "The Idempotency-Key belongs to another request"
    detail = "This key was first sent with another body. Use a new key for a new order."


class RateLimited(ApiError):
    status, code, title = 429, "rate_limited", "Too many requests"
    detail = "Wait for the seconds in Retry-After, then try again."


class ServiceUnavailable(ApiError):
    """503 with Retry-After: nothing is wrong with the request, it can be sent again."""

    status, code, title = 503, "service_unavailable", "Try again in a moment"
    detail = "The database does not answer at the moment. Send the same request again."

    def __init__(self, detail: str | None = None, retry_after: int = 2, **members: Any) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)}, **members)


class MethodNotAllowed(ApiError):
    status, code, title = 405, "method_not_allowed", "Method not allowed"


class PayloadTooLarge(ApiError):
    status, code, title = 413, "payload_too_large", "The body is too large"
    detail = "Send at most 100 kB (102400 bytes)."


class UnsupportedMediaType(ApiError):
    status, code, title = 415, "unsupported_media_type", "The body must be JSON"
    detail = "Send the body as JSON with the header Content-Type: application/json."
