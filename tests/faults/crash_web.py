"""How a request comes to each crash point of a web process. Each function drives its run to the crash."""

from collections.abc import Callable
from uuid import uuid4

from bson import ObjectId

from tests.faults.field import PRICE, Api, end
from tests.faults.lane import Run
from tests.faults.time_travel import pass_time

Drive = Callable[[Run, str], None]


def ordering(run: Run, crash_at: str) -> None:
    """An order; the client tries again with the same key."""
    _crash_and_retry(run, crash_at, uuid4().hex)


def short_of_stock(run: Run, crash_at: str) -> None:
    """An order of which one item is short: what is held of the others is given back."""
    last = list(run.items)[-1]
    run.items[last] = 6
    _crash_and_retry(run, crash_at, uuid4().hex)


def take_over(run: Run, crash_at: str) -> None:
    """A request dies, a second one with the same key takes its order over and dies too."""
    key = uuid4().hex
    first = run.crashing_api("after:reserve")
    with_dead(run, first, lambda a: run.shopper.try_to_buy(a.base, run.items, key))
    pass_time(run.field.database, run.users)
    _crash_and_retry(run, crash_at, key)


def crowded(run: Run, crash_at: str) -> None:
    """A product has as many open holds as it may: the order is given up."""
    inventories, first = run.field.database["inventories"], next(iter(run.items))
    fillers = [{"orderId": str(ObjectId()), "holdId": "filler", "quantity": 0} for _ in range(5000)]
    inventories.update_one({"productId": first}, {"$set": {"holds": fillers}})
    key = uuid4().hex
    with_dead(run, run.crashing_api(crash_at), lambda a: run.shopper.try_to_buy(a.base, run.items, key))
    inventories.update_one({"productId": first}, {"$pull": {"holds": {"holdId": "filler"}}})
    pass_time(run.field.database, run.users)
    run.lane.resume_worker()
    run.shopper.buy(run.items, key)


def cancelling(run: Run, crash_at: str) -> None:
    """An accepted order is cancelled; the client asks again, and is told either that it is or that it was."""
    order_id = run.order()
    with_dead(run, run.crashing_api(crash_at), lambda a: run.shopper.cancel(order_id, a.base))
    run.shopper.cancel(order_id)


def reading(run: Run, crash_at: str) -> None:
    """An order is read, which puts it into the cache."""
    order_id = run.order()
    with_dead(run, run.crashing_api(crash_at), lambda a: run.shopper.read(order_id, a.base))
    assert run.shopper.read(order_id)["status"] == 200


def setting_stock(run: Run, crash_at: str) -> None:
    """An admin sets the stock while an order holds some, and again what he last sent."""
    _change_stock(run, crash_at, "PUT", {"stock": 7}, {})


def setting_stock_as_seen(run: Run, crash_at: str) -> None:
    _change_stock(run, crash_at, "PUT", {"stock": 7}, {"If-Match": "*"})


def adjusting_stock(run: Run, crash_at: str) -> None:
    _change_stock(run, crash_at, "PATCH", {"adjust": 2}, {})


def adding_a_product(run: Run, crash_at: str) -> None:
    _change_stock(run, crash_at, "PUT", {"stock": 7}, {"If-None-Match": "*"}, product_id=uuid4().hex)


def _change_stock(
    run: Run, crash_at: str, method: str, body: dict[str, int], headers: dict[str, str], product_id: str = ""
) -> None:
    """An admin changes the stock of a product, and then sets that of all."""
    run.order()
    run.field.database["users"].update_one({"_id": run.users[0]}, {"$set": {"role": "admin"}})
    paths = [f"/api/inventory/{product_id}" for product_id in run.items]
    changed = f"/api/inventory/{product_id}" if product_id else paths[0]
    api = run.crashing_api(crash_at)
    with_dead(run, api, lambda a: run.shopper.send(method, a.base, changed, body, headers))
    for ordered, path in zip(run.items, paths, strict=True):
        answer = run.shopper.send("PUT", run.lane.api.base, path, {"stock": 7})
        assert answer is not None and answer.status_code == 200
        _delivered(run, ordered, 7 + run.items[ordered])


def _delivered(run: Run, product_id: str, received: int) -> None:
    run.log.entries[:] = [entry for entry in run.log.entries if entry.get("productId") != product_id]
    run.log.add("stock", productId=product_id, stock=received, price=PRICE)


def _crash_and_retry(run: Run, crash_at: str, key: str) -> None:
    with_dead(run, run.crashing_api(crash_at), lambda a: run.shopper.try_to_buy(a.base, run.items, key))
    pass_time(run.field.database, run.users)
    run.lane.resume_worker()
    run.shopper.buy(run.items, key)


def with_dead(run: Run, api: Api, request: Callable[[Api], object]) -> None:
    """Send a request to an API that dies of it."""
    try:
        request(api)
        run.await_death(api.child)
    finally:
        end(api.child)


DRIVES: dict[str, Drive] = {
    "insert_intent": ordering,
    "reserve": ordering,
    "accept": ordering,
    "send_messages": ordering,
    "reject": short_of_stock,
    "claim": take_over,
    "expire": crowded,
    "cancel": cancelling,
    "settle_returned": cancelling,
    "mark_settled": cancelling,
    "put_order": cancelling,
    "add_order": reading,
    "set_stock": setting_stock,
    "replace_stock": setting_stock_as_seen,
    "adjust_stock": adjusting_stock,
    "add_product": adding_a_product,
}

_WORKER = "only a worker does it"
UNREACHABLE = {
    **dict.fromkeys(("process", "fail", "settle_sold", "finish", "free_hold"), _WORKER),
    **dict.fromkeys(("claim_step", "call_step", "renew_step", "record_attempt", "step_postponed"), _WORKER),
    **dict.fromkeys(("claim_undo", "call_undo", "undo_done", "undo_failed", "drop_undo"), _WORKER),
    **dict.fromkeys(("claim_mail", "send_mail", "mail_sent", "mail_refused", "mail_not_sent"), _WORKER),
    **dict.fromkeys(("mail_unknown", "mail_postponed", "receive", "delete", "give_back"), _WORKER),
    **dict.fromkeys(("receive_events", "delete_event", "record_delivery"), _WORKER),
    **dict.fromkeys(("record_fault", "put_aside", "adopt_order"), _WORKER),
    "request_mail": "a command does it: flask orders resend-email",
    "recount": "a command does it: flask inventory recount",
    "take_back": "a command does it: flask orders retry",
}
