"""Errors become HTTP here and nowhere else: problem details after RFC 9457.

Port of utils/errorHandler.js, which answered a bare message. `message` is still there, for its clients, and
says what the Node app said, where it had a word for the case.
"""

from typing import Any

import structlog
from flask import Flask, Response, current_app, g, request
from pymongo.errors import ConnectionFailure, PyMongoError
from werkzeug.exceptions import HTTPException

from utils import errors
from utils.logs import fields_of

log = structlog.get_logger(__name__)

_BY_STATUS: dict[int, type[errors.ApiError]] = {
    400: errors.InvalidJson,
    404: errors.NotFound,
    405: errors.MethodNotAllowed,
    413: errors.PayloadTooLarge,
    415: errors.UnsupportedMediaType,
}


def init_app(app: Flask) -> None:
    """Register a handler for everything that can go wrong in a request."""
    app.register_error_handler(errors.ApiError, to_response)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(PyMongoError, _database_error)
    app.register_error_handler(Exception, _unexpected_error)


def problem(error: errors.ApiError) -> dict[str, Any]:
    """The body of an error: `{type, title, status, detail, code, message, requestId, ...}`."""
    return {
        "type": error.type_reference,
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "message": error.node_message or error.detail,
        "requestId": g.get("request_id"),
        **error.members,
    }


def to_response(error: errors.ApiError) -> Response:
    """Answer with an error."""
    body = current_app.json.dumps(problem(error))
    return Response(body, error.status, headers=error.headers, content_type="application/problem+json")


def _http_error(error: HTTPException) -> Response:
    """What Flask and werkzeug raise by themselves: no such route, wrong method, body too large."""
    if error.code is not None and error.code < 400:  # a redirect
        return current_app.make_response(error)
    known = _BY_STATUS.get(error.code or 500)
    if known is None:
        log.warning("unmapped_http_error", status=error.code)
        answer = errors.ApiError(error.description)
        answer.status, answer.title = error.code or 500, error.name
        answer.code = error.name.lower().replace(" ", "_")
        return to_response(answer)
    if known is errors.MethodNotAllowed:
        allowed = ", ".join(sorted(error.valid_methods or ()))  # type: ignore[attr-defined]
        return to_response(
            errors.MethodNotAllowed(
                f"{request.method} is not possible here. Use {allowed}.", headers={"Allow": allowed}
            )
        )
    return to_response(known())


def _database_error(error: PyMongoError) -> Response:
    """MongoDB is down, or too slow: the client may try again. The driver's text stays in the log.

    That it is down is logged once, by utils/server_watch.py; each request's own line names the error.
    """
    if isinstance(error, ConnectionFailure):
        structlog.contextvars.bind_contextvars(error=type(error).__name__)
    else:
        log.error("database_error", **fields_of(error))
    return to_response(errors.ServiceUnavailable())


def _unexpected_error(error: Exception) -> Response:
    log.exception("unexpected_error", error=type(error).__name__)
    return to_response(errors.ApiError())
