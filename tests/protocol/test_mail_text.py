"""What the mails say, and to whom."""

import pytest

from models import order_decisions
from tests.support.steered import Document, Steered


@pytest.fixture
def order(steered: Steered) -> Document:
    """An accepted order over 2 of 5 pieces, at 10 each."""
    return steered.read(steered.place(steered.user(), {steered.product(5): 2}))


def test_the_mail_of_a_decided_order_goes_to_its_customer_as_text_and_html(
    steered: Steered, order: Document
) -> None:
    steered.deliver(order["orderId"])
    (mail,) = steered.ses.mails
    user = steered.database["users"].find_one({"_id": order["userId"]})
    assert user is not None
    assert mail.to == user["email"]
    assert mail.subject == f"Order {order['orderId']} Status Update"
    for text in (mail.text, mail.html):
        assert "has been Processed" in text
        assert order["items"][0]["productId"] in text
        assert "20.00" in text


def test_html_is_escaped_and_text_is_not(steered: Steered, order: Document) -> None:
    """A product id of the Node app's may hold anything."""
    wild = {"$set": {"items.0.productId": "<b>&\"'</b>"}}
    steered.database["orders"].update_one({"_id": order["_id"]}, wild)
    steered.deliver(order["orderId"])
    (mail,) = steered.ses.mails
    assert "<b>&\"'</b>" in mail.text
    assert "<b>" not in mail.html
    assert "&lt;b&gt;&amp;&#34;&#39;&lt;/b&gt;" in mail.html


def test_no_order_id_of_the_node_app_adds_a_header(steered: Steered, order: Document) -> None:
    wild = {"$set": {"orderId": "A-1\r\nBcc: everyone@example.com\r\n\r\n<script>"}}
    steered.database["orders"].update_one({"_id": order["_id"]}, wild)
    steered.deliver(order["_id"])
    (mail,) = steered.ses.mails
    assert mail.subject == "Order A-1 Bcc: everyone@example.com <script> Status Update"
    assert "<script>" not in mail.html


@pytest.mark.parametrize(
    ("reason", "told"), [("cancelled", "as you asked"), ("processing_error", "could not be processed")]
)
def test_the_mail_of_a_failed_order_tells_the_reason(steered: Steered, reason: str, told: str) -> None:
    order_id = steered.place(steered.user(), {steered.product(5): 2})
    pending = steered.read(order_id)
    if reason == "cancelled":
        assert order_decisions.cancel(pending)
    else:
        assert order_decisions.fail(pending, reason)
    steered.deliver(order_id)
    (mail,) = steered.ses.mails
    for text in (mail.text, mail.html):
        assert "has been Failed" in text
        assert told in text
