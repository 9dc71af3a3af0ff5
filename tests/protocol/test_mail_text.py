"""What the mails say, and to whom."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Decimal128

from models import order_decisions
from services.mail_content import content_of
from services.mail_templates import order_status
from tests.support.steered import Document, Steered


@pytest.fixture
def order(steered: Steered) -> Document:
    """An accepted order over 2 of 5 pieces, at 10 each."""
    return steered.read(steered.place(steered.user(), {steered.product(5): 2}))


def shown(html: str) -> str:
    """What a person reads of a mail in HTML."""
    body = re.sub(r"<style>.*?</style>|<title>.*?</title>|<!--.*?-->", "", html, flags=re.S)
    return " ".join(re.sub(r"<[^>]*>", " ", body).split()).replace("\u00d7", "x")


def test_the_mail_of_a_decided_order_goes_to_its_customer_as_text_and_html(
    steered: Steered, order: Document
) -> None:
    steered.deliver(order["orderId"])
    (mail,) = steered.ses.mails
    user = steered.database["users"].find_one({"_id": order["userId"]})
    assert user is not None
    assert mail.to == user["email"]
    assert mail.subject == f"Order {order['orderId']} Status Update"
    for text in (mail.text, shown(mail.html)):
        assert "Your order is on its way to you." in text
        assert order["orderId"] in text
        assert "Status: Processed" in text
        assert order["items"][0]["productId"] in text
        assert "20.00" in text


def test_each_line_has_its_total_and_the_order_its_currency_and_date(
    steered: Steered, order: Document
) -> None:
    items = [
        {"productId": "keyboard", "quantity": 3, "unitPrice": 0.1},
        {"productId": "laptop", "quantity": 2, "unitPrice": 1299},
    ]
    at = datetime(2026, 11, 3, 7, 5, tzinfo=UTC)
    known = {"items": items, "totalAmount": 2598.3, "currency": "EUR", "createdAt": at}
    steered.database["orders"].update_one({"_id": order["_id"]}, {"$set": known})
    mail = order_status(steered.read(order["orderId"]))

    assert "  3 x keyboard at 0.10 = 0.30\n  2 x laptop at 1,299.00 = 2,598.00\n" in mail.text
    assert "keyboard 3 x 0.10 0.30 laptop 2 x 1,299.00 2,598.00 Total EUR 2,598.30" in shown(mail.html)
    assert "\nTotal: EUR 2,598.30\n" in mail.text
    for text in (mail.text, shown(mail.html)):
        assert "Date: 3 November 2026, 07:05 UTC" in text


def test_html_is_escaped_and_text_is_not(steered: Steered, order: Document) -> None:
    wild = {"$set": {"items.0.productId": "Blue <b>&\"'Shirt</b>"}}
    steered.database["orders"].update_one({"_id": order["_id"]}, wild)
    steered.deliver(order["orderId"])
    (mail,) = steered.ses.mails
    assert "2 x Blue <b>&\"'Shirt</b> at" in mail.text
    assert "<b>" not in mail.html
    assert "Blue &lt;b&gt;&amp;&#34;&#39;Shirt&lt;/b&gt;" in mail.html


def test_no_order_id_of_the_node_app_adds_a_header(steered: Steered, order: Document) -> None:
    wild = {"$set": {"orderId": "A-1\r\nBcc: everyone@example.com\r\n\r\n<script>"}}
    steered.database["orders"].update_one({"_id": order["_id"]}, wild)
    steered.deliver(order["_id"])
    (mail,) = steered.ses.mails
    assert mail.subject == "Order A-1 Bcc: everyone@example.com <script> Status Update"
    assert "<script>" not in mail.html


@pytest.mark.parametrize(
    ("reason", "sentence", "told"),
    [
        ("cancelled", "Your order was cancelled.", "cancelled as you asked"),
        ("processing_error", "Your order could not be completed.", "went wrong on our side"),
    ],
)
def test_the_mail_of_a_failed_order_tells_the_reason(
    steered: Steered, reason: Any, sentence: str, told: str
) -> None:
    order_id = steered.place(steered.user(), {steered.product(5): 2})
    pending = steered.read(order_id)
    if reason == "cancelled":
        assert order_decisions.cancel(pending)
    else:
        assert order_decisions.fail(pending, reason)
    steered.deliver(order_id)
    (mail,) = steered.ses.mails
    for text in (mail.text, shown(mail.html)):
        assert sentence in text
        assert told in text
        assert "on its way" not in text


def test_an_order_of_the_node_app_has_a_mail_without_prices(steered: Steered) -> None:
    node = {
        "_id": 7,
        "orderId": "A-1",
        "items": [{"productId": "Blue Shirt", "quantity": 2.0}],
        "totalAmount": 40,
        "status": "Processed",
        "createdAt": datetime(2026, 11, 3, 7, 5),
    }
    with steered.app.test_request_context():
        mail = order_status(node)

    assert mail.text == (
        "Your order is on its way to you.\n\n"
        "Order: A-1\nDate: 3 November 2026, 07:05 UTC\nStatus: Processed\n\n"
        "Items:\n  2 x Blue Shirt\n\n"
        "Total: 40.00\n\n"
        "You get this mail because you placed this order."
    )
    assert "Blue Shirt Quantity: 2 Total 40.00" in shown(mail.html)


ODD: list[dict[str, Any]] = [
    {},
    {"items": "none", "totalAmount": "much", "createdAt": "yesterday", "status": None},
    {"items": [None, 7, {}, {"productId": None, "quantity": None, "unitPrice": None}]},
    {"items": [{"productId": {"a": 1}, "quantity": True, "unitPrice": [1]}], "totalAmount": True},
    {"items": [{"productId": "x", "quantity": -1, "unitPrice": float("nan")}], "totalAmount": float("inf")},
    {"items": [{"productId": "x", "quantity": 1e300, "unitPrice": "1e400"}], "totalAmount": -5},
    {"items": [{"productId": "x", "quantity": 1e-300, "unitPrice": 0.1 + 0.2}]},
    {"currency": "euro", "totalAmount": Decimal128("NaN"), "failureReason": {"a": 1}, "status": "Failed"},
    {"currency": ["EUR"], "failureReason": "some_new_reason", "status": "Failed"},
]


@pytest.mark.parametrize("fields", ODD)
def test_what_is_missing_or_odd_is_left_out(steered: Steered, fields: dict[str, Any]) -> None:
    with steered.app.test_request_context():
        mail = order_status({"_id": 7, **fields})

    assert mail.subject == "Order 7 Status Update"
    for text in (mail.text, shown(mail.html)):
        assert not re.search(
            r"none|nan|inf|true|undefined|{|-1|-5|e\+|_reason|Total|Date|euro|\[", text, re.I
        )
        assert "Your order could not be completed." in text or "There is news about your order." in text


@pytest.mark.parametrize(("quantity", "written"), [(2.0, "2"), (1.5, "1.5"), (1000, "1000"), ("3", "3")])
def test_a_quantity_is_written_as_people_write_it(steered: Steered, quantity: Any, written: str) -> None:
    item = {"productId": "mug", "quantity": quantity, "unitPrice": 0}
    with steered.app.test_request_context():
        mail = order_status({"_id": 7, "status": "Processed", "items": [item]})

    assert f"  {written} x mug at 0.00 = 0.00\n" in mail.text


@pytest.mark.parametrize("amount", ["12.5", Decimal128("12.50"), 12.5])
def test_an_amount_that_another_program_wrote_in_its_way_is_read(steered: Steered, amount: Any) -> None:
    item = {"productId": "mug\x1b[31m\u202e\nred", "quantity": 2, "unitPrice": amount}
    with steered.app.test_request_context():
        mail = order_status({"_id": 7, "status": "Processed", "items": [item]})

    assert "  2 x mug[31m red at 12.50 = 25.00\n" in mail.text


def test_the_html_fetches_nothing_runs_nothing_and_tells_screen_readers_what_is_layout(
    steered: Steered, order: Document
) -> None:
    html = order_status(order).html

    assert not re.search(r"<(script|img|link|iframe|form)|url\(|https?:", html)
    assert html.count('<table role="presentation"') == html.count("<table") - 1  # but for that of the lines
    assert 'name="viewport"' in html and "prefers-color-scheme: dark" in html


@pytest.mark.parametrize(
    ("total", "amount"), [(999_999_999_999_999, "999,999,999,999,999.00"), (10**15, None), (-1, None)]
)
def test_a_number_is_an_amount_from_0_to_below_ten_to_the_fifteenth(
    order: Document, total: int, amount: str | None
) -> None:
    assert content_of({**order, "totalAmount": total}).total == amount
