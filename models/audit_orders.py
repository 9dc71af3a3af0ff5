"""What must hold for orders.

The plain audit reads those with open work, those that were put aside, those that are Pending, and those
Processed with a reason for failing: each through an index. The full one reads all.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from models import inventory, node_orders, order_faults, reservations
from models.books import books_of
from models.documents import Order
from models.order import PENDING, PROCESSED, is_accepted, orders, owes_mail, read_again
from models.order_shape import booked_as, obstacle, printable_id, work_flaw
from utils import clock

OVERDUE_AFTER = timedelta(minutes=5)
# SES may be slow, and an outage leaves many mails; then each waits for its turn.
MAIL_OVERDUE_AFTER = timedelta(hours=1)
_NAMED = 20  # of many orders with one fault


def findings(full: bool = False) -> Iterator[str]:
    """One line for everything that is wrong with orders."""
    yield from _check_open()
    for order in order_faults.find_put_aside():
        yield f"{_name(order)}: {_aside(order)}"
    yield from _check_pending()
    yield from _check_contradictory()
    if full:
        yield from _check_all()


def _check_open() -> Iterator[str]:
    for order in orders().find({"nextActionAt": {"$exists": True}}):
        if (reason := obstacle(order)) is not None:
            yield f"{_name(order)}: {reason}; the worker cannot work on it"
            continue
        yield from _check_overdue(order)
        if order["status"] == PENDING and order.get("accepted"):
            for product_id in _missing_holds(order):
                current = read_again(order)
                if current is not None and current["status"] == PENDING:
                    yield f"{_name(order)}: accepted, but does not hold {product_id}"


def _check_overdue(order: Order) -> Iterator[str]:
    due, overdue = clock.to_iso(order["nextActionAt"]), clock.now() - order["nextActionAt"]
    if owes_mail(order):
        if overdue > MAIL_OVERDUE_AFTER:
            yield f"{_name(order)}: its mail is due since {due}; does a worker run, and SES take mails?"
    elif overdue > OVERDUE_AFTER:
        yield f"{_name(order)}: due since {due}; is a worker running?"


def _missing_holds(order: Order) -> list[str]:
    """The products that an order should hold and does not."""
    wanted = {item["productId"]: item.get("holdId") for item in order["items"]}
    held = reservations.held_for(order["orderId"], wanted)
    return [p for p, hold_id in wanted.items() if (held[p].hold_id if p in held else None) != hold_id]


def _check_pending() -> Iterator[str]:
    """Pending orders that no worker will look at: lost ones of ours, and those of the Node app."""
    at_rest = {"nextActionAt": {"$exists": False}, "putAside": {"$exists": False}}
    older = []
    for order in orders().find({"status": PENDING, **at_rest}):
        if (reason := obstacle(order)) is not None:
            yield f"{_name(order)}: {reason}"
        elif "accepted" in order:
            yield f"{_name(order)}: Pending, and no worker will look at it"
        elif not node_orders.is_recent(order):
            older.append(printable_id(order))
        elif order["createdAt"] < clock.now() - OVERDUE_AFTER:
            since = clock.to_iso(order["createdAt"])
            yield f"{_name(order)}: Pending since {since}, made by another program; is a worker running?"
    if older:
        named = ", ".join(islice(older, _NAMED)) + (", ..." if len(older) > _NAMED else "")
        yield (
            f"{len(older)} Pending order{'' if len(older) == 1 else 's'} of another program, older than a "
            f"day, of which no worker knows: {named}; see flask orders adopt"
        )


def _check_contradictory() -> Iterator[str]:
    """By the very words of the index `contradictory`: ours that another program made Processed."""
    for order in orders().find({"status": PROCESSED, "failureReason": {"$exists": True}}):
        if "nextActionAt" not in order and "putAside" not in order:
            reason = obstacle(order)
            if reason is not None:
                yield f"{_name(order)}: {reason}"


def _check_all() -> Iterator[str]:
    sold: Counter[str] = Counter()
    for order in orders().find():
        if not _is_in_plain_audit(order):
            reason = obstacle(order)
            yield from [f"{_name(order)}: {reason}"] if reason is not None else _check_at_rest(order)
        if work_flaw(order) is None:
            sold.update(_sold(order))
    open_work = orders().find_one({"nextActionAt": {"$exists": True}}) is not None
    for product in inventory.inventories().find() if not open_work else ():
        books = books_of(product)
        if not books.odd and books.sold != sold[books.name]:
            yield f"product {books.name}: sold {books.sold}, but Processed orders have {sold[books.name]}"


def _is_in_plain_audit(order: Order) -> bool:
    """Whether the plain audit has read it."""
    if order.get("status") == PENDING or "nextActionAt" in order or "putAside" in order:
        return True
    return order.get("status") == PROCESSED and "failureReason" in order


def _check_at_rest(order: Order) -> Iterator[str]:
    """An order of ours that no worker will look at again must be finished."""
    mail = order.get("mail", {})
    if "accepted" not in order:
        return
    if not order.get("settled"):
        yield f"{_name(order)}: {order['status']}, but its holds are not settled, and no worker will do it"
    elif is_accepted(order) and (not mail or owes_mail(order)):
        yield f"{_name(order)}: its mail is {mail.get('state', 'missing')}, and no worker will send it"


def _sold(order: Order) -> dict[str, int]:
    """What the books of the products should have of an order."""
    if not order.get("settled") or booked_as(order) != PROCESSED:
        return {}
    return {item["productId"]: item["quantity"] for item in order["items"] if "holdId" in item}


def _name(order: Order) -> str:
    return f"order {printable_id(order)}"


def _aside(order: Order) -> str:
    at, reason = clock.to_iso(order["putAside"]["at"]), order["putAside"]["reason"]
    return f"put aside since {at}: {reason}. Mend it, then: flask orders retry {printable_id(order)}"
