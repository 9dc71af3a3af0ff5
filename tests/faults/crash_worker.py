"""How a worker comes to each of its crash points. Each function drives its run to the crash."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from bson import ObjectId

from tests.faults.crash_web import with_dead
from tests.faults.field import end
from tests.faults.lane import Run
from tests.faults.time_travel import pass_time
from tests.support.system import Child
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


def failing(run: Run, crash_at: str) -> None:
    """The business step fails until the worker dies of it."""
    order_id = run.order()
    run.log.add("fails", orderId=order_id)
    child = run.crashing_worker(crash_at, order_id, FULFILMENT="tests.faults.crash_worker:always_fail")

    def died() -> bool:
        run.pass_time()  # over the back-off between attempts
        return not child.running

    wait_for(died, "the attempts to be used up")
    _die(run, child)


def always_fail(order: object) -> None:
    """A business step for FULFILMENT."""
    raise RuntimeError("as planned")


def mail_comes_to(outcome: str) -> Drive:
    """SES answers the first mail so."""

    def drive(run: Run, crash_at: str) -> None:
        run.field.ses.plan(outcome)
        rung_for(run, crash_at)

    return drive


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
    wait_for(lambda: run.field.database["inventories"].count_documents(held) == 0, "the auditor")


def stopping(run: Run, crash_at: str) -> None:
    """A message that arrives in a receive which the worker no longer wants."""
    order_id, child = run.order(), run.crashing_worker(crash_at, SQS_WAIT_SECONDS="5")
    wait_for(lambda: "worker_started" in child.output() or not child.running, "the worker to start")
    assert child.process is not None
    child.process.terminate()
    wait_for(lambda: "worker_stopping" in child.output(), "the worker to stop")
    run.field.ring(child.environment["SQS_QUEUE_URL"], order_id)
    _die(run, child)


def _die(run: Run, child: Child) -> None:
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
    "record_attempt": failing,
    "fail": failing,
    "mail_refused": mail_comes_to("refused"),
    "mail_not_sent": mail_comes_to("throttled"),
    "mail_unknown": mail_comes_to("500 but taken"),
    "mail_postponed": rate_used_up,
    "finish": already_done,
    "free_hold": stray_holds,
    "give_back": stopping,
}

_WEB = "only a web process does it"
UNREACHABLE = {
    **dict.fromkeys(("insert_intent", "reserve", "accept", "reject", "cancel"), _WEB),
    **dict.fromkeys(("send_rings", "add_order", "set_stock"), _WEB),
    **dict.fromkeys(("replace_stock", "add_product", "adjust_stock"), _WEB),
    "request_mail": "a command does it: flask orders resend-email",
    "recount": "a command does it: flask inventory recount",
}
