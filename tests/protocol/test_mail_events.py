"""What SES tells of mails after it took them: no mail is sent twice for it, none to a dead address."""

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import boto3
import pytest
from bson import ObjectId
from flask import Flask

from models import order_mail, user
from services.mail_events import read_event
from tests.support.crashes import Stop
from tests.support.logged import Logged
from tests.support.queues import Queue, make_queue
from tests.support.replaced import change_settings
from tests.support.ses_events import MAIL_ID, event, in_envelope, notification
from tests.support.steered import Document, Steered
from tests.support.system import running_worker
from tests.support.waiting import wait_for
from workers import mail_events
from workers.mail_events import MailEventConsumer, apply


def tell(text: str) -> None:
    """Apply an event as if it had just been received."""
    found = read_event(text)
    assert found is not None
    apply(found)


def placed(steered: Steered, user_id: ObjectId | None = None) -> Document:
    """An accepted order that no worker has looked at."""
    user_id = user_id or steered.user()
    return steered.read(steered.place(user_id, {steered.product(5): 1}))


def mail_of(steered: Steered, order: Document) -> Document:
    return steered.read(order["_id"])["mail"]


def events_of(steered: Steered, order: Document) -> list[str]:
    return [entry["event"] for entry in steered.read(order["_id"])["history"]]


@pytest.mark.parametrize("kind", ["Send", "Delivery"])
def test_an_unknown_outcome_is_settled_and_the_mail_is_not_sent_again(steered: Steered, kind: str) -> None:
    order = placed(steered)
    steered.ses.plan("lost")
    steered.deliver(order["orderId"])
    assert mail_of(steered, order)["state"] == "unknown"

    tell(event(kind, order["_id"], 1))
    steered.wait(3600)
    steered.sweep()

    mail = mail_of(steered, order)
    assert (mail["state"], mail["messageId"]) == ("sent", MAIL_ID)
    assert len(steered.ses.mails) == steered.ses.requests == 1
    assert "nextActionAt" not in steered.read(order["_id"])
    assert "mail_sent" in events_of(steered, order)


def test_an_event_before_the_answer_is_written_down_and_the_answer_changes_nothing(steered: Steered) -> None:
    order = placed(steered)
    # processed, settled by two writes, claimed; what comes next is `mail_sent`.
    with steered.interrupted(Stop("before", 5), lambda: tell(event("Delivery", order["_id"], 1))):
        steered.deliver(order["orderId"])
    steered.wait(3600)
    steered.sweep()

    mail = mail_of(steered, order)
    assert mail == {"state": "sent", "attempts": 1, "messageId": MAIL_ID, "delivery": "delivered"}
    assert events_of(steered, order)[-3:] == ["mail_claimed", "mail_sent", "mail_delivered"]
    assert len(steered.ses.mails) == 1


KINDS = ("Send", "Delivery", "Bounce", "Complaint")


@pytest.mark.parametrize("order_of_events", [*permutations(KINDS)], ids="-".join)
def test_in_whichever_order_they_come_and_however_often_one_outcome_stands(
    steered: Steered, order_of_events: tuple[str, ...]
) -> None:
    user_id = steered.user()
    recipient = user.recipient_of(user_id)
    assert recipient is not None
    order = placed(steered, user_id)
    steered.ses.plan("lost")
    steered.deliver(order["orderId"])

    for kind in (*order_of_events, *order_of_events):
        tell(event(kind, order["_id"], 1, to=recipient.email.upper()))

    mail = mail_of(steered, order)
    assert mail == {"state": "sent", "attempts": 1, "messageId": MAIL_ID, "delivery": "complained"}
    assert user.recipient_of(user_id) == (recipient.email, "complained")
    noted = events_of(steered, order)
    assert noted.count("mail_sent") == noted.count("mail_complained") == 1
    assert len(noted) == len(set(noted))


@pytest.mark.parametrize(
    ("kind", "noted"), [("Delivery", "delivered"), ("Bounce", "bounced"), ("Reject", "rejected")]
)
def test_what_became_of_a_mail_that_was_sent_is_noted_with_it(
    steered: Steered, kind: str, noted: str
) -> None:
    order = placed(steered)
    steered.deliver(order["orderId"])
    before = steered.read(order["_id"])

    tell(event(kind, order["_id"], 1))

    after = steered.read(order["_id"])
    assert after["mail"] == {**before["mail"], "delivery": noted}
    assert events_of(steered, order)[-1] == f"mail_{noted}"
    assert after["updatedAt"] == before["updatedAt"], "of what clients see nothing has changed"


