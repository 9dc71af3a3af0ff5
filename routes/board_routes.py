"""/dev: the board. Mounted in the local stack, and where BOARD_FOR_ADMINS is true.

Its page holds no data: it asks for them, and for a login where they are for admins alone.
"""

from typing import Any

from flask import Blueprint, Response, jsonify, request, send_from_directory

from config.resources import resources
from config.settings import ROOT
from controllers import board_controller
from middleware.auth_middleware import public
from middleware.board_access import for_board_readers
from middleware.hosts import for_this_machine
from openapi.responses import undocumented
from routes.conditional import conditional
from routes.pages import page
from utils import errors

board = Blueprint("board", __name__)
local_board = Blueprint("local_board", __name__)  # what the local stack has on top

_ASSETS = ("board.css", "board.js", "break.js", "login.js", "uPlot.iife.min.js", "uPlot.min.css")


@board.get("")
@undocumented
@public
def show_board() -> Response:
    """Show the board: a page that asks for `board.json` once a second."""
    settings = resources().settings
    return page(
        "board/page.html",
        scripts=True,
        login=settings.board_for_admins,
        local=settings.mailbox_url is not None,
        break_it=settings.break_it_url is not None,
    )


@board.get("/board.json")
@undocumented
@for_board_readers
def read_board() -> Response:
    """What the board shows."""
    return conditional(jsonify(board_controller.board()))


@board.get("/timeline.json")
@undocumented
@for_board_readers
def read_timeline() -> Any:
    """The life of the order that `?q=` names: by order id, request id, or mail address."""
    found = board_controller.timeline(request.args.get("q", ""))
    return {"orderId": found.order_id, "facts": found.facts, "steps": found.steps}


@board.get("/assets/<name>")
@undocumented
@public
def show_board_asset(name: str) -> Response:
    """A piece of the board's page."""
    if name not in _ASSETS:
        raise errors.NotFound
    return send_from_directory(ROOT / "templates" / "board", name, max_age=3600)


@local_board.get("/audit.json")
@undocumented
@public
@for_this_machine
def read_audit() -> Response:
    """What `flask audit` finds now: the first lines of it, and whether there are more.

    It reads all that there is, so it is nothing to ask for every 5 s in production.
    """
    findings, more = board_controller.audit()
    return conditional(jsonify(findings=findings, more=more))
