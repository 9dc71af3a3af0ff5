"""The claim of the business step: one worker at a time, however long it takes; only who holds it decides."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from controllers import order_controller
from models import order_decisions, order_faults, order_step
from models.order_decisions import LEASE_SECONDS
from tests.protocol.test_fulfilment import always_fail, events
from tests.support.crashes import Crash, Stop, die
from tests.support.invariants import check_at_rest
from tests.support.node_app import node_order
from tests.support.odd_orders import SECRET
from tests.support.steered import Document, Steered, make_step_threads
from utils import errors

CLAIM, DECISION = 1, 2  # the writes of a delivery, in this order


@pytest.fixture
def order(steered: Steered) -> Document:
    """An accepted order over 2 of 5 pieces."""
    return steered.read(steered.place(steered.user(), {steered.product(5): 2}))


def cancel(order: Document) -> Document:
    return order_controller.cancel(order["userId"], order["orderId"], "request")


def stock_of(steered: Steered, order: Document) -> int:
    return steered.stock(order["items"][0]["productId"])


def test_while_the_step_runs_nobody_else_begins_it(steered: Steered, order: Document) -> None:
    """Longer than many leases: a message and the sweeper come round all the time."""
    runs: list[Document] = []

    def take_ten_minutes(document: Document) -> None:
        runs.append(document)
        for _ in range(60):
            steered.wait(10)
            steered.step_threads.keep()
            steered.deliver(order["orderId"])
            assert steered.sweep() == 0

    steered.fulfil = take_ten_minutes
    steered.deliver(order["orderId"])
    assert len(runs) == 1
    done = steered.read(order["_id"])
    assert (done["status"], done["attempts"], "step" in done) == ("Processed", 1, False)
    assert events(done)[2:4] == ["attempt_begun", "processed"]


@pytest.mark.parametrize("due", [False, True], ids=["messages", "messages and sweepers"])
def test_of_many_who_come_at_once_one_begins(steered: Steered, order: Document, due: bool) -> None:
    runs: list[Document] = []
    steered.fulfil = runs.append
    if due:
        steered.wait(30)

    def come(number: int) -> None:
        if due and number % 2:
            steered.sweep()
        else:
            steered.deliver(order["orderId"])

    steered.each(8, come)
    assert len(runs) == 1
    steered.finish()
    check_at_rest(steered.database)


def test_a_claim_is_counted_before_the_step_begins(steered: Steered, order: Document) -> None:
    steered.fulfil = lambda _: die()
    with pytest.raises(Crash):
        steered.deliver(order["orderId"])
    left = steered.read(order["_id"])
    assert (left["status"], left["attempts"], events(left)[-1]) == ("Pending", 1, "attempt_begun")
    assert left["nextActionAt"] == left["step"]["until"] == steered.now + timedelta(seconds=LEASE_SECONDS)


def test_a_step_that_kills_its_worker_five_times_ends_as_processing_error(
    steered: Steered, order: Document
) -> None:
    undone: list[Document] = []
    steered.undo = undone.append
    steered.fulfil = lambda _: die()
    steered.wait(30)
    for attempt in range(1, 6):
        with pytest.raises(Crash):
            steered.sweep()
        assert steered.read(order["_id"])["attempts"] == attempt
        assert steered.sweep() == 0  # not before the lease has run out
        steered.wait(LEASE_SECONDS)
    assert undone == []
    steered.finish()
    failed = steered.read(order["_id"])
    assert (failed["status"], failed["failureReason"]) == ("Failed", "processing_error")
    assert len(undone) == 1
    assert stock_of(steered, order) == 5
    check_at_rest(steered.database)


def test_a_step_past_its_limit_has_failed_and_what_it_comes_to_is_refused(
    steered: Steered, order: Document
) -> None:
    steered.step_threads = make_step_threads(limit_seconds=100)

    def hang(claimed: Document) -> None:
        assert claimed["attempts"] == 1
        for _ in range(10):
            steered.wait(9)
            steered.step_threads.keep()
        assert "step" in steered.read(order["_id"])
        steered.wait(10)
        steered.step_threads.keep()
        given_up = steered.read(order["_id"])
        assert ("step" in given_up, events(given_up)[-1]) == (False, "attempt_failed")
        pause = (given_up["nextActionAt"] - steered.now).total_seconds()
        assert 1 <= pause <= 2
        steered.step_threads.keep()  # it is not renewed any more
        assert steered.read(order["_id"]) == given_up

    steered.fulfil = hang
    steered.deliver(order["orderId"])
    assert steered.read(order["_id"])["status"] == "Pending"
    steered.fulfil = lambda _: None
    steered.finish()
    done = steered.read(order["_id"])
    assert (done["status"], done["attempts"]) == ("Processed", 2)


@pytest.mark.parametrize("late", ["done", "failed"])
def test_who_has_lost_the_lease_decides_nothing(steered: Steered, order: Document, late: str) -> None:
    """The worker stands still for longer than a lease, another one takes over: its attempt counts alone."""

    def stand_still(_: Document) -> None:
        steered.fulfil = always_fail
        steered.wait(LEASE_SECONDS)
        assert steered.sweep() == 1
        steered.step_threads.keep()
        if late == "failed":
            raise RuntimeError

    steered.fulfil = stand_still
    steered.deliver(order["orderId"])
    after = steered.read(order["_id"])
    assert (after["status"], after["attempts"]) == ("Pending", 2)
    assert events(after)[2:] == ["attempt_begun", "attempt_begun", "attempt_failed"]


def test_the_lease_is_not_renewed_by_who_has_lost_it(steered: Steered, order: Document) -> None:
    first = order_step.claim_step(order, LEASE_SECONDS)
    assert first is not None
    steered.wait(LEASE_SECONDS)
    second = order_step.claim_step(first, LEASE_SECONDS)
    assert second is not None
    assert order_step.renew_step(first, LEASE_SECONDS) is None
    assert order_step.record_attempt(first, steered.now) is None
    assert order_decisions.fail(first, "processing_error", order_step.token_of(first)) is None
    assert order_decisions.process(first, order_step.token_of(first)) is None
    assert order_decisions.process(first) is None  # nor by a worker without a step
    assert order_decisions.process(second, order_step.token_of(second)) is not None


def test_who_was_slow_but_not_overtaken_keeps_the_order(steered: Steered, order: Document) -> None:
    def stand_still(_: Document) -> None:
        steered.wait(LEASE_SECONDS + 1)
        steered.step_threads.keep()
        assert steered.sweep() == 0

    steered.fulfil = stand_still
    steered.deliver(order["orderId"])
    assert steered.read(order["_id"])["status"] == "Processed"


def test_a_cancel_during_the_step_is_refused_and_accepted_between_attempts(
    steered: Steered, order: Document
) -> None:
    refused: list[str] = []

    def try_to_cancel(_: Document) -> None:
        with pytest.raises(errors.NotCancellable) as told:
            cancel(order)
        refused.append(told.value.detail)
        raise RuntimeError

    steered.fulfil = try_to_cancel
    steered.deliver(order["orderId"])
    assert "try again" in refused[0]
    assert cancel(order)["failureReason"] == "cancelled"
    assert cancel(order)["failureReason"] == "cancelled"
    steered.finish()
    assert stock_of(steered, order) == 5
    assert len(steered.ses.mails) == 1
    check_at_rest(steered.database)


def test_who_cancels_while_a_claim_is_made_is_refused(steered: Steered, order: Document) -> None:
    def claim() -> None:
        assert order_step.claim_step(order, LEASE_SECONDS)

    with steered.interrupted(Stop("before", CLAIM), claim), pytest.raises(errors.NotCancellable):
        cancel(order)


def test_who_cancels_while_an_attempt_fails_is_answered_and_the_attempt_undone(
    steered: Steered, order: Document
) -> None:
    """The cancel read an order without attempts: written so, it would owe no undo."""
    undone: list[Document] = []
    steered.fulfil, steered.undo = always_fail, undone.append
    act: Callable[[], object] = lambda: steered.deliver(order["orderId"])  # noqa: E731
    with steered.interrupted(Stop("before", CLAIM), act):
        assert cancel(order)["failureReason"] == "cancelled"
    steered.finish()
    assert [entry["orderId"] for entry in undone] == [order["orderId"]]
    check_at_rest(steered.database)


def test_after_a_death_the_customer_can_cancel_once_the_lease_has_run_out(
    steered: Steered, order: Document
) -> None:
    undone: list[Document] = []
    steered.fulfil, steered.undo = lambda _: die(), undone.append
    with pytest.raises(Crash):
        steered.deliver(order["orderId"])
    steered.wait(LEASE_SECONDS - 0.001)
    with pytest.raises(errors.NotCancellable):
        cancel(order)
    steered.wait(0.001)
    cancel(order)
    steered.finish()
    assert len(undone) == 1
    check_at_rest(steered.database)


def test_an_order_that_was_never_begun_owes_no_undo(steered: Steered, order: Document) -> None:
    steered.fulfil, steered.undo = always_fail, always_fail
    cancel(order)
    assert stock_of(steered, order) == 5  # at once
    steered.finish()
    check_at_rest(steered.database)


def test_undo_comes_before_the_stock_is_given_back(steered: Steered, order: Document) -> None:
    seen: list[tuple[int, bool]] = []

    def undo(document: Document) -> None:
        seen.append((stock_of(steered, order), document["undoOwed"]))

    steered.fulfil, steered.undo = always_fail, undo
    steered.deliver(order["orderId"])
    cancel(order)
    assert stock_of(steered, order) == 3
    steered.deliver(order["orderId"])
    assert seen == [(3, True)]
    assert stock_of(steered, order) == 5
    done = steered.read(order["_id"])
    assert events(done)[-4:] == ["undone", "settled", "mail_claimed", "mail_sent"]
    assert done.keys().isdisjoint({"undoOwed", "step", "faults", "nextActionAt"})


def test_an_undo_whose_worker_dies_is_called_again(steered: Steered, order: Document) -> None:
    steered.fulfil, steered.undo = always_fail, lambda _: die()
    steered.deliver(order["orderId"])
    cancel(order)
    with pytest.raises(Crash):
        steered.deliver(order["orderId"])
    undone: list[Document] = []
    steered.undo = undone.append
    steered.deliver(order["orderId"])
    assert undone == []  # the lease holds
    steered.finish()
    assert len(undone) == 1
    check_at_rest(steered.database)


@pytest.mark.parametrize("dies", [False, True], ids=["fails", "kills its worker"])
def test_an_undo_that_never_succeeds_is_put_aside_and_can_be_taken_up_again(
    steered: Steered, order: Document, dies: bool
) -> None:
    tries: list[Document] = []

    def undo(document: Document) -> None:
        tries.append(document)
        if dies:
            die()
        raise RuntimeError(SECRET)

    steered.fulfil, steered.undo = always_fail, undo
    steered.deliver(order["orderId"])
    cancel(order)
    while "putAside" not in (left := steered.read(order["_id"])):
        assert len(tries) <= 5
        steered.now = max(steered.now, left["nextActionAt"])
        try:
            steered.sweep()
        except Crash:
            assert dies
    assert len(tries) == 5
    reason = left["putAside"]["reason"]
    assert reason.startswith(
        "its undo was tried 5 times" if dies else "its undo failed 5 times: RuntimeError"
    )
    assert SECRET not in reason
    assert (stock_of(steered, order), left["undoOwed"]) == (3, True)

    assert order_faults.take_back(left)
    steered.undo = tries.append
    steered.finish()
    assert len(tries) == 6
    check_at_rest(steered.database)


def test_without_an_undo_an_order_that_failed_is_settled_all_the_same(
    steered: Steered, order: Document
) -> None:
    steered.fulfil = always_fail
    steered.deliver(order["orderId"])
    cancel(order)
    steered.finish()
    assert stock_of(steered, order) == 5
    assert "undone" not in events(steered.read(order["_id"]))
    check_at_rest(steered.database)


@pytest.mark.parametrize(
    "changes",
    [
        {"step": "text"},
        {"step": {"token": "x"}},
        {"step": {"token": 5, "until": "text"}},
        {"undoOwed": "text"},
        {"undoOwed": True},
        {"status": "Processed", "step": {"token": "x", "until": None}},
    ],
    ids=str,
)
def test_an_order_with_an_odd_claim_is_put_aside(steered: Steered, changes: Document) -> None:
    odd = node_order(steered.user(), accepted=True, history=[], nextActionAt=steered.now, **changes)
    steered.database["orders"].insert_one(odd)
    steered.fulfil = steered.undo = always_fail
    assert steered.sweep() == 1
    assert "putAside" in steered.read(odd["_id"])


def test_an_order_made_processed_by_another_program_during_the_step_is_put_aside(
    steered: Steered, order: Document
) -> None:
    def meddle(_: Document) -> None:
        steered.database["orders"].update_one({"_id": order["_id"]}, {"$set": {"status": "Processed"}})

    steered.fulfil = meddle
    steered.deliver(order["orderId"])
    steered.wait(LEASE_SECONDS)
    steered.sweep()
    assert steered.read(order["_id"])["putAside"]["reason"].startswith("status is Processed")
