"""How many orders a user may place and cancel: about each goes a mail, to an address that is not verified.

Counted by user, in Redis as all limits (rate_limits.py). All of these are settings, with defaults that no
honest customer meets.
"""

from flask_limiter import RateLimitExceeded

from config.resources import resources
from middleware.auth_middleware import current_user_id
from middleware.rate_limits import limiter, seconds_left
from models.order import has_unfinished
from utils import errors

_WAIT_SECONDS = 60  # it is not known when SES is back


def _user() -> str:
    return f"user:{current_user_id()}"


# Stands below `requires_user`.
cancels_per_user = limiter.limit(
    lambda: f"{resources().settings.cancels_per_minute} per minute", key_func=_user
)


@limiter.limit(lambda: f"{resources().settings.orders_per_minute} per minute", key_func=_user)
def _count_order() -> None:
    """Does nothing but count."""


def may_order() -> None:
    """Count a request for an order. Raises RateLimited when this user must wait before placing one more."""
    try:
        _count_order()
    except RateLimitExceeded:
        raise errors.RateLimited(
            "You have sent too many orders in the last minute. Wait for the seconds in Retry-After, then try "
            "again.",
            headers={"Retry-After": str(seconds_left())},
        ) from None
    most = resources().settings.mails_waiting_per_user
    if limiter.enabled and has_unfinished(current_user_id(), most):
        raise errors.RateLimited(
            f"{most} of your orders still wait to be processed, or for their mails. Try again later.",
            headers={"Retry-After": str(_WAIT_SECONDS)},
        )
