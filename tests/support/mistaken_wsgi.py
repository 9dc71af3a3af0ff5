"""The application with a mistake in it that no client can cause, and secrets in its variables meanwhile.

`gunicorn tests.support.mistaken_wsgi:app`: whoever changes a password is answered with 500.
"""

from typing import Any

from controllers import account_controller
from wsgi import app

__all__ = ["app"]


def _mistaken(user_id: Any, current: str, new: str) -> None:
    raise KeyError("a mistake")


account_controller.change_password = _mistaken
