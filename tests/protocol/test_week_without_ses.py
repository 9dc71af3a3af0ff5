"""A week without SES, as docs/RUNBOOK.md tells of it: orders end as ever, and owe their mails."""

from collections import Counter
from functools import partial
from itertools import cycle

import bson

from models.audit import findings
from models.order_history import KEPT_FIRST, KEPT_LATEST
from tests.support.fake_ses import FakeSes
from tests.support.steered import Steered

TRIES = 20  # of mails in half a day; a worker makes one in 30 s while SES takes none, so 1,440 of them
# What SES says, a day each: it throttles, the account is at fault, or its keys, or it is in its sandbox.
DAYS = (
    "throttled",
    "paused",
    "sender not verified",
    "expired keys",
    "no permission",
    "recipient not verified",
    "too many requests",
)


def size_of(steered: Steered, order_id: str) -> int:
    """Bytes in the database."""
    return len(bson.encode(steered.read(order_id)))


def was_asked(ses: FakeSes, times: int) -> bool:
    return ses.requests >= times


def half_a_day(steered: Steered, answer: str, customer: bson.ObjectId, product_id: str) -> str:
    """An order is placed and processed, and mails that are due are tried in vain. Returns the order."""
    steered.ses.forget()
    steered.ses.plan(*[answer] * (TRIES + 1))
    order_id = steered.place(customer, {product_id: 1})
    steered.deliver(order_id)
    for number in range(TRIES):
        steered.wait(12 * 3600 / TRIES)
        steered.restart_mails()  # the gate would have us wait these 30 s
        steered.mail_step.sweep(partial(was_asked, steered.ses, number + 2))
    assert (steered.ses.requests, steered.ses.mails) == (TRIES + 1, [])
    return order_id


def test_all_orders_of_the_week_end_and_get_their_mail_once(steered: Steered) -> None:
    product_id, customers = steered.product(1000), cycle([steered.user() for _ in range(5)])
    order_ids, sizes = list[str](), list[int]()
    for answer in [day for day in DAYS for _ in range(2)]:
        order_ids.append(half_a_day(steered, answer, next(customers), product_id))
        sizes.append(size_of(steered, order_ids[0]))
        assert {steered.read(order_id)["status"] for order_id in order_ids} == {"Processed"}
        assert steered.holds(product_id) == [], "stock waits for no mail"
    orders = [steered.read(order_id) for order_id in order_ids]
    assert {order["mail"]["state"] for order in orders} == {"due"}
    assert orders[0]["mail"]["attempts"] > KEPT_FIRST + KEPT_LATEST
    assert max(len(order["history"]) for order in orders) == KEPT_FIRST + KEPT_LATEST
    assert max(sizes[4:]) - min(sizes[4:]) < 10, sizes
    told = list(findings(full=True))
    assert told and all(line.endswith("does a worker run, and SES take mails?") for line in told)

    steered.ses.forget()
    steered.restart_mails()
    steered.finish()

    sent = Counter(mail.subject for mail in steered.ses.mails)
    assert sent == {f"Order {order_id} Status Update": 1 for order_id in order_ids}
    assert {steered.read(order_id)["mail"]["state"] for order_id in order_ids} == {"sent"}
    assert list(findings(full=True)) == []
