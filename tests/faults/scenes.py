"""Scenes in which one guard makes the difference. Each plays on a run and returns what the checker finds."""

import threading
from collections.abc import Callable
from uuid import uuid4

from tests.faults.bank import MAX_ATTEMPTS, STEP
from tests.faults.crash_web import with_dead
from tests.faults.field import end
from tests.faults.lane import Run
from tests.faults.proxy import Proxy, mongo_through
from tests.faults.shopper import Shopper
from tests.faults.time_travel import age_holds, no_holds, pass_time
from tests.faults.toxics import Hold
from tests.support.waiting import wait_for

Scene = Callable[[Run], list[str]]


def more_is_ordered_than_there_is(run: Run) -> list[str]:
    run.items = dict.fromkeys(run.items, 6)
    run.shopper.buy(run.items)
    return run.recover()


def a_request_dies_after_it_reserved(run: Run) -> list[str]:
    """The next request with its key takes its order over, before any worker looks."""
    api, key = run.crashing_api("after:reserve"), uuid4().hex
    with_dead(run, api, lambda a: run.shopper.try_to_buy(a.base, run.items, key))
    pass_time(run.field.database, run.users)
    run.shopper.buy(run.items, key)
    return run.recover()


def a_hold_arrives_after_its_order_was_settled(run: Run) -> list[str]:
    """The network keeps a reservation back while its request dies, and a second one is accepted and sold; the
    worker dies before it noted that. Now the first reservation arrives, and the next worker settles again."""
    database, key = run.field.database, uuid4().hex
    with Proxy(run.field.mongo_port) as proxy:
        _die_while_reserving(run, proxy, key)
        pass_time(database, run.users)
        order_id = run.shopper.buy(run.items, key)["orderId"]
        run.await_death(run.crashing_worker("after:settle_sold", order_id))
        assert no_holds(database, list(run.items))
        proxy.clear()
        wait_for(lambda: not no_holds(database, list(run.items)), "the late hold")
    run.recover()
    age_holds(database, list(run.items))
    run.wait(lambda: no_holds(database, list(run.items)))  # the reaper
    return run.check()


def a_customer_cancels_while_the_worker_is_dead(run: Run) -> list[str]:
    order_id = run.order()
    run.await_death(run.crashing_worker("before:process", order_id))
    run.shopper.cancel(order_id)
    return run.recover()


def a_step_kills_each_worker_that_begins_it(run: Run) -> list[str]:
    order_id, bank = run.order(), run.field.bank
    run.log.add("fails", orderId=order_id)
    bank.set_mode(order_id, "deadly")
    for _ in range(MAX_ATTEMPTS + 1):
        pass_time(run.field.database, run.users)
        if not _dies_at_step(run, order_id):
            break
    bank.clear_mode(order_id, "deadly")
    return run.recover()


def _dies_at_step(run: Run, order_id: str) -> bool:
    """Start a worker, and see whether it lives on when the order has ended."""
    worker = run.field.worker(run.name, SQS_QUEUE_URL=run.field.make_queue(), FULFILMENT=STEP)
    pending = {"orderId": order_id, "status": "Pending"}
    orders = run.field.database["orders"]
    wait_for(lambda: not worker.running or not orders.find_one(pending), "a death or the end")
    died = not worker.running
    end(worker)
    return died


def a_customer_cancels_while_the_bank_is_slow(run: Run) -> list[str]:
    """The step has begun, and has not charged yet."""
    order_id, bank = run.order(), run.field.bank
    bank.set_mode(order_id, "slow")
    queue = run.field.make_queue()
    worker = run.field.worker(run.name, SQS_QUEUE_URL=queue, FULFILMENT=STEP)
    run.field.ring(queue, order_id)
    wait_for(lambda: bank.words(order_id), "the step to begin")
    if run.shopper.cancel(order_id)["status"] == 200:
        run.field.ring(queue, order_id)
        wait_for(lambda: "refund" in bank.words(order_id), "the undo")
    bank.clear_mode(order_id, "slow")
    wait_for(lambda: "charge" in bank.words(order_id), "the step to end")
    worker.stop(60)
    return run.recover()


def a_customer_cancels_after_an_attempt_that_charged_him(run: Run) -> list[str]:
    order_id, orders = run.order(), run.field.database["orders"]
    run.field.bank.set_mode(order_id, "fails")
    queue = run.field.make_queue()
    worker = run.field.worker(run.name, SQS_QUEUE_URL=queue, FULFILMENT=STEP)
    run.field.ring(queue, order_id)
    between = {"orderId": order_id, "attempts": 1, "step": {"$exists": False}}
    wait_for(lambda: orders.find_one(between), "the attempt to fail")
    worker.kill()
    run.shopper.cancel(order_id)
    return run.recover()


def ses_takes_a_mail_and_answers_500(run: Run) -> list[str]:
    run.field.ses.plan("500 but taken")
    run.order()
    return run.recover()


def nobody_rings(run: Run) -> list[str]:
    run.order()
    return run.recover(seconds=10)


def ses_answers_500(run: Run) -> list[str]:
    """And has not taken the mail."""
    run.field.ses.plan("500")
    run.order()
    return run.recover()


def an_order_is_read_processed_and_mailed(run: Run) -> list[str]:
    order_id = run.order()
    run.shopper.read(order_id)
    found = run.recover()
    run.shopper.read(order_id)
    return [*found, *run.check()]


def somebody_else_looks(run: Run) -> list[str]:
    order_id = run.order()
    Shopper([run.lane.api.base], run.log).read(order_id)
    return run.recover()


def a_customer_cancels_and_looks_again(run: Run) -> list[str]:
    """For as long as the cache may keep a Pending order, and a little longer."""
    order_id = run.order()
    run.shopper.read(order_id)
    cancelled = run.shopper.cancel(order_id)
    wait_for(lambda: run.shopper.read(order_id)["sent"] > cancelled["at"] + 2.5, "the time to pass")
    return run.recover()


def _die_while_reserving(run: Run, proxy: Proxy, key: str) -> None:
    """Send an order to an API whose reservation is kept back on its way, and kill the API."""
    uri = mongo_through(run.field.settings["MONGO_URI"], proxy.port)
    api = run.field.api(f"{run.name}-late", MONGO_URI=uri)
    try:
        proxy.set(Hold(b"holdId"))
        request = threading.Thread(target=run.shopper.try_to_buy, args=(api.base, run.items, key))
        request.start()
        assert proxy.held.wait(30)
    finally:
        end(api.child)
    request.join()
