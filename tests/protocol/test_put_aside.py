"""What no worker can work on: tried a few times, put aside with a reason, taken back when it is mended."""

from collections.abc import Callable
from typing import Any

import bson
import pytest
from bson.datetime_ms import DatetimeMS
from prometheus_client import REGISTRY
from pymongo.errors import AutoReconnect, BulkWriteError, WriteError

from config.resources import resources
from controllers import order_controller
from models import order_decisions, order_faults, order_mail
from services import aws_mail_service
from services.mail_templates import Mail
from tests.support.crashes import Stop, lose_connection
from tests.support.invariants import check_always, check_at_rest
from tests.support.node_app import node_order
from tests.support.odd_orders import ODD, SECRET, damaged
from tests.support.steered import Document, Steered, send_mail
from utils import clock, errors
from workers.faults import is_outage, reason_of
from workers.mail_gate import MailGate
from workers.mail_step import MailStep
from workers.retry import retry_seconds
from workers.thread_pool import ThreadPool

MAX_TRIES = 5


def never() -> bool:
    return False


def told(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The lines about orders that were put aside."""
    lines: list[Any] = [record.msg for record in caplog.records]
    return [line for line in lines if isinstance(line, dict) and line["event"] == "order_put_aside"]


def order_of(steered: Steered) -> Document:
    """An accepted order of ours over 2 of 5 pieces."""
    return steered.read(steered.place(steered.user(), {steered.product(5): 2}))


def change(steered: Steered, order: Document, **fields: Any) -> None:
    """What another program does to it."""
    steered.database["orders"].update_one({"_id": order["_id"]}, {"$set": fields})


def reread(steered: Steered, order: Document) -> Document:
    found: Document = steered.database["orders"].find_one({"_id": order["_id"]})
    return found


@pytest.mark.parametrize("how", ODD)
def test_an_odd_order_is_put_aside_by_the_sweep_and_holds_nobody_up(steered: Steered, how: str) -> None:
    odd = damaged({**node_order(steered.user()), "nextActionAt": steered.now}, how)
    steered.database["orders"].insert_one(odd)
    before = reread(steered, odd)
    good = order_of(steered)
    steered.wait(30)

    steered.sweep()
    steered.sweep()

    aside = reread(steered, odd)
    assert aside["putAside"]["at"] == steered.now
    assert aside["putAside"]["reason"]
    assert SECRET not in aside["putAside"]["reason"]
    del aside["putAside"], before["nextActionAt"]
    assert repr(aside) == repr(before), "all else is as it was; as text, since NaN is not equal to itself"
    assert steered.read(good["_id"])["status"] == "Processed"
    assert len(steered.ses.mails) == 1


@pytest.mark.parametrize("how", ODD)
def test_an_odd_order_that_is_rung_for_is_put_aside(steered: Steered, how: str) -> None:
    odd = damaged(node_order(steered.user()), how)
    steered.database["orders"].insert_one(odd)

    steered.deliver(str(odd["_id"]))

    assert "putAside" in reread(steered, odd)
    assert steered.ses.requests == 0


def test_no_sweep_sees_a_time_that_is_text(steered: Steered) -> None:
    odd = {**node_order(steered.user()), "nextActionAt": "tomorrow"}
    steered.database["orders"].insert_one(odd)

    assert steered.sweep() == 0
    steered.deliver(odd["orderId"])

    assert "nextActionAt" not in reread(steered, odd)
    assert reread(steered, odd)["putAside"]["reason"] == "nextActionAt is str instead of datetime"


def test_it_is_told_once(steered: Steered, caplog: pytest.LogCaptureFixture) -> None:
    odd = damaged({**node_order(steered.user()), "nextActionAt": steered.now}, "text as history")
    steered.database["orders"].insert_one(odd)

    counted = REGISTRY.get_sample_value("orders_total", {"event": "put_aside"}) or 0

    for _ in range(3):
        steered.sweep()
        steered.deliver(odd["orderId"])
        steered.wait(60)

    assert REGISTRY.get_sample_value("orders_total", {"event": "put_aside"}) == counted + 1
    (line,) = told(caplog)
    assert line["order_id"] == str(odd["_id"])
    assert line["reason"] == "history is str instead of list"
    assert SECRET not in caplog.text


@pytest.mark.parametrize("how", ["text as history", "mail without attempts", "no items"])
def test_120_damaged_mails_end_the_sweep_and_give_their_places_back(steered: Steered, how: str) -> None:
    """More than one look finds: they were looked at again and again, without a pause, and leaked places."""
    due = {"status": "Failed", "accepted": True, "settled": True, "nextActionAt": steered.now}
    user_id = steered.user()
    for _ in range(120):
        odd = damaged({**node_order(user_id, mail={"state": "due", "attempts": 0}), **due}, how)
        steered.database["orders"].insert_one(odd)
    gate = MailGate(1e9, places=2)
    threads = ThreadPool(steered.app, 2, "mail")

    MailStep(gate, send_mail, threads.submit).sweep(never)
    threads.finish()

    assert steered.database["orders"].count_documents({"putAside": {"$exists": True}}) == 120
    assert gate.enter(0) and gate.enter(0), "both places are free"
    assert steered.ses.requests == 0


@pytest.mark.parametrize("history", [SECRET, [None], None, {}, [{"event": 5}]])
def test_a_mail_whose_history_is_odd_costs_no_place_at_the_gate(steered: Steered, history: Any) -> None:
    """Four rounds with four places, and no mail was sent any more until a restart."""
    ended: Document = {"status": "Failed", "accepted": True, "settled": True, "nextActionAt": steered.now}
    mail = {"state": "due", "attempts": 0}
    odd = node_order(steered.user(), **ended, mail=mail, history=history)
    steered.database["orders"].insert_one(odd)
    gate = MailGate(1e9, places=1)
    threads = ThreadPool(steered.app, 1, "mail")
    step = MailStep(gate, send_mail, threads.submit)

    for _ in range(4):
        step.sweep(never)
        steered.wait(600)
    good = node_order(steered.user(), **ended, mail=mail)
    steered.database["orders"].insert_one(good)
    step.sweep(never)
    threads.finish()

    assert gate.enter(0), "its place is free"
    assert reread(steered, good)["mail"]["state"] == "sent"
    left = reread(steered, odd)
    assert "putAside" in left or left["mail"]["state"] == "sent", "one way or the other it is done with"
    assert "nextActionAt" not in left


def test_a_mail_that_no_thread_takes_gives_its_place_back(steered: Steered) -> None:
    """As when the worker stops."""
    gate = MailGate(1e9, places=1)
    threads = ThreadPool(steered.app, 1, "mail")
    threads.finish()
    order = order_of(steered)
    steered.mail_step = MailStep(gate, send_mail, threads.submit)

    steered.deliver(order["orderId"])

    assert gate.enter(0)


def test_an_order_put_aside_that_gets_a_time_again_is_let_go(steered: Steered) -> None:
    order = order_of(steered)
    assert order_faults.put_aside(order, "as planned")
    change(steered, order, nextActionAt=steered.now)

    assert steered.sweep() == 1

    assert "nextActionAt" not in reread(steered, order)
    assert reread(steered, order)["status"] == "Pending"


# What nobody expects: the book of a product is damaged, so that booking fails.


@pytest.fixture
def unbookable(steered: Steered) -> Document:
    order = order_of(steered)
    books(steered, order, sold=SECRET)
    return order


def books(steered: Steered, order: Document, **fields: Any) -> None:
    """What another program does to the product of an order."""
    wanted = {"productId": order["items"][0]["productId"]}
    steered.database["inventories"].update_one(wanted, {"$set": fields})


def sweep_when_due(steered: Steered, order: Document) -> Document:
    steered.now = max(steered.now, reread(steered, order)["nextActionAt"])
    steered.sweep()
    return reread(steered, order)


def test_an_unknown_fault_is_tried_again_later_and_later_and_then_put_aside(
    steered: Steered, unbookable: Document, caplog: pytest.LogCaptureFixture
) -> None:
    for tries in range(1, MAX_TRIES):
        order = sweep_when_due(steered, unbookable)
        assert order["faults"] == tries
        wait = (order["nextActionAt"] - steered.now).total_seconds()
        assert 2**tries / 2 <= wait <= 2**tries
    order = sweep_when_due(steered, unbookable)
    assert (order["status"], order.get("settled")) == ("Processed", None)
    assert order["putAside"]["reason"] == "BulkWriteError 14 in models/reservations.py, _settle"
    assert len(told(caplog)) == 1
    assert SECRET not in caplog.text


def test_once_it_is_mended_and_taken_back_the_order_is_finished(
    steered: Steered, unbookable: Document
) -> None:
    for _ in range(MAX_TRIES):
        sweep_when_due(steered, unbookable)
    books(steered, unbookable, sold=0)

    assert order_faults.take_back(unbookable)
    steered.sweep()

    order = reread(steered, unbookable)
    assert (order["settled"], order["mail"]["state"]) == (True, "sent")
    assert order.keys().isdisjoint({"putAside", "faults", "nextActionAt"})
    check_at_rest(steered.database)
    assert not order_faults.take_back(unbookable), "only what is put aside can be taken back"


def test_a_fault_says_nothing_of_what_another_worker_did_since(steered: Steered) -> None:
    seen = order_of(steered)
    steered.deliver(seen["orderId"])
    done = reread(steered, seen)

    assert not order_faults.record_fault(seen, 2)
    assert not order_faults.put_aside(seen, "too late")

    assert reread(steered, seen) == done


def test_an_outage_is_no_fault_of_the_order(steered: Steered) -> None:
    order = order_of(steered)
    for _ in range(4):  # after the decision, the booking, the note of it, the claim of the mail
        with steered.interrupted(Stop("after", 1), lose_connection), pytest.raises(AutoReconnect):
            steered.deliver(order["orderId"])
        steered.wait(600)
        assert reread(steered, order).keys().isdisjoint({"faults", "putAside"})
        change(steered, order, nextActionAt=steered.now)
    steered.finish()
    check_at_rest(steered.database)


@pytest.mark.parametrize(
    ("codes", "outage"),
    [
        *(([code], False) for code in (2, 14, 28, 40, 121, 10334, 11000, 17419)),
        *(([14, 28], False), ([14, 91], True), ([50], True), ([], True)),
    ],
)
def test_a_part_of_a_cluster_that_is_down_is_no_fault_of_the_order(codes: list[int], outage: bool) -> None:
    """There a write fails by itself within a bulk: MongoDB shuts down, or the time is up."""
    assert is_outage(BulkWriteError({"writeErrors": [{"code": code} for code in codes]})) == outage
    for code in codes[-1:]:
        assert is_outage(WriteError("as planned", code)) == outage


def test_a_date_that_python_has_not_stops_no_find(steered: Steered) -> None:
    """JavaScript's last one. (SecantusDB refuses it, so it is read here as MongoDB would send it.)"""
    sent = bson.encode({"createdAt": DatetimeMS(8_640_000_000_000_000)})

    read = bson.decode(sent, resources().mongodb.collection("orders").codec_options)

    assert isinstance(read["createdAt"], DatetimeMS)


def test_a_worker_that_is_always_late_gives_up_for_now(
    steered: Steered, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = order_of(steered)
    monkeypatch.setattr(order_decisions, "process", lambda _: None)

    steered.deliver(order["orderId"])

    assert reread(steered, order)["faults"] == 1
    assert reread(steered, order)["status"] == "Pending"


def test_a_mail_that_cannot_be_made_is_not_claimed(steered: Steered, monkeypatch: pytest.MonkeyPatch) -> None:
    order = order_of(steered)

    def fail(_: Document) -> None:
        raise ZeroDivisionError(SECRET)

    with monkeypatch.context() as patch:
        patch.setattr("workers.mail_sender.order_status", fail)
        steered.deliver(order["orderId"])
        for _ in range(MAX_TRIES - 1):
            after = sweep_when_due(steered, order)
    assert after["mail"] == {"state": "due", "attempts": 0}
    assert after["putAside"]["reason"].startswith("ZeroDivisionError in ")
    assert SECRET not in after["putAside"]["reason"]

    assert order_faults.take_back(order)
    steered.sweep()

    assert len(steered.ses.mails) == 1


def test_what_fails_after_a_claim_is_written_down_too(
    steered: Steered, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the mail would be claimed and doubted for ever, and nobody told."""
    order = order_of(steered)

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("services.aws_mail_service.send_mail", fail)
        steered.deliver(order["orderId"])
    assert reread(steered, order)["faults"] == 1
    steered.finish()
    assert len(steered.ses.mails) == 1


def test_an_address_that_is_no_text_is_nobodys(steered: Steered) -> None:
    order = order_of(steered)
    steered.database["users"].update_one({"_id": order["userId"]}, {"$set": {"email": 5}})

    steered.deliver(order["orderId"])

    assert reread(steered, order)["mail"]["state"] == "refused"


def test_what_boto3_will_not_send_is_refused_and_not_unknown(steered: Steered) -> None:
    number: Any = 5
    with pytest.raises(aws_mail_service.MailRefused):
        aws_mail_service.send_mail(number, Mail("subject", "text", "html"), {})
    assert steered.ses.requests == 0


def test_a_mail_that_was_tried_for_months_is_tried_on() -> None:
    assert 150 <= retry_seconds(100_000) <= 300


# An order of ours whose status another program changed.


def cancelled(steered: Steered) -> Document:
    order = order_of(steered)
    order_controller.cancel(order["userId"], order["orderId"], "request")
    return order


def processed(steered: Steered) -> Document:
    order = order_of(steered)
    steered.deliver(order["orderId"])
    return order


CONTRADICTIONS: dict[str, tuple[Callable[[Steered], Document], str]] = {
    "cancelled, now Processed": (cancelled, "Processed"),
    "cancelled, now Pending": (cancelled, "Pending"),
    "processed, now Failed": (processed, "Failed"),
    "processed, now Pending": (processed, "Pending"),
}


@pytest.mark.parametrize("what", CONTRADICTIONS)
def test_an_order_whose_status_contradicts_its_history_is_put_aside(steered: Steered, what: str) -> None:
    make, status = CONTRADICTIONS[what]
    order = make(steered)
    mails, stock = len(steered.ses.mails), steered.inventory(order["items"][0]["productId"])
    change(steered, order, status=status)

    steered.deliver(order["orderId"])
    steered.wait(600)
    steered.sweep()

    after = reread(steered, order)
    assert after["putAside"]["reason"].startswith(f"status is {status}, but its history says ")
    assert (after["status"], len(steered.ses.mails)) == (status, mails)
    assert steered.inventory(order["items"][0]["productId"]) == stock
    check_always(steered.database)


def test_a_reason_for_failing_contradicts_a_status_too(steered: Steered) -> None:
    """Where a program has lost the history, as one does that replaces whole documents."""
    order = cancelled(steered)
    change(steered, order, status="Processed", history=[])

    steered.deliver(order["orderId"])

    assert reread(steered, order)["putAside"]["reason"] == "status is Processed, but it has a failureReason"
    assert steered.ses.mails == []


@pytest.mark.parametrize("write", [1, 2, 3, 4])
def test_whenever_the_status_changes_no_mail_says_both(steered: Steered, write: int) -> None:
    """Node's worker comes in between two writes of ours, while we end a cancelled order."""
    order = order_of(steered)
    assert order_decisions.cancel(order)

    def come_in_between() -> None:
        change(steered, order, status="Processed")

    with steered.interrupted(Stop("before", write), come_in_between):
        steered.deliver(order["orderId"])
    steered.wait(600)
    steered.sweep()
    mails = [mail.text for mail in steered.ses.mails]
    assert len(mails) == (1 if write == 4 else 0), "the fourth notes that it was sent"
    assert not [text for text in mails if "Processed" in text]
    check_always(steered.database)


def test_a_mail_is_claimed_under_the_decision_that_it_tells_of(steered: Steered) -> None:
    order = order_of(steered)
    with steered.interrupted(Stop("after", 3), lose_connection), pytest.raises(AutoReconnect):
        steered.deliver(order["orderId"])
    read = reread(steered, order)
    change(steered, order, status="Failed")

    assert order_mail.claim_mail(read) is None
    assert order_mail.claim_mail(reread(steered, order)) is not None


def test_an_order_that_another_worker_processed_is_booked_and_mailed_as_that(steered: Steered) -> None:
    """Node's worker beside ours: the status says nothing that we did not want."""
    order = order_of(steered)
    change(steered, order, status="Processed")

    steered.deliver(order["orderId"])

    assert reread(steered, order)["mail"]["state"] == "sent"
    assert steered.inventory(order["items"][0]["productId"])["sold"] == 2
    check_at_rest(steered.database)


@pytest.mark.parametrize("changes", [{"status": "Pending"}, {"status": "Pending", "history": []}])
def test_what_is_pending_again_can_be_neither_cancelled_nor_processed(
    steered: Steered, changes: Document
) -> None:
    order = processed(steered)
    change(steered, order, **changes)

    with pytest.raises(errors.NotCancellable):
        order_controller.cancel(order["userId"], order["orderId"], "request")
    assert order_decisions.process(reread(steered, order)) is None
    assert order_decisions.cancel(reread(steered, order)) is None


def test_a_cancelled_order_that_was_put_aside_is_worked_on_again(steered: Steered) -> None:
    order = order_of(steered)
    assert order_faults.put_aside(order, "as planned")

    order_controller.cancel(order["userId"], order["orderId"], "request")
    steered.deliver(order["orderId"])

    assert (steered.stock(order["items"][0]["productId"]), len(steered.ses.mails)) == (5, 1)
    check_at_rest(steered.database)


def test_no_mail_is_asked_for_once_more_of_an_order_that_was_put_aside(steered: Steered) -> None:
    """It would count as booked then, and its reservation would stay for ever."""
    order = order_of(steered)
    processed = order_decisions.process(order)
    assert processed is not None
    assert order_faults.put_aside(processed, "as planned")

    assert order_mail.request_mail(reread(steered, order)) is None


def test_the_place_of_an_error_is_the_last_of_our_own_code_that_it_went_through() -> None:
    no_time: Any = "text"
    with pytest.raises(AttributeError) as ours:
        clock.to_iso(no_time)

    assert reason_of(ours.value) == "AttributeError in utils/clock.py, to_iso"
    assert reason_of(ValueError("of nowhere")) == "ValueError in code of others"
