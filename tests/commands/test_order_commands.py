"""`flask orders` and `flask queue`."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from bson import ObjectId
from flask import Flask

from config.resources import resources
from services import aws_queue_service
from tests.commands.conftest import Run
from tests.support.client import Client
from tests.support.collections import orders
from tests.support.replaced import change_settings, replace_for_test
from tests.support.waiting import wait_for

Product = Callable[..., str]


def test_an_order_is_shown_with_its_history(run: Run, user: Client, product: Product) -> None:
    placed = user.order({product(5): 1}).json()

    shown = json.loads(run("orders", "show", placed["orderId"], "--json").output)

    assert shown["_id"] == placed["_id"]
    assert [event["event"] for event in shown["history"]][:2] == ["received", "accepted"]
    assert "There is no order nope." in run("orders", "show", "nope").output


@pytest.mark.usefixtures("worker")
def test_a_mail_can_be_sent_once_more(run: Run, user: Client, product: Product) -> None:
    order_id = user.order({product(5): 1}).json()["orderId"]
    wait_for(lambda: len(user.mails()) == 1, "the first mail")

    # Until the worker has noted that it sent the first, asking for another is refused.
    wait_for(lambda: run("orders", "resend-email", order_id).exit_code == 0, "the order to be at rest")

    wait_for(lambda: len(user.mails()) == 2, "the second mail")


def test_a_mail_about_an_order_that_has_not_ended_is_refused(
    run: Run, user: Client, product: Product
) -> None:
    assert user.order({product(1): 2}).status_code == 409
    rejected = orders().find_one({"userId": ObjectId(user.user_id)})
    assert rejected is not None

    result = run("orders", "resend-email", rejected["orderId"])

    assert result.exit_code == 1
    assert "an accepted order has ended; this one has not" in result.output
    assert "There is no order nope." in run("orders", "resend-email", "nope").output


@pytest.fixture
def dead_letters(settings: dict[str, str], app: Flask, monkeypatch: pytest.MonkeyPatch) -> str:
    """A queue of this test's own, with a dead-letter queue: the address of the latter."""
    sqs = boto3.client(
        "sqs",
        endpoint_url=settings["AWS_ENDPOINT_URL"],
        region_name=settings["AWS_REGION"],
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
    )
    name = f"q-{uuid4().hex[:12]}"
    dead: str = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "5"})
    live = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy})["QueueUrl"]
    change_settings(monkeypatch, app, sqs_queue_url=live)
    sqs.send_message(
        QueueUrl=dead,
        MessageBody='{"orderId": "x"}',
        MessageAttributes={"requestId": {"DataType": "String", "StringValue": "r1"}},
    )
    return dead


@pytest.mark.usefixtures("dead_letters")
def test_dead_letters_are_counted_and_put_back(run: Run) -> None:
    assert run("queue", "status").output == "WAITING  IN FLIGHT  DEAD\n      0          0     1\n"

    assert run("queue", "redrive").output == "Moved 1 message back to the queue.\n"

    counts = json.loads(run("queue", "status", "--json").output)
    assert counts == {"waiting": 1, "inFlight": 0, "dead": 0}
    (message,) = aws_queue_service.receive(1)
    assert (message.order_id, message.request_id) == ("x", "r1")


def test_a_dead_letter_that_cannot_be_put_back_stays_where_it_is(
    run: Run, app: Flask, dead_letters: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent before it is deleted: SQS goes away between the two."""
    real: Any = resources().sqs

    class Gone:
        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def send_message(self, **options: Any) -> None:
            raise EndpointConnectionError(endpoint_url="planned")

    replace_for_test(monkeypatch, app, sqs=Gone())

    assert run("queue", "redrive").exit_code == 1

    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counts = real.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=names)["Attributes"]
    assert sum(int(count) for count in counts.values()) == 1


def test_without_sqs_the_queue_commands_say_so(run: Run, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    change_settings(monkeypatch, app, sqs_queue_url=resources().settings.sqs_queue_url + "-gone")

    result = run("queue", "status")

    assert result.exit_code == 1
    assert "NonExistentQueue" in result.output
