"""/dev: the local stack's board and mailbox. Mounted only where MAILBOX_URL is set."""

from typing import Any

from flask import Blueprint, Response, jsonify, request, send_from_directory

from config.resources import resources
from config.settings import ROOT
from controllers import board_controller
from middleware.auth_middleware import public
from middleware.hosts import for_this_machine
from openapi.responses import HTML, JSON, responds, undocumented
from openapi.schemas import MailboxSchema
from openapi.traits import MAILBOX
from routes.conditional import conditional
from routes.pages import page, preferred
from services import mailbox_service
from utils import errors

dev = Blueprint("dev", __name__)

_ASSETS = ("board.css", "board.js", "break.js", "uPlot.iife.min.js", "uPlot.min.css")


@dev.get("/mailbox")
@responds(200, MailboxSchema, MAILBOX, media=[HTML, JSON], errors=[errors.MisdirectedRequest])
@public
@for_this_machine
def show_mailbox() -> Any:
    """Show the mails sent so far, newest first: a page, or JSON for `Accept: application/json`.

    Asked for by the name of this machine alone: localhost, 127.0.0.1, [::1], or what the setting HOST says.
    """
    to, mail_id = request.args.get("to"), request.args.get("id")
    mails = mailbox_service.list_mails(to, mail_id)
    if preferred(HTML, JSON) == JSON:
        return {"data": mails}, {"Vary": "Accept"}
    if mail_id and mails:
        return page("pages/mail.html", inline_styles=True, mail=mails[0])
    if mail_id:
        return page("pages/mailbox.html", mails=mailbox_service.list_mails(to), to=to, missing=True)
    return page("pages/mailbox.html", mails=mails, to=to)


@dev.get("")
@undocumented
@public
@for_this_machine
def show_board() -> Response:
    """Show the board: a page that asks for `board.json` once a second."""
    return page("board/page.html", scripts=True, break_it=resources().settings.break_it_url is not None)


@dev.get("/board.json")
@undocumented
@public
@for_this_machine
def read_board() -> Response:
    """What the board shows."""
    return conditional(jsonify(board_controller.board()))


@dev.get("/audit.json")
@undocumented
@public
@for_this_machine
def read_audit() -> Response:
    """What `flask audit` finds now: the first lines of it, and whether there are more."""
    findings, more = board_controller.audit()
    return conditional(jsonify(findings=findings, more=more))


@dev.get("/timeline.json")
@undocumented
@public
@for_this_machine
def read_timeline() -> Any:
    """The life of the order that `?q=` names: by order id, request id, or mail address."""
    found = board_controller.timeline(request.args.get("q", ""))
    return {"orderId": found.order_id, "facts": found.facts, "steps": found.steps}


@dev.get("/assets/<name>")
@undocumented
@public
@for_this_machine
def show_board_asset(name: str) -> Response:
    """A piece of the board's page."""
    if name not in _ASSETS:
        raise errors.NotFound
    return send_from_directory(ROOT / "templates" / "board", name, max_age=3600)
