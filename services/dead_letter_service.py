"""The dead-letter queue: messages that were received 5 times and never understood or finished.

moto and ministack have no StartMessageMoveTask to rely on, so a redrive is receive, send, delete.
"""

from typing import Any, NamedTuple

import orjson

from config.resources import resources
from services.aws_queue_service import MAX_BATCH, QueueError, call

_COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


class QueueStatus(NamedTuple):
    """Messages waiting, being worked on, and dead; dead is None without a dead-letter queue."""

    waiting: int
    in_flight: int
    dead: int | None


def status() -> QueueStatus:
    """How full the queues are, approximately, as SQS counts. Raises QueueError."""
    waiting, in_flight = _counts(resources().settings.sqs_queue_url)
    dead_url = dead_letter_url()
    dead = sum(_counts(dead_url)) if dead_url else None
    return QueueStatus(waiting, in_flight, dead)


def dead_letter_url() -> str | None:
    """The queue that the redrive policy names. Raises QueueError."""
    answer = call(resources().sqs.get_queue_attributes, AttributeNames=["RedrivePolicy"])
    policy = answer.get("Attributes", {}).get("RedrivePolicy")
    if not policy:
        return None
    name = orjson.loads(policy)["deadLetterTargetArn"].rpartition(":")[2]
    # Both queues are in the same account and region, so their addresses differ in the name alone.
    return f"{resources().settings.sqs_queue_url.rpartition('/')[0]}/{name}"


def redrive() -> int:
    """Move all dead messages back to the queue. Returns how many. Raises QueueError.

    Sent before it is deleted: a message that is there twice does no harm, a lost one only costs time.
    """
    dead_url = dead_letter_url()
    if dead_url is None:
        raise QueueError("the queue has no dead-letter queue")
    moved = 0
    while messages := _receive(dead_url):
        for message in messages:
            call(resources().sqs.send_message, MessageBody=message["Body"], **_attributes(message))
            call(resources().sqs.delete_message, QueueUrl=dead_url, ReceiptHandle=message["ReceiptHandle"])
        moved += len(messages)
    return moved


def _counts(url: str) -> tuple[int, int]:
    answer = call(resources().sqs.get_queue_attributes, QueueUrl=url, AttributeNames=list(_COUNTS))
    waiting, in_flight = (int(answer["Attributes"][name]) for name in _COUNTS)
    return waiting, in_flight


def _receive(url: str) -> list[dict[str, Any]]:
    receive = resources().sqs.receive_message
    answer = call(receive, QueueUrl=url, MaxNumberOfMessages=MAX_BATCH, MessageAttributeNames=["All"])
    messages: list[dict[str, Any]] = answer.get("Messages", [])
    return messages


def _attributes(message: dict[str, Any]) -> dict[str, Any]:
    """The attributes as SQS takes them back."""
    return {"MessageAttributes": message["MessageAttributes"]} if "MessageAttributes" in message else {}
