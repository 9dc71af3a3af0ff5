"""What must hold between orders and stock, read off the database without changing it.

The quick audit takes time in proportion to open work and products; the full one reads every order.
It can run beside a working system: what looks wrong is read again before it is told.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from models import audit_products, indexes, inventory
from models.books import books_of
from models.order import PENDING, PROCESSED, Document, find, is_accepted, orders, owes_mail
from utils import clock

OVERDUE_AFTER = timedelta(minutes=5)
# SES may be slow, and an outage leaves many mails; then each waits for its turn.
MAIL_OVERDUE_AFTER = timedelta(hours=1)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


def findings(full: bool = False) -> Iterator[str]:
    """One line for everything that is wrong; nothing when all is well."""
    yield from indexes.findings()
    yield from audit_products.findings()
    yield from _check_open_orders()
    if full:
        yield from _check_all_orders()


def _check_open_orders() -> Iterator[str]:
    for order in orders().find({"nextActionAt": {"$gt": _EVER}}):
        order_id = order["orderId"]
        overdue, what = (
            (MAIL_OVERDUE_AFTER, "its mail is due") if owes_mail(order) else (OVERDUE_AFTER, "due")
        )
        if order["nextActionAt"] < clock.now() - overdue:
            since = clock.to_iso(order["nextActionAt"])
            yield f"order {order_id}: {what} since {since}; is a worker running?"
        if order["status"] == PENDING and order.get("accepted"):
            for product_id in _missing_holds(order):
                current = find(order_id)
                if current is not None and current["status"] == PENDING:
                    yield f"order {order_id}: accepted, but does not hold {product_id}"


def _missing_holds(order: Document) -> list[str]:
    """The products that an order should hold and does not."""
    wanted = {item["productId"]: item.get("holdId") for item in order["items"]}
    held = inventory.held_for(order["orderId"], wanted)
    return [p for p, hold_id in wanted.items() if held.get(p, {}).get("holdId") != hold_id]


def _check_all_orders() -> Iterator[str]:
    sold: Counter[str] = Counter()
    for order in orders().find({"accepted": {"$exists": True}}):
        yield from _check_order(order)
        if order["status"] == PROCESSED and order.get("settled"):
            for item in order["items"]:
                sold[item["productId"]] += item["quantity"] if "holdId" in item else 0
    open_work = orders().find_one({"nextActionAt": {"$gt": _EVER}}) is not None
    for product in inventory.inventories().find() if not open_work else ():
        books = books_of(product)
        if not books.odd and books.sold != sold[books.name]:
            yield f"product {books.name}: sold {books.sold}, but Processed orders have {sold[books.name]}"


def _check_order(order: Document) -> Iterator[str]:
    """An order that nobody will look at again must be finished."""
    if "nextActionAt" in order:
        return
    name, mail = order["orderId"], order.get("mail", {})
    if order["status"] == PENDING:
        yield f"order {name}: Pending, and nobody will look at it"
    elif not order.get("settled"):
        yield f"order {name}: {order['status']}, but its stock is not booked, and nobody will do it"
    elif is_accepted(order) and (not mail or owes_mail(order)):
        yield f"order {name}: its mail is {mail.get('state', 'missing')}, and nobody will send it"
