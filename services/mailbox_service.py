"""The mails that the local stack's SES took, for /dev/mailbox. Real SES keeps none to look at."""

from datetime import UTC, datetime
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import orjson

from config.settings import current_settings
from utils import errors


def list_mails(to: str | None) -> list[dict[str, Any]]:
    """`[{to, subject, text, html, sentAt}]`, newest first. Raises ServiceUnavailable."""
    url = current_settings().mailbox_url or ""
    try:
        with urlopen(url, timeout=2) as response:  # noqa: S310 - a setting, not a client's
            by_account = orjson.loads(response.read())["messages"]
    except (URLError, OSError) as error:
        raise errors.ServiceUnavailable("The local stack's mail server does not answer.") from error
    messages = [message for sent in by_account.values() for message in sent]
    mails = [_view(message) for message in messages if to is None or to in message["To"]]
    return sorted(mails, key=lambda mail: mail["sentAt"], reverse=True)


def _view(message: dict[str, Any]) -> dict[str, Any]:
    return {
        "to": ", ".join(message["To"]),
        "subject": message["Subject"],
        "text": message["BodyText"],
        "html": message["BodyHtml"],
        "sentAt": datetime.fromtimestamp(message["Timestamp"], UTC),
    }
