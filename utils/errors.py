"""Every error that the API answers with, as a class. They become HTTP in utils/error_handler.py.

The codes are part of the contract with clients; `detail` says what to do next, in this case or in general;
`happened` tells on the error's page (/problems/<code>) what it means, for somebody who meets it first, and
`advice` what to do, where the general `detail` does not. `node_message` is the Node app's word for it, which
clients of that app compare with: it stays as `message`, where there was one.
"""

from collections.abc import Mapping, Sequence
from typing import Any


class ApiError(Exception):
    """An answer other than success: status, code and title by class; detail and further members by case."""

    status = 500
    code = "internal_error"
    title = "Internal server error"
    advice: str | None = None
    node_message: str | None = None
    happened = "A fault of this server. Nothing is wrong with the request; the fault is in the server's log."
    detail = "Something went wrong on our side. Send the request again, or report its requestId."

    def __init__(
        self, detail: str | None = None, *, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        super().__init__(detail or self.detail)
        self.detail = detail or self.detail
        self.headers = dict(headers or {})
        self.members = members

    @property
    def type_reference(self) -> str:
        """The address of the page that explains it. A code that no class has needs no more than its status
        to be understood, which RFC 9457 calls `about:blank`."""
        return f"/problems/{self.code}" if self.code == type(self).code else "about:blank"


class InvalidJson(ApiError):
    status, code, title = 400, "invalid_json", "The body is not valid JSON"
    happened = (
        "The body could not be read as JSON: it is broken, not in UTF-8, nested too deep, has NaN in it, "
        "or did not arrive in full."
    )
    detail = "Send a JSON object with Content-Type: application/json."


class ValidationFailed(ApiError):
    """`errors` lists `{field, message}`, a field as a dotted path such as `items.0.quantity`."""

    status, code, title = 400, "validation_error", "The request is not valid"
    happened = (
        "The body, the query string or a header has a field that is missing, unknown, or of another kind "
        "than it must be."
    )
    detail = "Change what `errors` lists: `field` names the place, `message` what must stand there."

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
    node_message = "Access Denied"
    happened = "This route needs a token, and the request has none in its Authorization header."
    detail = "Send the token from POST /api/auth/login as 'Authorization: Bearer <token>'."


class TokenInvalid(Unauthorized):
    code, title = "token_invalid", "The token is not valid"
    node_message = "Invalid Token"
    happened = (
        "The token was not made here, was changed on its way, is one for another use, was revoked, or its "
        "account is deleted."
    )
    detail = "Log in again with POST /api/auth/login and send the new token."


class TokenExpired(Unauthorized):
    code, title = "token_expired", "The token has expired"
    node_message = "Invalid Token"
    happened = "The token was good, and its time is over: most often an hour, and a week for a refresh token."
    detail = "Get a new one with POST /api/auth/refresh, or log in again."


class InvalidCredentials(Unauthorized):
    code, title = "invalid_credentials", "Wrong e-mail or password"
    node_message = "Invalid credentials"
    happened = (
        "The password is not that of the account, or there is no such account: a login does not tell "
        "which. Where an account is changed, it is the password in the body that is wrong: the token is "
        "good, and refreshing it does not help."
    )
    detail = "No account matches this e-mail and password."
    advice = "Have the password typed again. After 10 wrong ones in 5 minutes, an account has to wait."


class Forbidden(ApiError):
    status, code, title = 403, "forbidden", "Not allowed"
    happened = (
        "The token is good, and its account may not do this: stock is set by admins, and orders are "
        "placed for oneself."
    )
    detail = "Your account may not do this."
    advice = (
        "Ask an operator, who makes an admin by `flask users promote EMAIL`. Leave userId out of an order."
    )


class NotFound(ApiError):
    status, code, title = 404, "not_found", "Not found"
    happened = "There is nothing at this address."
    detail = "There is nothing at this address. GET /api/docs lists what there is."


class OrderNotFound(NotFound):
    code, title = "order_not_found", "Order not found"
    node_message = "Order not found"
    happened = "There is no such order, or it is not yours: the two are not told apart."
    detail = "You have no order with this id."
    advice = "See GET /api/orders for your orders, and whether the token is that of the one who ordered."


class ProductNotFound(NotFound):
    code, title = "product_not_found", "Product not found"
    happened = "No product has this id."
    detail = "There is no product with this id. GET /api/inventory lists them."


class Conflict(ApiError):
    status = 409


class EmailTaken(Conflict):
    code, title = "email_taken", "The e-mail is already registered"
    node_message = "User already exists"
    happened = "An account with this e-mail address exists; upper and lower case are the same."
    detail = "Log in with POST /api/auth/login, or register another address."


class OutOfStock(Conflict):
    """`shortages`: `[{productId, requested, available}]`; `remedies`: order bodies that would fit now.

    `replayed`: the answer to a repetition, with the requestId of the request that it repeats.
    """

    code, title = "out_of_stock", "Not enough stock"
    happened = "The order was not placed, and nothing of it is reserved: less is in stock than it asks for."
    detail = "Some items are short: see shortages. A body from remedies can be sent as it is."

    def __init__(
        self,
        shortages: Sequence[Mapping[str, Any]],
        remedies: Sequence[Mapping[str, Any]],
        replayed: bool = False,
        request_id: str | None = None,
    ) -> None:
        first: dict[str, Any] = {"requestId": request_id} if request_id else {}
        super().__init__(shortages=shortages, remedies=remedies, **first)
        self.replayed = replayed


class StockTooLow(Conflict):
    """`available`: what is free to sell."""

    code, title = "stock_too_low", "The stock cannot go below 0"
    happened = (
        "The stock was not changed: it would have gone below 0. What is reserved for orders is not free "
        "to take."
    )
    detail = "Less than that is free to sell: see available."
    advice = "Take `available` at most, or set the stock with PUT."

    def __init__(self, available: int) -> None:
        super().__init__(f"{available} are free to sell: take that many at most.", available=available)


class StockTooHigh(Conflict):
    """`available`: what is free to sell."""

    code, title = "stock_too_high", "The stock cannot be that much"
    happened = "The stock was not changed: it would have gone above what a product can have."
    detail = "More than that may not be added: see available."
    advice = "Add less, or set the stock with PUT."

    def __init__(self, available: int, most: int) -> None:
        message = f"{available} are free to sell, and {most} may be: add {most - available} at most."
        super().__init__(message, available=available)


class NotCancellable(Conflict):
    code, title = "not_cancellable", "The order can no longer be cancelled"
    happened = (
        "The order has ended, and not because it was cancelled: it is Processed, or Failed for another "
        "reason. Or it is being processed at this moment."
    )
    detail = "Only a Pending order can be cancelled."
    advice = (
        "Look at the order: `status` and `failureReason` tell how it ended. If it is still Pending, try "
        "again in a moment: processing it may fail."
    )


class RequestInProgress(Conflict):
    code, title = "request_in_progress", "The first request with this key is still being worked on"
    happened = "An earlier request with this Idempotency-Key has not been answered yet."
    detail = "Send the same request again after the seconds in Retry-After."

    def __init__(self, retry_after: int) -> None:
        super().__init__(headers={"Retry-After": str(retry_after)})


class PreconditionFailed(ApiError):
    """RFC 9110, section 13: If-Match or If-None-Match does not hold."""

    status, code, title = 412, "precondition_failed", "It is not as you think it is"
    happened = (
        "The request came with If-Match or If-None-Match, and that does not hold: most likely somebody "
        "else, or a sale, changed what you had read. Nothing was written."
    )
    detail = "It was changed since you read it. Read it again, and send your change with the new ETag."


class MisdirectedRequest(ApiError):
    """RFC 9110, section 15.5.20."""

    status, code, title = 421, "misdirected_request", "Not under this name"
    happened = (
        "The request names a Host that this page does not answer to. Else a page from elsewhere could read "
        "it, once its own name leads to this machine."
    )
    detail = "Ask for it as localhost or 127.0.0.1, or by the name in the setting HOST."


class Unprocessable(ApiError):
    status = 422


class UnknownProduct(Unprocessable):
    code, title = "unknown_product", "The order names a product that does not exist"
    happened = "The order was not placed: it names a product that does not exist."
    detail = "Remove the products listed in errors, or see GET /api/inventory for what there is."


class TotalMismatch(Unprocessable):
    code, title = "total_mismatch", "totalAmount does not match the prices"
    happened = (
        "The order was not placed: its totalAmount is not the sum of the prices, which may have changed."
    )
    detail = "Send expectedTotal as totalAmount, or leave it out."


class TotalRequired(ValidationFailed):
    def __init__(self) -> None:
        super().__init__(
            [{"field": "totalAmount", "message": "Required, as not every product here has a price."}]
        )


class IdempotencyKeyReused(Unprocessable):
    code, title = "idempotency_key_reused", "The Idempotency-Key belongs to another request"
    happened = "An earlier request with this Idempotency-Key had another body. A key stands for one request."
    detail = "This key was first sent with another body. Use a new key for a new order."


class RateLimited(ApiError):
    status, code, title = 429, "rate_limited", "Too many requests"
    happened = (
        "Too many tries from this address, too many wrong passwords for this account, or too many orders or "
        "cancels of one user, in a short time; or too many orders of the user are not finished yet."
    )
    detail = "Wait for the seconds in Retry-After, then try again."


class ServiceUnavailable(ApiError):
    """503 with Retry-After: nothing is wrong with the request, it can be sent again."""

    status, code, title = 503, "service_unavailable", "Try again in a moment"
    happened = (
        "The database does not answer, or too much is going on at once. Nothing is wrong with the "
        "request. An order may have been placed all the same: the same Idempotency-Key tells."
    )
    detail = "The database does not answer at the moment. Send the same request again."

    def __init__(self, detail: str | None = None, retry_after: int = 2, **members: Any) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)}, **members)


class MethodNotAllowed(ApiError):
    status, code, title = 405, "method_not_allowed", "Method not allowed"
    happened = "The address is right, and the method is not one that it has."
    detail = "Use a method of the Allow header. GET /api/docs lists what there is."


class PayloadTooLarge(ApiError):
    status, code, title = 413, "payload_too_large", "The body is too large"
    happened = "The body is larger than 100 kB."
    detail = "Send at most 100 kB (102400 bytes)."


class UnsupportedMediaType(ApiError):
    status, code, title = 415, "unsupported_media_type", "The body must be JSON"
    happened = "The body is not said to be JSON."
    detail = "Send the body as JSON with the header Content-Type: application/json."
