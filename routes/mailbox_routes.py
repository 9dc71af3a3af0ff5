"""/dev/mailbox: the mails of the local stack. Mounted only where MAILBOX_URL is set."""

from typing import Any

from flask import Blueprint, request

from middleware.auth_middleware import public
from middleware.hosts import for_this_machine
from openapi.responses import HTML, JSON, responds
from openapi.schemas import MailboxSchema
from openapi.traits import MAILBOX
from routes.pages import page, preferred
from services import mailbox_service
from utils import errors

mailbox = Blueprint("mailbox", __name__)


@mailbox.get("")
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
