"""/dev/mailbox: the mails that the local stack's SES took. Mounted only where MAILBOX_URL is set."""

from typing import Any

from flask import Blueprint, render_template, request

from middleware.auth_middleware import public
from openapi.answers import JSON, answers
from openapi.schemas import MailboxSchema
from openapi.traits import MAIL_ADDRESS
from services import mailbox_service

dev = Blueprint("dev", __name__)


@dev.get("/mailbox")
@answers(200, MailboxSchema, MAIL_ADDRESS, media=["text/html", JSON])
@public
def show_mailbox() -> Any:
    """Show the mails sent so far, newest first: a page, or JSON for `Accept: application/json`."""
    mails = mailbox_service.list_mails(request.args.get("to"))
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    if best == "application/json":
        return {"data": mails}
    return render_template("dev/mailbox.html", mails=mails, to=request.args.get("to"))
