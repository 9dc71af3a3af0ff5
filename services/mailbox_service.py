"""The mails that the local stack's SES took, for /dev/mailbox. Real SES keeps none to look at."""

import re
from datetime import UTC, datetime
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import orjson

from config.resources import resources
from utils import errors

_STATUS = re.compile(r"^Status: (\w+)$", re.M)  # as templates/mail/order_status.txt has it


def list_mails(to: str | None, mail_id: str | None = None) -> list[dict[str, Any]]:
    """`[{id, to, subject, text, html, status, sentAt}]`, newest first: all, those to one address, or the one
    with that id. Raises ServiceUnavailable."""
    url = resources().settings.mailbox_url or ""
    try:
        with urlopen(url, timeout=2) as response:  # noqa: S310 - a setting, not a client's
            by_account = orjson.loads(response.read())["messages"]
    except (URLError, OSError) as error:
        raise errors.ServiceUnavailable("The local stack's mail server does not answer.") from error
    messages = [message for sent in by_account.values() for message in sent]
    mails = [
        _view(message)
        for message in messages
        if (to is None or to in message["To"]) and mail_id in (None, message["MessageId"])
    ]
    return sorted(mails, key=lambda mail: mail["sentAt"], reverse=True)


def _view(message: dict[str, Any]) -> dict[str, Any]:
    text = message["BodyText"]
    status = _STATUS.search(text)
    return {
        "id": message["MessageId"],
        "to": ", ".join(message["To"]),
        "subject": message["Subject"],
        "text": text,
        "html": message["BodyHtml"] or "",
        "status": status.group(1) if status else None,
        "sentAt": datetime.fromtimestamp(message["Timestamp"], UTC),
    }
