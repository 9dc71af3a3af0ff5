"""The independent checker: what clients were told, against the database and SES' own account of its mails.

It shares no code with the application, and believes nothing that the application says of itself: it knows
HTTP answers, documents, mails and what was broken on purpose. Each finding is a line of text; no findings is
the proof. checker_answers.py and checker_mails.py are parts of it. A log is a list of

    {"op": "stock", "productId", "stock", "price"}       what was delivered to the shop before the run
    {"op": "user", "userId", "email"}                    whose orders to look at
    {"op": "order", "userId", "key", "items", "status", "orderId", "code", "replayed"}    one try of a request
    {"op": "cancel" | "read", "userId", "orderId", "status"}
    {"op": "fails", "orderId"}                           the business step was made to fail for this order
    {"op": "fault", "fault", "at", "until"}              something was broken meanwhile, or a process killed
    {"op": "rest"}                                       nothing was left to do for anybody

where `status` is None when no answer came. What clients did has `sent` and `at`, the times of the request and
of its answer, and `shown`: of an order that was shown its orderId, userId, status and totalAmount.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bson import ObjectId

from tests.faults.checker_answers import conflicts, reads, totals
from tests.faults.checker_mails import mails

Entry = Mapping[str, Any]
Document = dict[str, Any]

# What a client may be told: done, wrong by his own doing, or "try again".
_EXPECTED = {None, 200, 201, 404, 409, 429, 503}


def check(log: Sequence[Entry], database: Any, record: Sequence[Entry]) -> list[str]:
    """Everything that is wrong, a line each, with the users and products that the log names.

    `record` is what SES was asked, took and answered, as checker_mails.py has it.
    """
    users = [ObjectId(entry["userId"]) for entry in log if entry["op"] == "user"]
    orders = {o["orderId"]: o for o in database["orders"].find({"userId": {"$in": users}})}
    received = {entry["productId"]: entry["stock"] for entry in log if entry["op"] == "stock"}
    products = list(database["inventories"].find({"productId": {"$in": list(received)}}))
    found = [
        *_answers(log),
        *_acknowledged(log, orders),
        *_cancelled(log, orders),
        *_keys(log, orders),
        *_at_rest(orders),
        *_books(products, received, orders),
        *totals(log, orders),
        *reads(log, orders),
        *conflicts(log, orders),
        *mails(log, orders, record),
    ]
    return sorted(found)


def _answers(log: Sequence[Entry]) -> Iterator[str]:
    """No client sees an error that is not his, other than "try again"."""
    for entry in log:
        if "status" in entry and entry["status"] not in _EXPECTED:
            yield f"answered {entry['status']}: {dict(entry)}"


def _acknowledged(log: Sequence[Entry], orders: Mapping[str, Document]) -> Iterator[str]:
    """What was answered with 201 is there, as it was asked for, and stays readable."""
    for entry in _with(log, "order", 201):
        order = orders.get(entry["orderId"])
        if order is None:
            yield f"lost: order {entry['orderId']} was acknowledged and is not there"
        elif order.get("accepted") is not True:
            yield f"lost: order {entry['orderId']} was acknowledged and is {_state(order)}"
        elif {item["productId"]: item["quantity"] for item in order["items"]} != entry["items"]:
            yield f"changed: order {entry['orderId']} has other items than were acknowledged"
    acknowledged = {(entry["userId"], entry["orderId"]) for entry in _with(log, "order", 201)}
    for entry in (*_with(log, "read", 404), *_with(log, "cancel", 404)):
        if (entry["userId"], entry["orderId"]) in acknowledged:
            yield f"lost: order {entry['orderId']} was acknowledged and could not be found"


def _cancelled(log: Sequence[Entry], orders: Mapping[str, Document]) -> Iterator[str]:
    """An accepted order fails only when its customer said so, and then for good."""
    asked = {entry["orderId"] for entry in log if entry["op"] in ("cancel", "fails")}
    for entry in _with(log, "cancel", 200):
        order = orders.get(entry["orderId"])
        if order is None or order.get("failureReason") != "cancelled":
            yield f"cancel lost: order {entry['orderId']} is {_state(order)}"
    for order_id, order in orders.items():
        if order.get("accepted") and order["status"] == "Failed" and order_id not in asked:
            yield f"failed: order {order_id} was accepted and is {_state(order)}"


def _keys(log: Sequence[Entry], orders: Mapping[str, Document]) -> Iterator[str]:
    """One key, one order, one answer."""
    answers: defaultdict[str, set[str]] = defaultdict(set)
    for entry in log:
        if entry["op"] == "order" and (entry["status"] == 201 or entry["code"] == "out_of_stock"):
            answers[f"{entry['userId']}:{entry['key']}"].add(entry["orderId"] or entry["code"])
    for key, given in answers.items():
        if len(given) > 1:
            yield f"answers differ: key {key} was answered {sorted(given)}"
    sent = {f"{e['userId']}:{e['key']}" for e in log if e["op"] == "order"}
    accepted = [o.get("idempotency", {}).get("id") for o in orders.values() if o.get("accepted")]
    for key, count in Counter(accepted).items():
        if count > 1:
            yield f"ordered twice: key {key} has {count} orders"
        if key not in sent:
            yield f"never ordered: key {key}"


def _at_rest(orders: Mapping[str, Document]) -> Iterator[str]:
    """Nothing is undecided, unbooked or waiting."""
    for order_id, order in orders.items():
        if order["status"] == "Pending":
            yield f"not ended: order {order_id} is {_state(order)}"
        elif not order.get("settled"):
            yield f"not settled: order {order_id} is {_state(order)}"
        elif "nextActionAt" in order:
            yield f"not at rest: order {order_id}, mail {order.get('mail')}"


def _books(
    products: Sequence[Document], received: Mapping[str, int], orders: Mapping[str, Document]
) -> Iterator[str]:
    """Nothing is sold twice, nothing held for ever, nothing vanishes."""
    sold: Counter[str] = Counter()
    for order in orders.values():
        if order["status"] == "Processed":
            sold.update({item["productId"]: item["quantity"] for item in order["items"]})
    for product_id in received.keys() - {product["productId"] for product in products}:
        yield f"gone: product {product_id}"
    for product in products:
        product_id, stock = product["productId"], product["stock"]
        held = sum(hold["quantity"] for hold in product.get("holds", ()))
        booked = product.get("sold", 0)
        if stock < 0:
            yield f"sold twice: {product_id} has stock {stock}"
        if product.get("holds"):
            yield f"held for ever: {product_id} has {product['holds']}"
        if booked != sold[product_id]:
            yield f"sold: {product_id} says {booked}, its processed orders say {sold[product_id]}"
        if stock + booked + held != received[product_id]:
            yield f"vanished: {product_id} {stock} + {booked} + {held} != {received[product_id]}"


def _with(log: Sequence[Entry], op: str, status: int) -> Iterator[Entry]:
    return (entry for entry in log if entry["op"] == op and entry["status"] == status)


def _state(order: Document | None) -> str:
    if order is None:
        return "not there"
    return f"{order['status']} {order.get('failureReason', '')} accepted={order.get('accepted')}"
