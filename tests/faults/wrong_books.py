"""Books in which all is right, and ways to make them wrong: for the tests of the checker.

The log's entries are 10 s apart; the mails go out when all is over.
"""

from typing import Any

from bson import ObjectId

USER, EMAIL = "6b03f4716fb3fd0904899b84", "someone@example.com"
OTHER = "6b03f4716fb3fd0904899b85"
Books = dict[str, Any]


class Rows(list[dict[str, Any]]):
    """A collection whose every find finds all."""

    def find(self, _: Any) -> list[dict[str, Any]]:
        return self


def sound() -> Books:
    """Five units came in; an order for two was sold, one for three was cancelled, one was refused."""
    asked = {"op": "order", "userId": USER, "code": None, "replayed": False, "shown": None}
    log: list[dict[str, Any]] = [
        {"op": "stock", "productId": "p", "stock": 5, "price": 10.5},
        {"op": "user", "userId": USER, "email": EMAIL},
        {"op": "user", "userId": OTHER, "email": "other@example.com"},
        {**asked, "key": "a", "items": {"p": 2}, "status": None, "orderId": None},
        {**asked, "key": "a", "items": {"p": 2}, "status": 201, "orderId": "A", "shown": shown("A", 21)},
        {**asked, "key": "b", "items": {"p": 3}, "status": 201, "orderId": "B", "shown": shown("B", 31.5)},
        look("read", "B", shown("B", 31.5)),
        look("cancel", "B", shown("B", 31.5, "Failed")),
        look("read", "B", shown("B", 31.5, "Failed")),
        {**asked, "key": "c", "items": {"p": 9}, "status": 409, "orderId": None, "code": "out_of_stock"},
        look("read", "A", shown("A", 21, "Processed")),
        {**look("read", "A", None), "userId": OTHER, "status": 404},
    ]
    timed = [{**entry, "sent": 10.0 * n, "at": 10.0 * n + 1} for n, entry in enumerate(log)]
    orders = [order("A", "Processed", 2, 21), order("B", "Failed", 3, 31.5, failureReason="cancelled")]
    orders.append(order("C", "Failed", 9, 94.5, accepted=False, failureReason="out_of_stock"))
    products = [{"productId": "p", "stock": 3, "sold": 2, "holds": []}]
    record = [
        sent("A", ["Status: Processed", "2 x p at 10.50 = 21.00", "Total: 21.00"]),
        sent("B", ["Status: Cancelled", "3 x p at 10.50 = 31.50", "Total: 31.50"]),
    ]
    return {"log": timed, "orders": orders, "products": products, "record": record}


def shown(order_id: str, total: float, status: str = "Pending") -> dict[str, Any]:
    return {"orderId": order_id, "userId": USER, "status": status, "totalAmount": total}


def look(op: str, order_id: str, shown: dict[str, Any] | None) -> dict[str, Any]:
    return {"op": op, "userId": USER, "orderId": order_id, "status": 200, "shown": shown}


def order(order_id: str, status: str, quantity: int, total: float, **fields: Any) -> dict[str, Any]:
    return {
        "orderId": order_id,
        "userId": ObjectId(USER),
        "items": [{"productId": "p", "quantity": quantity}],
        "totalAmount": total,
        "status": status,
        "accepted": True,
        "settled": True,
        "idempotency": {"id": f"{USER}:{order_id.lower()}"},
        "history": [],
        **fields,
    }


def sent(order_id: str, lines: list[str]) -> dict[str, Any]:
    return {
        "at": 200.0,
        "to": [EMAIL],
        "subject": f"Order {order_id} Status Update",
        "text": "\n".join(["Hello.", f"Order: {order_id}", *lines]),
        "taken": True,
        "answer": "accepted",
    }


def mailed_again(books: Books, **changes: Any) -> Books:
    """The mail about order A goes out a second time, and SES takes it."""
    taken = {**books["record"][0], "taken": True, "answer": "accepted", "at": 300.0}
    books["record"].append({**taken, **changes})
    return books


def noted(books: Books) -> Books:
    """The application says that nobody knew what became of a mail about order A."""
    books["orders"][0]["history"].append({"event": "mail_unknown"})
    return books


def ses_answered(books: Books, answer: str, taken: bool) -> Books:
    """What SES made of the mail about order A."""
    books["record"][0].update(answer=answer, taken=taken)
    return books


def logged(books: Books, n: int, **changes: Any) -> Books:
    """One more entry of the log: the nth once more, and later, with changes."""
    sent = 10.0 * len(books["log"])
    books["log"].append({**books["log"][n], "sent": sent, "at": sent + 1, **changes})
    return books


def broken(books: Books, name: str, at: float, seconds: float = 0.0) -> Books:
    """Something was broken for so long."""
    books["log"].append({"op": "fault", "fault": name, "at": at, "until": at + seconds})
    return books
