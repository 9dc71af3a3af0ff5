"""What the board at /dev shows: orders, stock, queue, mails and workers as they are, and one order's life.

It asks for bounded windows along indexes; documents of other programs may be odd.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final, NamedTuple, get_args

from config.resources import resources
from models import audit as audit_model
from models import inventory, order_lists, user
from models.documents import Order, Status
from models.inventory import to_json as product_json
from models.order import find
from models.order_shape import events_of, printable_id, request_id_of
from services import dead_letter_service, log_lines, mailbox_service, redis_service
from services.aws_queue_service import QueueError
from services.probes import Probes
from utils import clock, errors

_ORDERS, _PRODUCTS, _FINDINGS = 40, 12, 20  # at most
_MINUTES: Final = 10
_BAR_SECONDS: Final = 10
_MOST_IN_CHART: Final = 5_000
_STATUSES: Final[tuple[Status, ...]] = get_args(Status)


class Timeline(NamedTuple):
    """One order: facts by their names, and steps as `{at, text, kind}`, the first first. `kind` is "event" of
    its history, "mail" in the mailbox, or "log" for a line of the log."""

    order_id: str
    facts: dict[str, str]
    steps: list[dict[str, Any]]


def board() -> dict[str, Any]:
    """All that the page needs for one look."""
    orders = order_lists.find_latest(_ORDERS)
    customers = user.emails_of({order.get("userId") for order in orders})
    return {
        "orders": [_row(order, customers) for order in orders],
        "products": [_stock(product) for product in inventory.find_page(None, _PRODUCTS)],
        "queue": _queue(),
        "dependencies": _dependencies(resources().probes),
        "mailsHeld": redis_service.mails_held(),
        "workers": redis_service.live_workers(),
        "chart": _chart(),
    }


def audit() -> tuple[list[str], bool]:
    """The first findings of an audit, and whether there are more."""
    found = list(islice(audit_model.findings(), _FINDINGS + 1))
    return found[:_FINDINGS], len(found) > _FINDINGS


def timeline(sought: str) -> Timeline:
    """An order by its id, by the id of the request that placed it, or the latest of a mail address.

    Raises OrderNotFound.
    """
    order = find(sought) or order_lists.find_by_request(sought) or _latest_of(sought)
    if order is None:
        raise errors.OrderNotFound
    row = _row(order, user.emails_of([order.get("userId")]))
    named = {
        "Status": row["status"],
        "Reason": row["reason"],
        "Items": row["items"],
        "Total": str(order.get("totalAmount", "")),
        "Customer": row["customer"],
        "Request": request_id_of(order),
    }
    steps = [*_events(order), *_mails(row), *_log_lines(row["orderId"], request_id_of(order))]
    dated = sorted(steps, key=lambda step: _sortable(step["at"]))
    return Timeline(row["orderId"], {name: str(value) for name, value in named.items() if value}, dated)


def _events(order: Order) -> list[dict[str, Any]]:
    return [{"at": entry.get("at"), "text": _told(entry), "kind": "event"} for entry in events_of(order)]


def _mails(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those in the local stack's mailbox; what real SES took stands in the history."""
    if resources().settings.mailbox_url is None:
        return []
    return [
        {"at": mail["sentAt"], "text": f"Mail in the mailbox: {mail['subject']}", "kind": "mail"}
        for mail in mailbox_service.list_mails(row["customer"] or None)
        if row["orderId"] in mail["subject"]
    ]


def _log_lines(order_id: str, request_id: str | None) -> list[dict[str, Any]]:
    return [{**line, "kind": "log"} for line in log_lines.lines_of(order_id, request_id)]


def _latest_of(email: str) -> Order | None:
    customer = user.find_by_email(email) if "@" in email else None
    orders = order_lists.find_latest(1, user_id=customer["_id"]) if customer else []
    return orders[0] if orders else None


def _row(order: Order, customers: Mapping[Any, str]) -> dict[str, Any]:
    document: Mapping[str, Any] = order
    mail = document.get("mail")
    mail = mail if isinstance(mail, dict) else {}
    return {
        "orderId": printable_id(order),
        "status": str(document.get("status")),
        "reason": document.get("failureReason"),
        "items": _items(document.get("items")),
        "customer": customers.get(document.get("userId")),
        "unfinished": "nextActionAt" in document,
        "mail": mail.get("state"),
        "delivery": mail.get("delivery"),
        "createdAt": document.get("createdAt"),
    }


def _items(items: Any) -> str:
    lines = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return ", ".join(f"{line.get('quantity')} x {line.get('productId')}" for line in lines)


def _stock(product: Mapping[str, Any]) -> dict[str, Any]:
    holds = product.get("holds")
    of_orders = [hold for hold in holds if isinstance(hold, dict)] if isinstance(holds, list) else []
    held = [hold["quantity"] for hold in of_orders if isinstance(hold.get("quantity"), int)]
    return {
        "productId": product["productId"],
        "stock": product_json(product)["stock"],
        "held": sum(held),
        "sold": product.get("sold", 0),
    }


def _queue() -> dict[str, int | None] | None:
    try:
        counts = dead_letter_service.status()
    except QueueError:
        return None
    return {"waiting": counts.waiting, "inFlight": counts.in_flight, "dead": counts.dead}


def _dependencies(probes: Probes) -> dict[str, str]:
    answers = {
        "MongoDB": probes.mongodb_answers(),
        "Redis": probes.redis_answers(),
        "SQS": probes.sqs_answers(),
    }
    return {name: "up" if answered else "down" for name, answered in answers.items()}


def _chart() -> list[dict[str, int]]:
    """Orders by the 10 s in which they were placed and by what they are now: `{at, Pending, ...}`."""
    now = int(clock.now().timestamp()) // _BAR_SECONDS * _BAR_SECONDS
    since = clock.now() - timedelta(minutes=_MINUTES)
    counts = Counter(
        (made // _BAR_SECONDS * _BAR_SECONDS, status)
        for made, status in order_lists.find_statuses(since, _MOST_IN_CHART)
    )
    bars = range(now - _MINUTES * 60, now + 1, _BAR_SECONDS)
    return [{"at": bar, **{status: counts[bar, status] for status in _STATUSES}} for bar in bars]


def _told(entry: Mapping[str, Any]) -> str:
    details = ", ".join(f"{name} {value}" for name, value in entry.items() if name not in ("at", "event"))
    return f"{entry.get('event')}{f' ({details})' if details else ''}"


def _sortable(at: Any) -> float:
    return at.timestamp() if isinstance(at, datetime) else 0.0
