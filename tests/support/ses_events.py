"""Events of SES as it publishes them (SES Developer Guide, "Examples of event data ... to Amazon SNS")."""

import json
from typing import Any

_AT = "2026-11-26T18:00:00.000Z"
MAIL_ID = "0100017c-message"


def event(kind: str, order_id: object, attempt: int, to: str = "customer@example.com", **about: Any) -> str:
    """The JSON text of one event of a configuration set. `about` goes into its own part: `bounceType=...`."""
    tags = {"ses:configuration-set": ["orders"], "order": [str(order_id)], "attempt": [str(attempt)]}
    mail = {"timestamp": _AT, "messageId": MAIL_ID, "source": "orders@example.com", "destination": [to]}
    return json.dumps({"eventType": kind, "mail": {**mail, "tags": tags}, **_part(kind, to, about)})


def notification(kind: str, to: str, **about: Any) -> str:
    """What an identity without a configuration set sends: another name for the kind, and no tags."""
    mail = {"timestamp": _AT, "messageId": MAIL_ID, "source": "orders@example.com", "destination": [to]}
    return json.dumps({"notificationType": kind, "mail": mail, **_part(kind, to, about)})


def in_envelope(message: str) -> str:
    """As SNS hands it to SQS without raw message delivery."""
    topic = "arn:aws:sns:us-east-1:123456789012:ses-events"
    return json.dumps({"Type": "Notification", "TopicArn": topic, "Message": message, "Timestamp": _AT})


def _part(kind: str, to: str, about: dict[str, Any]) -> dict[str, Any]:
    recipients = [{"emailAddress": to}]
    parts: dict[str, dict[str, Any]] = {
        "Send": {"send": {}},
        "Delivery": {"delivery": {"timestamp": _AT, "recipients": [to]}},
        "Bounce": {"bounce": {"bounceType": "Permanent", "bouncedRecipients": recipients}},
        "Complaint": {"complaint": {"complainedRecipients": recipients}},
        "Reject": {"reject": {"reason": "Bad content"}},
    }
    (name, part), *_ = parts.get(kind, {kind.lower(): {}}).items()
    return {name: {**part, **about}}
