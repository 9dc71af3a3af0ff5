"""When a worker is rung for: at once, not when the sweeper comes round."""

import json

from config.resources import resources
from controllers import order_controller
from tests.support.queues import Queue
from tests.support.steered import Steered
from tests.support.waiting import wait_for


def rung_for(queue: Queue) -> list[str]:
    """The orders of the messages that have come, which are taken away."""
    messages = queue.sqs.receive_message(QueueUrl=queue.url, MaxNumberOfMessages=10).get("Messages", [])
    for message in messages:
        queue.sqs.delete_message(QueueUrl=queue.url, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"])["orderId"] for message in messages]


def test_a_worker_is_rung_for_when_an_order_is_accepted_and_when_it_is_cancelled(
    steered: Steered, queue: Queue
) -> None:
    """Its mail is the worker's."""
    user_id = steered.user()
    order_id = steered.place(user_id, {steered.product(5): 2})
    assert wait_for(lambda: rung_for(queue), "a ring for the accepted order") == [order_id]

    order_controller.cancel(user_id, order_id, "a-request")

    assert wait_for(lambda: rung_for(queue), "a ring for the cancelled order") == [order_id]


def test_who_cancels_again_rings_no_more(steered: Steered, queue: Queue) -> None:
    user_id, publisher = steered.user(), resources().queue_publisher
    order_id = steered.place(user_id, {steered.product(5): 2})
    order_controller.cancel(user_id, order_id, "a-request")
    publisher.drain(60)
    sent = queue.waiting()

    order_controller.cancel(user_id, order_id, "a-request")

    publisher.drain(60)
    assert queue.waiting() == sent == 2
