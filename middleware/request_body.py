"""What came in: a JSON body, parsed strictly and checked against a schema before the route sees it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import request
from marshmallow import Schema, ValidationError
from werkzeug.exceptions import BadRequest, ClientDisconnected

from config.settings import current_settings
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
    try:
        loaded: dict[str, Any] = schema.load(data)
    except ValidationError as error:
        raise errors.ValidationFailed(list(_flatten(error.messages))) from error
    return loaded


def read_body() -> bytes:
    """The body. Raises InvalidJson when it does not arrive in time, and PayloadTooLarge's 413 by werkzeug.

    A client that falls silent in the middle of it must not hold a thread for ever. gunicorn's threads wait
    without limit, so the limit is set on its socket. One that sends a byte now and then gets past it: that is
    for the proxy in front, which reads bodies before it passes them on.
    """
    connection = request.environ.get("gunicorn.socket")
    if connection is None:
        return request.get_data()
    connection.settimeout(current_settings().body_timeout_seconds)
    try:
        return request.get_data()
    except ClientDisconnected as error:
        raise errors.InvalidJson("The body did not arrive in time.") from error
    finally:
        connection.settimeout(None)


def _flatten(messages: Any, path: str = "") -> Any:
    """marshmallow's nested messages as `{field, message}` rows: items.0.quantity, not {items: {0: ...}}."""
    if isinstance(messages, dict):
        for key, nested in messages.items():
            inner = str(key)[:100]
            yield from _flatten(nested, path if inner == "_schema" else f"{path}.{inner}".lstrip("."))
    else:
        for message in messages if isinstance(messages, list) else [messages]:
            yield {"field": path or "body", "message": message}
