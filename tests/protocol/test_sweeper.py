"""The sweeper: whoever is due is found and finished, though nobody rings and the queue is gone."""

import threading
from collections import Counter
from typing import Any

import pytest
from bson import ObjectId

from tests.support.invariants import check_at_rest
from tests.support.node_app import node_order
from tests.support.steered import Document, Steered, send_mail
from workers.consumer import Consumer
from workers.mail_gate import MailGate
from workers.mail_step import MailStep
from workers.sweeper import sweep
from workers.thread_pool import ThreadPool


def never() -> bool:
    return False


def overdue(steered: Steered, count: int) -> None:
    """So many orders on which nothing is left to do but to say so."""
    settled: Document = {"status": "Failed", "accepted": False, "settled": True, "nextActionAt": steered.now}
    orders = [node_order(ObjectId(), **settled) for _ in range(count)]
    steered.database["orders"].insert_many(orders)


def test_an_order_that_nobody_rang_for_is_finished_after_30_seconds(steered: Steered) -> None:
    order_id = steered.place(steered.user(), {steered.product(5): 2})
    steered.wait(29.9)
    assert steered.sweep() == 0
    steered.wait(0.1)
    assert steered.sweep() == 1
    assert steered.read(order_id)["status"] == "Processed"
    assert len(steered.ses.mails) == 1
    assert steered.sweep() == 0
    check_at_rest(steered.database)


def test_more_orders_than_one_look_finds_are_all_swept(steered: Steered) -> None:
    overdue(steered, 120)
    assert steered.sweep() == 120
    left = {"$or": [{"nextActionAt": {"$exists": True}}, {"putAside": {"$exists": True}}]}
    assert steered.database["orders"].count_documents(left) == 0


def test_sweepers_that_come_at_once_share_the_work(steered: Steered) -> None:
    user_id, product_id = steered.user(), steered.product(100)
    order_ids = [steered.place(user_id, {product_id: 1}) for _ in range(20)]
    steered.wait(30)
    assert sum(steered.each(4, lambda _: steered.sweep())) == 20
    assert {steered.read(order_id)["status"] for order_id in order_ids} == {"Processed"}
    assert set(Counter(mail.subject for mail in steered.ses.mails).values()) == {1}
    assert len(steered.ses.mails) == 20
    check_at_rest(steered.database)


def test_who_is_to_stop_claims_nothing_more(steered: Steered) -> None:
    overdue(steered, 5)
    advanced: list[Document] = []
    assert sweep(advanced.append, lambda: len(advanced) == 2) == 2
    due = {"nextActionAt": {"$lte": steered.now}}
    assert steered.database["orders"].count_documents(due) == 3


def test_a_claimed_order_is_handed_on_as_it_is_in_the_database(steered: Steered) -> None:
    overdue(steered, 1)
    claimed: list[Document] = []
    sweep(claimed.append, never)
    assert claimed == [steered.only_order()]


@pytest.fixture
def consumer(steered: Steered) -> Any:
    """The worker's two threads to work on, with the sweeper of this test."""
    return Consumer(steered.app, steered.advancer().advance, 2, threading.Event())


def test_the_worker_sweeps_on_its_own_threads(steered: Steered, consumer: Consumer) -> None:
    user_id, product_id = steered.user(), steered.product(100)
    for _ in range(10):
        steered.place(user_id, {product_id: 1})
    steered.wait(30)
    assert consumer.sweep() == 10
    consumer.finish()
    assert steered.inventory(product_id)["sold"] == 10
    check_at_rest(steered.database)


def test_an_order_that_cannot_be_advanced_holds_nobody_up(steered: Steered, consumer: Consumer) -> None:
    """A damaged document costs its own order; a worker that lost its threads to it would cost all."""
    damaged = {"_id": ObjectId(), "orderId": "damaged", "status": "Failed", "accepted": True}
    steered.database["orders"].insert_one({**damaged, "nextActionAt": steered.now})
    order_id = steered.place(steered.user(), {steered.product(5): 2})
    for _ in range(3):
        steered.wait(60)
        consumer.sweep()
    consumer.finish()
    assert steered.read(order_id)["status"] == "Processed"
    assert "putAside" in steered.read("damaged")


def test_a_mail_that_cannot_be_sent_holds_no_other_up(steered: Steered) -> None:
    damaged = {"_id": ObjectId(), "orderId": "damaged", "status": "Failed", "mail": {"state": "due"}}
    steered.database["orders"].insert_one({**damaged, "nextActionAt": steered.now})
    order_id = steered.place(steered.user(), {steered.product(5): 2})
    steered.mail_step = MailStep(
        MailGate(1, places=0), send_mail, print
    )  # which leaves all mails to the sweep
    steered.deliver(order_id)
    assert steered.ses.mails == []
    threads = ThreadPool(steered.app, 2, "mail")
    assert MailStep(MailGate(1000, places=2), send_mail, threads.submit).sweep(never) == 2
    threads.finish()
    assert [mail.subject.split()[1] for mail in steered.ses.mails] == [order_id]
    assert "nextActionAt" not in steered.read(order_id)