def test_an_event_of_an_earlier_mail_does_not_stop_the_one_that_an_operator_asks_for(
    steered: Steered,
) -> None:
    order = placed(steered)
    steered.deliver(order["orderId"])
    assert order_mail.request_mail(steered.read(order["_id"])) is not None

    tell(event("Send", order["_id"], 1))
    assert mail_of(steered, order)["state"] == "due"
    steered.sweep()

    assert (mail_of(steered, order)["attempts"], len(steered.ses.mails)) == (2, 2)
    tell(event("Bounce", order["_id"], 1))
    assert "delivery" not in mail_of(steered, order), "the second mail is another"


def test_to_an_address_that_does_not_exist_no_mail_goes_any_more(
    steered: Steered, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id = steered.user()
    recipient = user.recipient_of(user_id)
    assert recipient is not None
    first, second = placed(steered, user_id), placed(steered, user_id)
    steered.deliver(first["orderId"])
    logged = Logged(monkeypatch, mail_events)

    tell(event("Bounce", first["_id"], 1, to=recipient.email))
    steered.deliver(second["orderId"])

    assert steered.ses.requests == 1
    reason = "mails to the address are suppressed: bounced"
    assert mail_of(steered, second) == {"state": "refused", "attempts": 1, "reason": reason}
    assert steered.read(second["_id"])["history"][-1]["reason"] == reason, "and the order says so"
    assert logged.events == ["mail_suppressed"]

    assert user.allow_mail(recipient.email)
    assert order_mail.request_mail(steered.read(second["_id"])) is not None
    steered.sweep()
    assert (mail_of(steered, second)["state"], steered.ses.requests) == ("sent", 2)


def test_a_bounce_for_a_while_says_nothing_of_the_address(steered: Steered) -> None:
    user_id = steered.user()
    recipient = user.recipient_of(user_id)
    assert recipient is not None
    order = placed(steered, user_id)
    steered.deliver(order["orderId"])

    tell(event("Bounce", order["_id"], 1, to=recipient.email, bounceType="Transient"))

    assert mail_of(steered, order)["delivery"] == "bounced"
    assert user.recipient_of(user_id) == (recipient.email, "")


def test_without_a_configuration_set_addresses_are_suppressed_all_the_same(steered: Steered) -> None:
    user_id = steered.user()
    recipient = user.recipient_of(user_id)
    assert recipient is not None

    tell(notification("Complaint", recipient.email))
    tell(notification("Bounce", recipient.email))
    tell(notification("Bounce", "somebody.else@example.com"))

    assert user.recipient_of(user_id) == (recipient.email, "complained"), "which outweighs a bounce"


def test_a_mail_names_its_order_and_attempt_and_the_configuration_set(
    steered: Steered, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_settings(monkeypatch, steered.app, ses_configuration_set="orders")
    order = placed(steered)
    steered.ses.plan("throttled")
    steered.deliver(order["orderId"])
    steered.wait(60)
    steered.sweep()

    form = steered.ses.forms[-1]
    tags = {form[f"Tags.member.{n}.Name"][0]: form[f"Tags.member.{n}.Value"][0] for n in (1, 2)}
    assert tags == {"order": str(order["_id"]), "attempt": "2"}
    assert form["ConfigurationSetName"] == ["orders"]


@pytest.fixture
def events(steered: Steered, sqs: Any, monkeypatch: pytest.MonkeyPatch) -> Queue:
    """The queue of events of the app in this process."""
    made = make_queue(sqs)
    change_settings(monkeypatch, steered.app, ses_events_queue_url=made.url)
    return made


HELLO = "Successfully validated SNS topic for Amazon SES event publishing."
OF_NO_CONSEQUENCE = [
    in_envelope(HELLO),
    event("Open", ObjectId(), 1),
    event("DeliveryDelay", ObjectId(), 1),
    event("Delivery", ObjectId(), 1),
    event("Bounce", "no-order", 1),
    event("Send", "", 1),
]
NOT_UNDERSTOOD = [
    "no JSON",
    "[]",
    "{}",
    "null",
    '{"Message": 5}',
    in_envelope("no JSON"),
    '{"eventType": "Send"}',
    '{"eventType": "Telegram", "mail": {"messageId": "x"}}',
    '{"eventType": "Send", "mail": []}',
    '{"eventType": "Bounce", "mail": {"messageId": "x"}, "bounce": {"bounceType": "Permanent"}}',
]


def test_what_is_no_event_stays_for_the_dead_letter_queue_and_stops_no_other(
    steered: Steered, events: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = placed(steered)
    steered.ses.plan("lost")
    steered.deliver(order["orderId"])
    for body in (*NOT_UNDERSTOOD, *OF_NO_CONSEQUENCE, in_envelope(event("Send", order["_id"], 1))):
        events.send(body)
    logged = Logged(monkeypatch, mail_events)
    consumer = MailEventConsumer(lambda _: None)

    finished = 0

    def all_looked_at() -> bool:
        nonlocal finished
        finished += consumer.take()
        return events.waiting() == 0

    wait_for(all_looked_at, "all messages to be received")

    assert mail_of(steered, order)["state"] == "sent"
    assert finished == len(OF_NO_CONSEQUENCE) + 1
    assert events.in_flight() == len(NOT_UNDERSTOOD)
    assert logged.events.count("mail_event_not_understood") == len(NOT_UNDERSTOOD)


ODD: list[dict[str, Any]] = [
    {"mail": "text"},
    {"mail": {"state": "sent", "attempts": 1, "delivery": 5}},
    {"mail": {"state": "unknown", "attempts": "1"}},
    {"mail": {"state": ["x"], "attempts": 1}},
    {"history": "text", "mail": {"state": "unknown", "attempts": 1}},
]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_an_odd_order_costs_only_its_own_event(steered: Steered, events: Queue, odd: dict[str, Any]) -> None:
    whole, other = placed(steered), placed(steered)
    for order in (whole, other):
        steered.ses.plan("lost")
        steered.deliver(order["orderId"])
    steered.database["orders"].update_one({"_id": whole["_id"]}, {"$set": odd})
    for order in (whole, other):
        events.send(event("Delivery", order["_id"], 1))

    consumer = MailEventConsumer(lambda _: None)
    wait_for(lambda: consumer.take() >= 0 and events.waiting() == 0, "both to be received")

    assert mail_of(steered, other)["delivery"] == "delivered"
    assert steered.read(whole["_id"]) == {**steered.read(whole["_id"]), **odd}


def test_a_queue_that_is_not_there_is_logged_once_and_waited_for(
    steered: Steered, events: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_settings(monkeypatch, steered.app, ses_events_queue_url=events.url + "-gone")
    logged, waits = Logged(monkeypatch, mail_events), list[float]()
    consumer = MailEventConsumer(waits.append)

    assert [consumer.take() for _ in range(3)] == [0, 0, 0]

    assert logged.events == ["mail_events_down"]
    assert waits == [1.0] * 3


def test_a_worker_takes_events_that_come_through_sns(
    steered: Steered, own_settings: dict[str, str], sqs: Any, tmp_path: Path, steered_app: Flask
) -> None:
    order = placed(steered)
    steered.deliver(order["orderId"])
    events = make_queue(sqs)
    about = sqs.get_queue_attributes(QueueUrl=events.url, AttributeNames=["QueueArn"])["Attributes"]
    sns = boto3.client(
        "sns",
        endpoint_url=own_settings["AWS_ENDPOINT_URL"],
        region_name=own_settings["AWS_REGION"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    topic = sns.create_topic(Name=f"events-{ObjectId()}")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=about["QueueArn"])

    with running_worker(own_settings, tmp_path / "worker.log", SES_EVENTS_QUEUE_URL=events.url):
        sns.publish(TopicArn=topic, Message=HELLO)
        sns.publish(TopicArn=topic, Message=event("Delivery", order["_id"], 1))
        wait_for(lambda: mail_of(steered, order).get("delivery") == "delivered", "the event")
        wait_for(lambda: events.waiting() == events.in_flight() == 0, "the queue to be empty")

    assert json.loads((tmp_path / "worker.log").read_text().splitlines()[0])["event"]
