"""How often one may try to log in, register or refresh a login: per client address, and per login.

Counted in Redis by flask-limiter; with Redis down, each process counts for itself. What counts the wrong
passwords of an account is in middleware/failed_logins.py.
"""

import ipaddress
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Flask, Response, g
from flask_limiter import Limiter, RateLimitExceeded
from flask_limiter.util import get_remote_address

from config.redis import make_client
from config.settings import Settings
from middleware.auth_middleware import bearer_token
from middleware.request_body import peek_body
from utils import errors
from utils.error_handler import to_response
from utils.jwt_utils import read_refresh_token

View = Callable[..., Any]
Key = Callable[[], str | None]


def client_network() -> str:
    """The client's address, or its /64 network in IPv6: who has one such address has 2**64 of them."""
    given = get_remote_address()
    try:
        address = ipaddress.ip_address(given)
    except ValueError:  # a socket without a name, or a proxy that names itself oddly
        return given
    if address.version == 4:
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))


limiter = Limiter(client_network)


def init_app(app: Flask, settings: Settings) -> None:
    client = make_client(settings.redis_address)
    app.config.update(
        RATELIMIT_ENABLED=settings.ratelimit_enabled,
        RATELIMIT_STORAGE_URI=settings.redis_address,
        RATELIMIT_STORAGE_OPTIONS={"connection_pool": client.connection_pool, "wrap_exceptions": True},
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


def limit_by(key: Key, often: str, **options: Any) -> Callable[[View], View]:
    """A limit on what `key()` names in a request, such as an account; None is not limited. One a route.

    The key is made before flask-limiter looks: it takes whatever its key function raises for an outage of
    Redis, and would count anew in memory from then on.
    """
    make = limiter.shared_limit if "scope" in options else limiter.limit
    limit = make(often, key_func=lambda: g.limit_key, exempt_when=lambda: g.limit_key is None, **options)

    def decorate(view: View) -> View:
        limited = limit(view)

        # With flask-limiter's mark on it: limits that stand above are checked together with this one.
        @wraps(limited)
        def keyed(*args: Any, **kwargs: Any) -> Any:
            g.limit_key = key() if limiter.enabled else None
            return limited(*args, **kwargs)

        return keyed

    return decorate


def _login() -> str | None:
    """The login that a refresh token comes from; the route says what is wrong with the token."""
    token = peek_body().get("refreshToken") or bearer_token()
    try:
        return f"login:{read_refresh_token(token).family_id}" if isinstance(token, str) else None
    except errors.ApiError:
        return None


per_address = limiter.limit("60 per minute; 600 per hour")
registrations_per_address = limiter.limit("30 per minute; 300 per hour")
refreshes_per_address = limiter.limit("300 per minute; 3000 per hour")
refreshes_per_login = limit_by(_login, "30 per minute")
