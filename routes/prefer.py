"""`Prefer: wait=N` (RFC 7240, section 4.3): the answer comes once the order has ended, or after N seconds."""

from flask import request
from werkzeug.http import parse_dict_header

from models.arguments import MAX_WAIT_SECONDS


def preferred_wait() -> int:
    """The N of `Prefer: wait=N`, at most 20; 0 without one, as an unknown preference is to be ignored."""
    preferences = parse_dict_header(",".join(request.headers.getlist("Prefer")))
    wanted = {name.lower(): value for name, value in preferences.items()}.get("wait") or ""
    return min(int(wanted[:9]), MAX_WAIT_SECONDS) if wanted.isascii() and wanted.isdigit() else 0


def applied(wait: int) -> dict[str, str]:
    """The header that says that the preference was followed."""
    return {"Preference-Applied": f"wait={wait}"}
