"""/dev/break: what the board has broken on purpose. Mounted only where BREAK_IT_URL is set, by `make run`.

PUT and DELETE: a page of another origin would have to ask first (CORS), and is refused.
"""

from typing import Any

from flask import Blueprint

from middleware.auth_middleware import public
from middleware.hosts import for_this_machine
from openapi.responses import undocumented
from services import break_it_service

break_it = Blueprint("break_it", __name__)


@break_it.get("")
@undocumented
@public
@for_this_machine
def list_faults() -> Any:
    """What can be broken, and what is."""
    return {"data": break_it_service.faults()}


@break_it.put("/<name>")
@undocumented
@public
@for_this_machine
def begin_fault(name: str) -> Any:
    """Break it, for a minute at most where it lasts."""
    return {"data": break_it_service.begin(name)}


@break_it.delete("/<name>")
@undocumented
@public
@for_this_machine
def end_fault(name: str) -> Any:
    """Mend it."""
    return {"data": break_it_service.end(name)}
