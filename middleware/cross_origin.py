"""Pages of other origins that may call the API from a browser: those that CORS_ORIGINS names, by Flask-CORS.

The Node app had no such thing: a browser kept every page but its own away from it, and so it is without the
setting. No cookies are used, so none are allowed.
"""

import re
from collections.abc import Sequence

from flask import Flask, Response, request
from flask_cors import CORS

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
MAY_SEND = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Prefer",
    "X-Request-Id",
)
MAY_READ = (
    "ETag",
    "Idempotent-Replayed",
    "Location",
    "Preference-Applied",
    "Retry-After",
    "WWW-Authenticate",
    "X-Cache",
    "X-Request-Id",
)
_PREFLIGHT_SECONDS = 600  # so long a browser need not ask again


def init_app(app: Flask, origins: Sequence[str]) -> None:
    """Let pages of these origins in, such as `http://localhost:5173`; `*` is all of them."""
    if not origins:
        return
    app.before_request(_answer_preflight)
    app.after_request(_vary)
    CORS(
        app,
        # Flask-CORS takes some for regular expressions, such as http://[::1]:5173.
        origins="*" if "*" in origins else [_exactly(origin) for origin in origins],
        methods=METHODS,
        allow_headers=MAY_SEND,
        expose_headers=MAY_READ,
        max_age=_PREFLIGHT_SECONDS,
        always_send=False,  # not to who has no origin: it would get all of them
        vary_header=False,  # only where it allows; a cache must know where it does not
        intercept_exceptions=False,  # errors are answered by error_handler.py, and pass here like all else
    )


def _exactly(origin: str) -> re.Pattern[str]:
    return re.compile(re.escape(origin) + r"\Z", re.IGNORECASE)


def _answer_preflight() -> Response | None:
    """May this be asked at all? Yes at any address: a page is to see the 404 that the request itself gets."""
    is_preflight = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    return Response(status=204) if is_preflight else None


def _vary(response: Response) -> Response:
    response.vary.add("Origin")
    return response
