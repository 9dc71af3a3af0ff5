"""`Prefer: wait=N` (RFC 7240, section 4.3): the answer comes once the order has ended, or after N seconds."""

from typing import Any, NamedTuple

from bson import ObjectId
from flask import request
from werkzeug.http import parse_dict_header

from controllers import order_controller

MAX_WAIT_SECONDS = 20


class Waited(NamedTuple):
    """The order as it then stands, whether it came from the cache, and the Preference-Applied header."""

    order: dict[str, Any]
    cached: bool
    applied: str


def wait_as_preferred(user_id: ObjectId, order_id: str) -> Waited | None:
    """Wait as the client prefers. None when it did not ask, or all places to wait are taken."""
    seconds = _preferred_seconds()
    if not seconds:
        return None
    found = order_controller.wait_for_end(user_id, order_id, seconds)
    return Waited(*found, f"wait={seconds}") if found else None


def _preferred_seconds() -> int:
    """The N of `Prefer: wait=N`, at most 20; 0 without one, as an unknown preference is to be ignored."""
    preferences = parse_dict_header(",".join(request.headers.getlist("Prefer")))
    wanted = {name.lower(): value for name, value in preferences.items()}.get("wait") or ""
    return min(int(wanted[:9]), MAX_WAIT_SECONDS) if wanted.isascii() and wanted.isdigit() else 0
