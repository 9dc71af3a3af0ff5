"""How a worker comes to each of its crash points. Each function drives its run to the crash."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from signal import SIGTERM
from uuid import uuid4

from bson import ObjectId

from local_stack.processes import Process
from tests.faults.bank import STEP
from tests.faults.crash_web import with_dead
from tests.faults.field import end
from tests.faults.lane import Run
from tests.faults.time_travel import pass_time
from tests.support.ses_events import event
from tests.support.waiting import wait_for

Drive = Callable[[Run, str], None]


def rung_for(run: Run, crash_at: str) -> None:
    """An accepted order, and a message for it."""
    _die(run, run.crashing_worker(crash_at, run.order()))


def swept(run: Run, crash_at: str) -> None:
    """An accepted order that nobody rings for."""
    run.order()
    pass_time(run.field.database, run.users)
    _die(run, run.crashing_worker(crash_at))


def abandoned(run: Run, crash_at: str) -> None:
    """An intent whose request died with everything held."""
    api, key = run.crashing_api("after:reserve"), uuid4().hex
    with_dead(run, api, lambda a: run.shopper.try_to_buy(a.base, run.items, key))
    pass_time(run.field.database, run.users)
    _die(run, run.crashing_worker(crash_at))


def charged(run: Run, crash_at: str) -> None:
    """An accepted order whose business step charges the customer."""
    _die(run, run.crashing_worker(crash_at, run.order(), FULFILMENT=STEP))


def charged_slowly(run: Run, crash_at: str) -> None:
    """The bank takes longer than a lease."""
    order_id, bank = run.order(), run.field.bank
    bank.set_mode(order_id, "slow")
    short = {"FULFILMENT_LEASE_SECONDS": "0.5"}
    _die(run, run.crashing_worker(crash_at, order_id, FULFILMENT=STEP, **short))
    bank.clear_mode(order_id, "slow")


def charged_in_turn(run: Run, crash_at: str) -> None:
    """There is one thread to charge two customers."""
    slow, bank = run.order(), run.field.bank
    bank.set_mode(slow, "slow")
    child = run.crashing_worker(crash_at, slow, FULFILMENT=STEP, FULFILMENT_THREADS="1")
    wait_for(lambda: bank.words(slow), "the first step to begin")
    run.field.ring(child.environment["SQS_QUEUE_URL"], run.order())
    _die(run, child)
    bank.clear_mode(slow, "slow")


def failing(run: Run, crash_at: str) -> None:
    """The business step fails until the worker dies of it."""
    order_id = _refused_by_bank(run)
    child = run.crashing_worker(crash_at, order_id, FULFILMENT=STEP)

    def died() -> bool:
        run.pass_time()  # over the back-off between attempts
        return not child.running

    wait_for(died, "the attempts to be used up")
    _die(run, child)


def cancelled_after_an_attempt(run: Run, crash_at: str) -> None:
    """What the attempt did is undone."""
    _cancel_between_attempts(run, crash_at, _refused_by_bank(run))


def undone_in_vain(run: Run, crash_at: str) -> None:
    """The bank gives nothing back as long as the worker lives."""
    order_id = _refused_by_bank(run)
    run.field.bank.set_mode(order_id, "stuck")
    _cancel_between_attempts(run, crash_at, order_id)
    run.field.bank.clear_mode(order_id, "stuck")


def cancelled_without_an_undo(run: Run, crash_at: str) -> None:
    """After an attempt of a step that has none."""
    order_id = run.order()
    run.field.database["orders"].update_one({"orderId": order_id}, {"$set": {"attempts": 1}})
    run.shopper.cancel(order_id)
    _die(run, run.crashing_worker(crash_at, order_id))


def _refused_by_bank(run: Run) -> str:
    """An order of which every attempt fails."""
    order_id = run.order()
    run.log.add("fails", orderId=order_id)
    run.field.bank.set_mode(order_id, "fails")
    return order_id


def _cancel_between_attempts(run: Run, crash_at: str, order_id: str) -> None:
    orders = run.field.database["orders"]
    child = run.crashing_worker(crash_at, order_id, FULFILMENT=STEP)
    between = {"orderId": order_id, "attempts": {"$gte": 1}, "step": {"$exists": False}}
    wait_for(lambda: orders.find_one(between), "an attempt to fail")
    wait_for(lambda: run.shopper.cancel(order_id)["status"] == 200, "the order to be cancelled")
    run.field.ring(child.environment["SQS_QUEUE_URL"], order_id)
    _die(run, child)


def mail_comes_to(outcome: str) -> Drive:
    """SES answers the first mail so."""

    def drive(run: Run, crash_at: str) -> None:
        run.field.ses.plan(outcome)
        rung_for(run, crash_at)

    return drive


def told_by_ses(run: Run, crash_at: str) -> None:
    """SES took the mail and did not answer; then it tells that the mail was delivered."""
    order_id, events = run.order(), run.field.make_queue()
    run.field.ses.plan("500 but taken")
    child = run.crashing_worker(crash_at, order_id, SES_EVENTS_QUEUE_URL=events, MAIL_RETRY_SECONDS="600")
    unknown = {"orderId": order_id, "mail.state": "unknown"}
    orders = run.field.database["orders"]
    wait_for(lambda: orders.find_one(unknown) or not child.running, "the outcome to be unknown")
    order = orders.find_one({"orderId": order_id})
    assert order is not None
    run.field.sqs.send_message(QueueUrl=events, MessageBody=event("Delivery", order["_id"], 1))
    _die(run, child)


def rate_used_up(run: Run, crash_at: str) -> None:
    """Two orders, and SES takes one mail in 100 s."""
    queue_for = run.order()
    run.order()
    pass_time(run.field.database, run.users)
    _die(run, run.crashing_worker(crash_at, queue_for, SES_MAX_SEND_RATE="0.01"))


def already_done(run: Run, crash_at: str) -> None:
    """A rejected order that somebody claimed although nothing was left to do."""
    run.items[next(iter(run.items))] = 6
    run.shopper.buy(run.items)
    past = datetime.now(UTC) - timedelta(seconds=1)
    rejected = {"userId": run.users[0]}
    run.field.database["orders"].update_one(rejected, {"$set": {"nextActionAt": past, "settled": True}})
    _die(run, run.crashing_worker(crash_at))


def stray_holds(run: Run, crash_at: str) -> None:
    """Holds that came late, of an order that is not there."""
    hold = {"orderId": str(ObjectId()), "quantity": 2, "at": datetime.now(UTC) - timedelta(hours=1)}
    for product_id in run.items:
        stray = {**hold, "holdId": uuid4().hex}
        update = {"$inc": {"stock": -2}, "$push": {"holds": stray}}
        run.field.database["inventories"].update_one({"productId": product_id}, update)
    _die(run, run.crashing_worker(crash_at))
    run.lane.resume_worker()
    held = {"productId": {"$in": list(run.items)}, "holds": {"$ne": []}}
    wait_for(lambda: run.field.database["inventories"].count_documents(held) == 0, "the reaper")


def stopping(run: Run, crash_at: str) -> None:
    """A message that arrives in a receive which the worker no longer wants."""
    order_id, child = run.order(), run.crashing_worker(crash_at, SQS_WAIT_SECONDS="5")
    wait_for(lambda: "worker_started" in child.output() or not child.running, "the worker to start")
    child.send(SIGTERM)
    wait_for(lambda: "worker_stopping" in child.output(), "the worker to stop")
    run.field.ring(child.environment["SQS_QUEUE_URL"], order_id)
    _die(run, child)


def unbookable(run: Run, crash_at: str) -> None:
    """The book of a product is damaged by another program, and mended after the crash."""
    order_id, damaged = run.order(), {"productId": next(iter(run.items))}
    inventories = run.field.database["inventories"]
    inventories.update_one(damaged, {"$set": {"sold": "text"}})
    _die(run, run.crashing_worker(crash_at, order_id))
    inventories.update_one(damaged, {"$set": {"sold": 0}})


def damaged_order(run: Run, crash_at: str) -> None:
    """The order is damaged by another program; after the crash it is mended and, if need be, taken back."""
    order_id, orders = run.order(), run.field.database["orders"]
    whole = orders.find_one({"orderId": order_id})
    assert whole is not None
    orders.update_one({"orderId": order_id}, {"$set": {"history": "text"}})
    _die(run, run.crashing_worker(crash_at, order_id))
    mended = {"history": whole["history"], "nextActionAt": datetime.now(UTC)}
    orders.update_one({"orderId": order_id}, {"$set": mended, "$unset": {"putAside": ""}})


def left_by_node(run: Run, crash_at: str) -> None:
    """An order of an hour ago that nobody would look at: its marks are those of the Node app."""
    order_id, orders = run.order(), run.field.database["orders"]
    order = orders.find_one({"orderId": order_id})
    assert order is not None
    orders.delete_one({"_id": order["_id"]})
    an_hour_ago = ObjectId.from_datetime(datetime.now(UTC) - timedelta(hours=1))
    aged = ObjectId(an_hour_ago.binary[:4] + order["_id"].binary[4:])
    node = {name: value for name, value in order.items() if name not in ("accepted", "nextActionAt")}
    orders.insert_one({**node, "_id": aged})
    _die(run, run.crashing_worker(crash_at))
    run.lane.resume_worker()
    pending = {"_id": aged, "status": "Pending"}
    wait_for(lambda: orders.count_documents(pending) == 0, "the order to be taken up")


def _die(run: Run, child: Process) -> None:
    try:
        run.await_death(child)
    finally:
        end(child)


DRIVES: dict[str, Drive] = {
    "receive": rung_for,
    "process": rung_for,
    "put_order": rung_for,
    "settle_sold": rung_for,
    "mark_settled": rung_for,
    "claim_mail": rung_for,
    "send_mail": rung_for,
    "mail_sent": rung_for,
    "delete": rung_for,
    "claim": swept,
    "expire": abandoned,
    "settle_returned": abandoned,
    "claim_step": charged,
    "call_step": charged,
    "renew_step": charged_slowly,
    "step_postponed": charged_in_turn,
    "record_attempt": failing,
    "fail": failing,
    "claim_undo": cancelled_after_an_attempt,
    "call_undo": cancelled_after_an_attempt,
    "undo_done": cancelled_after_an_attempt,
    "undo_failed": undone_in_vain,
    "drop_undo": cancelled_without_an_undo,
    "mail_refused": mail_comes_to("refused"),
    "mail_not_sent": mail_comes_to("throttled"),
    "mail_unknown": mail_comes_to("500 but taken"),
    "mail_postponed": rate_used_up,
    "receive_events": told_by_ses,
    "record_delivery": told_by_ses,
    "delete_event": told_by_ses,
    "finish": already_done,
    "free_hold": stray_holds,
    "give_back": stopping,
    "record_fault": unbookable,
    "put_aside": damaged_order,
    "adopt_order": left_by_node,
}

_WEB = "only a web process does it"
UNREACHABLE = {
    **dict.fromkeys(("insert_intent", "reserve", "accept", "reject", "cancel"), _WEB),
    **dict.fromkeys(("send_messages", "add_order", "set_stock"), _WEB),
    **dict.fromkeys(("replace_stock", "add_product", "adjust_stock"), _WEB),
    "request_mail": "a command does it: flask orders resend-email",
    "recount": "a command does it: flask inventory recount",
    "take_back": "a command does it: flask orders retry",
}
