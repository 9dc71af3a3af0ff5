"""The queue of order messages in SQS: each says "look at this order now", and may come twice, late or never.

Port of the SQS half of services/awsService.js. The body is the Node app's, `{"orderId": ...}`; the id of the
request that sent it travels as a message attribute.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson
import structlog
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

from config.resources import resources
from utils.crash_points import crash_point

log = structlog.get_logger(__name__)

MAX_BATCH = 10  # of SQS, for sending, receiving and deleting alike


class QueueError(Exception):
    """SQS did not do what it was asked."""


class QueueUnreachable(QueueError):
    """SQS did not answer: nothing listens there, or it hangs."""


class OrderMessage(NamedTuple):
    """One message to send; `traceparent` is that of who sends it, and stays here."""

    order_id: str
    request_id: str
    traceparent: str | None = None


class Message(NamedTuple):
    """One message received. `order_id` is None when the body is not `{"orderId": ...}`."""

    order_id: str | None
    request_id: str | None
    receipt: str
    message_id: str


@crash_point
def send_messages(messages: Sequence[OrderMessage]) -> None:
    """Send up to 10 messages in one call. Raises QueueError if any was not taken."""
    entries = [_entry(index, message) for index, message in enumerate(messages)]
    answer = call(resources().sqs.send_message_batch, Entries=entries)
    if answer.get("Failed"):
        raise QueueError(answer["Failed"][0].get("Code", "Failed"))


@crash_point
def receive(limit: int) -> list[Message]:
    """Wait for up to `limit` messages (long polling). Raises QueueError."""
    answer = call(
        resources().sqs_receive.receive_message,
        MaxNumberOfMessages=min(limit, MAX_BATCH),
        WaitTimeSeconds=resources().settings.sqs_wait_seconds,
        VisibilityTimeout=resources().settings.queue_visibility_seconds,
        MessageAttributeNames=["All"],
    )
    return [_message(raw) for raw in answer.get("Messages", ())]


@crash_point
def delete(messages: Sequence[Message]) -> None:
    """Take up to 10 finished messages off the queue. One that stays comes again, which does no harm."""
    entries = [{"Id": str(i), "ReceiptHandle": m.receipt} for i, m in enumerate(messages)]
    answer = call(resources().sqs.delete_message_batch, Entries=entries)
    for failed in answer.get("Failed", ()):
        log.warning("message_not_deleted", code=failed.get("Code"))


@crash_point
def give_back(messages: Sequence[Message]) -> None:
    """Let another worker have up to 10 messages at once instead of after the visibility time-out."""
    entries = [
        {"Id": str(i), "ReceiptHandle": m.receipt, "VisibilityTimeout": 0} for i, m in enumerate(messages)
    ]
    call(resources().sqs.change_message_visibility_batch, Entries=entries)


def ping() -> None:
    """Raises QueueError unless the queue answers."""
    call(resources().sqs.get_queue_attributes, AttributeNames=["QueueArn"])


def call(method: Any, **arguments: Any) -> dict[str, Any]:
    """Call SQS about our queue, or the one that `QueueUrl` names. Raises QueueError."""
    try:
        answer: dict[str, Any] = method(**{"QueueUrl": resources().settings.sqs_queue_url, **arguments})
    except ClientError as error:
        raise QueueError(error.response["Error"].get("Code", "ClientError")) from error
    except (ConnectionError, HTTPClientError) as error:
        raise QueueUnreachable(type(error).__name__) from error
    except BotoCoreError as error:
        raise QueueError(type(error).__name__) from error
    return answer


def _entry(index: int, message: OrderMessage) -> dict[str, Any]:
    return {
        "Id": str(index),
        "MessageBody": orjson.dumps({"orderId": message.order_id}).decode(),
        "MessageAttributes": {"requestId": {"DataType": "String", "StringValue": message.request_id}},
    }


def _message(raw: dict[str, Any]) -> Message:
    attributes = raw.get("MessageAttributes", {})
    request_id = attributes.get("requestId", {}).get("StringValue")
    return Message(_order_id(raw["Body"]), request_id, raw["ReceiptHandle"], raw["MessageId"])


def _order_id(body: str) -> str | None:
    try:
        parsed = orjson.loads(body)
    except ValueError:
        return None
    order_id = parsed.get("orderId") if isinstance(parsed, dict) else None
    return order_id if isinstance(order_id, str) else None
