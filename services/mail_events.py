"""What SES tells of mails after it took them, from a queue: taken, delivered, bounced, complained about.

SES publishes to SNS, and SNS to SQS (deploy/). An event names its order and attempt by the tags that
aws_mail_service.send_mail gives each mail. It may come twice, late, out of order, and before the answer to
the send itself. The Node app did not listen.

Source: SES Developer Guide, "Examples of event data that Amazon SES publishes to Amazon SNS".
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import orjson

from config.resources import resources
from models.documents import Delivery
from services.aws_queue_service import MAX_BATCH, call
from utils.crash_points import crash_point

_VISIBILITY_SECONDS: Final = 60
_ORDER_TAG, _ATTEMPT_TAG = "order", "attempt"
# By eventType, and notificationType of identities without a configuration set.
_DELIVERIES: Final[dict[str, Delivery | None]] = {
    "Send": None,
    "Delivery": "delivered",
    "Bounce": "bounced",
    "Reject": "rejected",
    "Complaint": "complained",
}
# Of no consequence for an order. SES sends the last one, in plain text, when a destination is set up.
_IGNORED: Final = {"DeliveryDelay", "Open", "Click", "Subscription", "Rendering Failure"}
_HELLO: Final = "Successfully validated SNS topic"


class MailEvent(NamedTuple):
    """`delivery` is None when all that is said is that SES took the mail. `order_id` and `attempt` are None
    for mails without our tags. `unreachable` are addresses that no mail should go to any more."""

    delivery: Delivery | None
    order_id: str | None
    attempt: int | None
    message_id: str
    unreachable: tuple[str, ...] = ()


class EventMessage(NamedTuple):
    """A message of the queue. `event` is None when nothing is to be done, `fault` why it cannot be read."""

    event: MailEvent | None
    fault: str
    receipt: str
    message_id: str


def tags_of(order_id: str, attempt: int) -> dict[str, str]:
    """The tags by which an event finds its order again. SES takes letters, digits, `-` and `_` in them."""
    return {_ORDER_TAG: order_id, _ATTEMPT_TAG: str(attempt)}


@crash_point
def receive_events() -> list[EventMessage]:
    """Wait for events (long polling). Raises QueueError."""
    settings = resources().settings
    answer = call(
        resources().sqs_receive.receive_message,
        QueueUrl=settings.ses_events_queue_url,
        MaxNumberOfMessages=MAX_BATCH,
        WaitTimeSeconds=settings.sqs_wait_seconds,
        VisibilityTimeout=_VISIBILITY_SECONDS,
    )
    return [_message(raw) for raw in answer.get("Messages", ())]


@crash_point
def delete_event(message: EventMessage) -> None:
    """Take an event off its queue. Raises QueueError."""
    url = resources().settings.ses_events_queue_url
    call(resources().sqs.delete_message, QueueUrl=url, ReceiptHandle=message.receipt)


def _message(raw: Mapping[str, Any]) -> EventMessage:
    event, fault = None, ""
    try:
        event = read_event(raw["Body"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        fault = f"{type(error).__name__}: no event of SES that is known"
    return EventMessage(event, fault, raw["ReceiptHandle"], raw["MessageId"])


def read_event(body: str) -> MailEvent | None:
    """An event as it stands in a message, in SNS' envelope or without it (raw message delivery).

    None when it is of no consequence. Raises ValueError, KeyError, TypeError or AttributeError for anything
    that is none.
    """
    parsed = orjson.loads(body)
    if "Message" in parsed and "eventType" not in parsed:
        text = parsed["Message"]
        if text.startswith(_HELLO):
            return None
        parsed = orjson.loads(text)
    kind = parsed.get("eventType") or parsed["notificationType"]
    if kind in _IGNORED:
        return None
    mail = parsed["mail"]
    tags = mail.get("tags") or {}
    order_id, attempt = _first(tags.get(_ORDER_TAG)), _first(tags.get(_ATTEMPT_TAG))
    return MailEvent(
        delivery=_DELIVERIES[kind],
        order_id=order_id,
        attempt=int(attempt) if attempt and attempt.isdecimal() else None,
        message_id=str(mail["messageId"]),
        unreachable=tuple(_unreachable(parsed)),
    )


def _first(values: Any) -> str | None:
    return str(values[0]) if isinstance(values, list) and values else None


def _unreachable(event: Mapping[str, Any]) -> Iterator[str]:
    """Who complained, and whose address does not exist. A transient bounce says nothing of the address."""
    if "complaint" in event:
        recipients = event["complaint"]["complainedRecipients"]
    elif event.get("bounce", {}).get("bounceType") == "Permanent":
        recipients = event["bounce"]["bouncedRecipients"]
    else:
        recipients = []
    yield from (str(recipient["emailAddress"]) for recipient in recipients)
