"""Who may read what the board shows: whoever sits at the local stack's machine; admins where
BOARD_FOR_ADMINS is true."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from config.resources import resources
from middleware.auth_middleware import mark, requires_admin
from middleware.hosts import for_this_machine

View = Callable[..., Any]


def for_board_readers(view: View) -> View:
    """The route needs an access token of an admin, or in the local stack a name of this machine as Host."""
    for_admins, for_this = requires_admin(view), for_this_machine(view)

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        allowed = for_admins if resources().settings.board_for_admins else for_this
        return allowed(*args, **kwargs)

    return mark(guarded, "board reader")
