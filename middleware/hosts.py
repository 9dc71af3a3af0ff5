"""The Host that a request names. HTTP/1.1 wants one with each request (RFC 9112, section 3.2), and what is
for this machine alone answers to this machine's names alone.
"""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Flask, request

from config.resources import resources
from utils import errors

View = Callable[..., Any]

# A name or an address as DNS and browsers write them: `localhost:3000`, `api.example.com`, `[::1]`.
_HOST = re.compile(
    r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*)\.?(?::\d{0,5})?", re.IGNORECASE
)
_LONGEST = 260  # characters: 253 of a name, a dot, a port
_THIS_MACHINE = ("localhost", "127.0.0.1", "[::1]")


def init_app(app: Flask) -> None:
    app.before_request(_check)


def for_this_machine(view: View) -> View:
    """The route answers to localhost and what the setting HOST says. Raises MisdirectedRequest.

    Else a page of any origin could read it in a browser on this machine, once its name leads to
    127.0.0.1 (DNS rebinding): for the browser it is then of that page's origin.
    """

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if _name() not in (*_THIS_MACHINE, resources().settings.host, f"[{resources().settings.host}]"):
            raise errors.MisdirectedRequest
        return view(*args, **kwargs)

    return guarded


def _check() -> None:
    sent = request.headers.get("Host")
    if sent is None and request.environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
        return
    if sent is None or len(sent) > _LONGEST or not _HOST.fullmatch(sent):
        raise errors.ValidationFailed(
            [{"field": "Host", "message": "Must be sent once, such as `Host: api.example.com`."}]
        )


def _name() -> str:
    """The Host without its port. Browsers always send one, so who sends none is no browser."""
    found = _HOST.fullmatch(request.headers.get("Host", _THIS_MACHINE[0]))
    return found[1].lower() if found else ""
