"""One user's burst of orders does not stand before everybody else's mails, and every order keeps its mail."""

from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from tests.support.node_app import node_order
from tests.support.steered import Document, Steered, send_mail
from workers.mail_gate import MailGate
from workers.mail_step import MailStep
from workers.thread_pool import ThreadPool

OF_ONE_USER = 10


def never() -> bool:
    return False


def due_mails(steered: Steered, user_id: ObjectId, count: int, late_by: float = 0) -> list[str]:
    """Processed orders of a user whose mails have been due that long. Returns their ids."""
    ended: Document = {"status": "Processed", "accepted": True, "settled": True}
    at = steered.now - timedelta(seconds=late_by)
    mail = {"state": "due", "attempts": 0}
    orders = [node_order(user_id, **ended, mail=mail, nextActionAt=at) for _ in range(count)]
    steered.database["orders"].insert_many(orders)
    return [order["orderId"] for order in orders]


def sent(steered: Steered) -> list[str]:
    """The orderIds of the mails that SES took, in their order."""
    return [mail.subject.removeprefix("Order ").removesuffix(" Status Update") for mail in steered.ses.mails]


def test_everybodys_first_mail_goes_out_before_anybodys_second(steered: Steered) -> None:
    burst = due_mails(steered, steered.user(), 45, late_by=3600)
    others = [due_mails(steered, steered.user(), 1)[0] for _ in range(5)]

    assert steered.mail_step.sweep(never) == 50

    assert set(others) <= set(sent(steered)[:6])
    assert sorted(sent(steered)) == sorted(burst + others), "each once"


def test_who_comes_in_the_middle_of_a_burst_waits_for_ten_mails_of_it_at_most(steered: Steered) -> None:
    due_mails(steered, steered.user(), 60, late_by=3600)
    other, late = steered.user(), list[str]()

    def submit(send: Any, order: Document) -> None:
        if not late:
            late.extend(due_mails(steered, other, 1))
        send(order)

    MailStep(MailGate(1e9, places=1), send_mail, submit).sweep(never)

    assert len(sent(steered)) == 61
    assert sent(steered).index(late[0]) <= OF_ONE_USER + 1


def test_more_mails_than_one_look_finds_are_all_sent_once(
    steered: Steered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.mail_step._WINDOW", 12)
    due = [due_mails(steered, steered.user(), OF_ONE_USER, late_by=60) for _ in range(3)]
    threads = ThreadPool(steered.app, 2, "mail")

    swept = MailStep(MailGate(1e9, places=2), send_mail, threads.submit).sweep(never)
    threads.finish()

    assert swept == 30
    assert sorted(sent(steered)) == sorted(order_id for of_one in due for order_id in of_one)


def test_a_mail_that_nobody_gets_on_with_is_handed_on_once_a_sweep(steered: Steered) -> None:
    """Else a sweep would go on for ever with it."""
    due_mails(steered, steered.user(), 25)
    handed: list[Document] = []

    def drop(_: Any, order: Document) -> None:
        handed.append(order["orderId"])
        step._gate._places += 1

    step = MailStep(MailGate(1e9, places=1), send_mail, drop)

    assert step.sweep(never) == 25
    assert len(handed) == len(set(handed)) == 25


def test_no_more_mails_are_handed_on_than_there_are_places(steered: Steered) -> None:
    due_mails(steered, steered.user(), 3)
    handed: list[str] = []
    looks = iter([False] * 4)

    step = MailStep(MailGate(1e9, places=1), send_mail, lambda _send, order: handed.append(order["orderId"]))
    step.sweep(lambda: next(looks, True))

    assert len(handed) == 1, "its place is not given back"


def test_a_mail_takes_one_place_and_gives_it_back(steered: Steered) -> None:
    due_mails(steered, steered.user(), 1)
    gate = MailGate(1e9, places=3)

    assert MailStep(gate, send_mail, lambda send, order: send(order)).sweep(never) == 1

    assert [gate.enter(0) for _ in range(4)] == [True, True, True, False]


def test_odd_users_and_ids_are_no_obstacle(steered: Steered) -> None:
    good = due_mails(steered, steered.user(), 1)
    for odd in ({"_id": {"a": 1}}, {"userId": ["x"]}, {"userId": {"y": 2}}):
        whole = node_order(steered.user(), status="Processed", accepted=True, settled=True)
        mail = {"mail": {"state": "due", "attempts": 0}, "nextActionAt": steered.now}
        steered.database["orders"].insert_one({**whole, **mail, **odd})

    steered.mail_step.sweep(never)

    assert sent(steered) == good
    assert steered.database["orders"].count_documents({"putAside": {"$exists": True}}) == 3
