"""What came in: a JSON body, parsed strictly and checked against a schema before the route sees it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import g, request
from gunicorn.http.errors import ParseException
from marshmallow import Schema, ValidationError
from werkzeug.exceptions import BadRequest, ClientDisconnected, HTTPException

from utils import errors

MAX_BODY_BYTES = 100 * 1024  # as Express' json() has it

View = Callable[..., Any]


def accepts(schema: Schema, optional: bool = False) -> Callable[[View], View]:
    """The route takes a JSON body of this schema, as its argument `body`.

    Raises InvalidJson, UnsupportedMediaType, PayloadTooLarge or ValidationFailed. With `optional`, no body at
    all is an empty one.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def parsed(*args: Any, **kwargs: Any) -> Any:
            return view(*args, body=_load(schema, optional), **kwargs)

        parsed.body_schema = schema  # type: ignore[attr-defined]
        parsed.body_optional = optional  # type: ignore[attr-defined]
        return parsed

    return decorate


def _load(schema: Schema, optional: bool) -> dict[str, Any]:
    raw = read_body()
    if len(raw) > MAX_BODY_BYTES:
        raise errors.PayloadTooLarge
    if optional and not raw:
        return {}
    try:
        data = request.get_json()
    except BadRequest as error:
        raise errors.InvalidJson from error
    return load(schema, data)


def load(schema: Schema, data: Any) -> dict[str, Any]:
    """What a client sent, checked. Raises ValidationFailed."""
    try:
        loaded: dict[str, Any] = schema.load(data)
    except ValidationError as error:
        raise errors.ValidationFailed(list(_flatten(error.messages))) from error
    return loaded


def read_body() -> bytes:
    """The body. Raises InvalidJson when it does not arrive in time (config/gunicorn_worker.py) or its chunks
    are none, and PayloadTooLarge's 413 by werkzeug."""
    if "body_fault" in g:  # who reads on behind it would find what is no body
        raise errors.InvalidJson(g.body_fault)
    try:
        body = request.get_data()
    except ClientDisconnected:  # in the middle of a chunked one
        body = None
    except ParseException:
        raise _body_fault("The body is not chunked as RFC 9112, section 7.1, has it.") from None
    # gunicorn says where a body ends, so werkzeug does not compare it with its length.
    if body is None or len(body) < (request.content_length or 0):
        raise _body_fault("The body did not arrive in full, or not in time.")
    return body


def _body_fault(detail: str) -> errors.InvalidJson:
    g.body_fault = detail
    return errors.InvalidJson(detail)


def peek_body() -> dict[str, Any]:
    """The body where it is a JSON object, and else an empty one: for checks that come before the route,
    which says what is wrong with it."""
    try:
        read_body()
        body = request.get_json(silent=True)
    except (errors.ApiError, HTTPException):
        return {}
    return body if isinstance(body, dict) else {}


def _flatten(messages: Any, path: str = "") -> Any:
    """marshmallow's nested messages as `{field, message}` rows: items.0.quantity, not {items: {0: ...}}."""
    if isinstance(messages, dict):
        for key, nested in messages.items():
            inner = str(key)[:100]
            yield from _flatten(nested, path if inner == "_schema" else f"{path}.{inner}".lstrip("."))
    else:
        for message in messages if isinstance(messages, list) else [messages]:
            yield {"field": path or "body", "message": message}
