"""How many wrong passwords an account takes: 10 in 5 minutes, however many come at once.

Each try is counted before its password is looked at, and given back unless the password was wrong: so 36 at
once get 10 answers. Addresses from which the account was logged in to of late are counted by themselves: what
strangers try elsewhere does not lock its owner out.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from flask import g
from limits import RateLimitItemPerDay
from limits.errors import StorageError

from middleware.auth_middleware import current_user_id
from middleware.rate_limits import Key, View, client_network, limit_by, limiter
from middleware.request_body import peek_body
from utils import errors

_OFTEN = "10 per 5 minutes"
# A place is known while it has used this up: Redis forgets it 30 days after the last login from there.
_KNOWN = RateLimitItemPerDay(1, 30)
_NAMESPACE = "known-place"


def _account() -> str | None:
    """The account that a login is about and, if it is a known one, the place that it comes from."""
    email = peek_body().get("email")
    if not isinstance(email, str):
        return None
    account = _hashed(email.lower())
    g.login_place = _hashed(f"{account} {client_network()}")
    return f"account:{account}:{g.login_place}" if _is_known(g.login_place) else f"account:{account}"


def _own_account() -> str:
    """The account of the token. Stands below `requires_user`."""
    return f"account:{_hashed(str(current_user_id()))}"


def _hashed(text: str) -> str:
    """Addresses do not belong into Redis."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _is_known(place: str) -> bool:
    try:
        return not limiter.limiter.test(_KNOWN, _NAMESPACE, place)
    except StorageError:
        return False


def _remember_place() -> None:
    if g.get("login_place") is None:
        return
    with suppress(StorageError):
        limiter.limiter.clear(_KNOWN, _NAMESPACE, g.login_place)
        limiter.limiter.hit(_KNOWN, _NAMESPACE, g.login_place)


def _limit_failures(
    key: Key, succeeded: Callable[[], None] | None = None, **options: Any
) -> Callable[[View], View]:
    """A limit that only wrong passwords use up. `succeeded` is called when there was none."""

    def decorate(view: View) -> View:
        limited = limit_by(key, _OFTEN, **options)(view)

        @wraps(limited)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            try:
                answer = limited(*args, **kwargs)
            except errors.InvalidCredentials:
                raise
            except BaseException:
                _give_back()
                raise
            _give_back()
            if succeeded is not None:
                succeeded()
            return answer

        return guarded

    return decorate


def _give_back() -> None:
    """Undo the count, also of a try that was not heard: else many right ones at once would lock it."""
    for counted in limiter.current_limits:
        if g.get("limit_key") in counted.request_args:
            with suppress(StorageError):
                limiter.limiter.hit(counted.limit, *counted.request_args, cost=-1)


failures_per_account = _limit_failures(_account, succeeded=_remember_place)
failures_per_user = _limit_failures(_own_account, scope="own-account")
