"""Each request gets an id and a log line. The id is in every log line, the queue message and the worker's.

The Node app logged whole bodies; here method, route, status and time, and of what a client sent only the path
of an address that leads nowhere.
"""

import re
import time
from http import HTTPStatus
from urllib.parse import quote
from uuid import uuid4

import structlog
from flask import Flask, Response, g, request

from utils import metrics

log = structlog.get_logger("request")
_METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
_MAX_PATH = 200  # characters
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


def init_app(app: Flask) -> None:
    app.before_request(_begin)
    app.after_request(_end)


def request_id() -> str:
    """The id of this request: the client's X-Request-Id when it is sane, or a fresh one."""
    current: str = g.request_id
    return current


def _begin() -> None:
    sent = request.headers.get("X-Request-Id", "")
    g.request_id = sent if _SANE_ID.fullmatch(sent) else uuid4().hex
    g.started = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.request_id
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Cache-Control", "no-store")
    seconds = time.perf_counter() - g.started
    route = request.url_rule.rule if request.url_rule else "none"
    waited = "yes" if "Preference-Applied" in response.headers else "no"
    metrics.requests.labels(_method(), route, response.status_code, waited).observe(seconds)
    fields = {"method": _method(), "route": route, "status": response.status_code}
    if response.status_code == HTTPStatus.NOT_FOUND:
        fields["path"] = loggable(request.path)
    tell = log.warning if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR else log.info
    tell("request", **fields, ms=round(seconds * 1000, 1))
    return response


def loggable(path: str) -> str:
    """A path without what logs must not hold: control characters, mail addresses, tokens, no end."""
    segments = ["***" if "@" in part or "eyJ" in part else quote(part) for part in path.split("/")]
    shown = "/".join(segments)
    return shown if len(shown) <= _MAX_PATH else shown[:_MAX_PATH] + "..."


def _method() -> str:
    """The method, or `other`: clients may invent as many as they like."""
    return request.method if request.method in _METHODS else "other"
