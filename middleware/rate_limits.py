"""How often one may try to log in or register: per client address, and per account.

Counted in Redis by flask-limiter; with Redis down, each process counts for itself.
"""

import hashlib
import time

from flask import Flask, Response, request
from flask_limiter import Limiter, RateLimitExceeded
from flask_limiter.util import get_remote_address
from werkzeug.exceptions import HTTPException

from config.redis import make_client
from config.settings import Settings
from middleware.auth_middleware import current_user_id
from middleware.request_body import read_body
from utils import errors
from utils.error_handler import to_response

limiter = Limiter(get_remote_address)


def init_app(app: Flask, settings: Settings) -> None:
    client = make_client(settings.redis_address)
    app.config.update(
        RATELIMIT_ENABLED=settings.ratelimit_enabled,
        RATELIMIT_STORAGE_URI=settings.redis_address,
        RATELIMIT_STORAGE_OPTIONS={"connection_pool": client.connection_pool},
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        RATELIMIT_SWALLOW_ERRORS=True,  # Redis may go between the check and the count
        RATELIMIT_KEY_PREFIX="ratelimit",
    )
    limiter.init_app(app)
    app.register_error_handler(RateLimitExceeded, _too_many)


def _too_many(error: RateLimitExceeded) -> Response:
    """Retry-After by hand: flask-limiter's own headers would be on every success too."""
    return to_response(errors.RateLimited(headers={"Retry-After": str(seconds_left())}))


def seconds_left() -> int:
    """How long the limit that this request has reached still holds."""
    breached = limiter.current_limit
    return max(1, round(breached.reset_at - time.time())) if breached else 60


def _account() -> str:
    """The account that a login is about, hashed: addresses do not belong into Redis.

    It never raises: flask-limiter would take that for a Redis that is gone, and count anew in memory.
    """
    try:
        read_body()
        body = request.get_json(silent=True)
    except (errors.ApiError, HTTPException):  # the route says what is wrong with it
        body = None
    email = body.get("email") if isinstance(body, dict) else None
    text = email.lower() if isinstance(email, str) else ""
    return "account:" + hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _own_account() -> str:
    """The account of the token. Stands below `requires_user`."""
    return "account:" + hashlib.sha256(str(current_user_id()).encode()).hexdigest()


def _failed(response: Response) -> bool:
    return response.status_code == 401


per_address = limiter.limit("60 per minute; 600 per hour")
failures_per_account = limiter.limit("10 per 5 minutes", key_func=_account, deduct_when=_failed)
failures_per_user = limiter.shared_limit(
    "10 per 5 minutes", scope="own-account", key_func=_own_account, deduct_when=_failed
)
registrations_per_address = limiter.limit("30 per minute; 300 per hour")
