"""Queues on the stack's SQS, each with a dead-letter queue, and what is in them."""

import json
from typing import Any, NamedTuple
from uuid import uuid4

RECEIVES = 5


class Queue(NamedTuple):
    sqs: Any
    url: str
    dead_url: str

    def send(self, body: str) -> None:
        self.sqs.send_message(QueueUrl=self.url, MessageBody=body)

    def ring(self, order_id: str) -> None:
        """As the API does, but for the id of the request."""
        self.send(json.dumps({"orderId": order_id}))

    def waiting(self) -> int:
        """How many messages could be received now."""
        return self._count("ApproximateNumberOfMessages")

    def in_flight(self) -> int:
        """How many are received and not yet deleted."""
        return self._count("ApproximateNumberOfMessagesNotVisible")

    def dead(self) -> list[str]:
        """The bodies in the dead-letter queue."""
        bodies: list[str] = []
        while messages := self._receive():
            bodies += [message["Body"] for message in messages]
        return bodies

    def _receive(self) -> list[dict[str, Any]]:
        answer = self.sqs.receive_message(
            QueueUrl=self.dead_url, MaxNumberOfMessages=10, VisibilityTimeout=600
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    def _count(self, name: str) -> int:
        answer = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=[name])
        return int(answer["Attributes"][name])


def make_queue(sqs: Any) -> Queue:
    """A queue that nobody else uses, set up as the application's."""
    name = f"test-{uuid4().hex[:12]}"
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    about = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]
    redrive = {"deadLetterTargetArn": about["QueueArn"], "maxReceiveCount": RECEIVES}
    attributes = {"VisibilityTimeout": "60", "RedrivePolicy": json.dumps(redrive)}
    return Queue(sqs, sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"], dead)
