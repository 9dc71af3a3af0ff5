"""The checker's part about what clients were shown: totals, reads, and whether a 409 was true."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Entry = Mapping[str, Any]
Document = dict[str, Any]

_OLD_SECONDS = 2.0
# A request that a fault holds up may put into the cache what it had read before: so long it may take, and be
# answered, and what it put there live.
_HELD_UP_SECONDS = 12.0


def totals(log: Sequence[Entry], orders: Mapping[str, Document]) -> Iterator[str]:
    """What an order costs is what its items cost: in the answer, wherever it is read, and in the books."""
    prices = {entry["productId"]: entry["price"] for entry in log if entry["op"] == "stock"}

    def cost(items: Mapping[str, int]) -> float:
        return float(round(sum(prices[product_id] * quantity for product_id, quantity in items.items()), 2))

    for order_id, order in orders.items():
        wanted = cost({item["productId"]: item["quantity"] for item in order["items"]})
        if order["totalAmount"] != wanted:
            yield f"wrong total: order {order_id} has {order['totalAmount']}, its items cost {wanted}"
    asked = {e["orderId"]: cost(e["items"]) for e in log if e["op"] == "order" and e["status"] == 201}
    for entry in log:
        shown = entry.get("shown")
        if shown and shown["totalAmount"] != asked.get(entry["orderId"], shown["totalAmount"]):
            yield f"wrong total: order {entry['orderId']} was shown with {shown['totalAmount']}"


def reads(log: Sequence[Entry], orders: Mapping[str, Document]) -> Iterator[str]:
    """Nobody is shown another's order, or one as it was more than 2 s ago."""
    old_at = _when_pending_is_old(log)
    at_rest = _OLD_SECONDS + min((e["at"] for e in log if e["op"] == "rest"), default=float("inf"))
    for entry in log:
        shown, order = entry.get("shown"), orders.get(entry.get("orderId", ""))
        if not shown or not order:
            continue
        order_id, user_id = entry["orderId"], entry["userId"]
        if shown["orderId"] != order_id or not shown["userId"] == user_id == str(order["userId"]):
            yield f"another's: user {user_id} asked for {order_id} and was shown {shown}"
        elif entry["op"] == "order":  # a replay tells what was answered at first
            continue
        elif shown["status"] not in ("Pending", order["status"]):
            yield f"shown wrongly: order {order_id} as {shown['status']}, it is {order['status']}"
        elif shown["status"] == "Pending" and entry["sent"] > min(old_at.get(order_id, at_rest), at_rest):
            yield f"old: order {order_id} was shown as Pending at {entry['sent']}, long after its end"


def _when_pending_is_old(log: Sequence[Entry]) -> dict[str, float]:
    """For each order of which a client knows that it has ended, from when on nobody may be told otherwise."""
    old_after = _OLD_SECONDS + (_HELD_UP_SECONDS if any(entry["op"] == "fault" for entry in log) else 0)
    known: dict[str, float] = {}
    for entry in log:
        shown = entry.get("shown")
        if shown and entry["op"] in ("read", "cancel") and shown["status"] != "Pending":
            known[entry["orderId"]] = min(known.get(entry["orderId"], entry["at"]), entry["at"])
    return {order_id: at + old_after for order_id, at in known.items()}


def conflicts(log: Sequence[Entry], orders: Mapping[str, Document]) -> Iterator[str]:
    """A 409 says what was so."""
    received = {entry["productId"]: entry["stock"] for entry in log if entry["op"] == "stock"}
    tries = [entry for entry in log if entry["op"] == "order"]
    for entry in tries:
        if entry["code"] not in ("out_of_stock", "request_in_progress"):
            continue
        others = [e for e in tries if e is not entry and e["sent"] <= entry["at"]]
        if entry["code"] == "request_in_progress" and not any(_same_key(e, entry) for e in others):
            yield f"false 409: nothing else was in progress for key {entry['key']}"
        if entry["code"] == "out_of_stock" and _there_was_enough(entry, others, received):
            yield f"false 409: of {entry['items']} there was enough, however others were answered"
    cancels = [entry for entry in log if entry["op"] == "cancel" and entry["orderId"] in orders]
    for entry in cancels:
        cancelled = orders[entry["orderId"]].get("failureReason") == "cancelled"
        if entry["status"] == 409 and cancelled and not _cancelled_afterwards(entry, cancels):
            yield f"false 409: order {entry['orderId']} was cancelled, and a cancel of it refused"


def _there_was_enough(entry: Entry, others: Sequence[Entry], received: Mapping[str, int]) -> bool:
    """Even if every other try so far, whatever it was answered, had got all that it asked for."""
    gone: Counter[str] = Counter()
    for other in others:
        gone.update(other["items"])
    return all(received[p] - gone[p] >= quantity for p, quantity in entry["items"].items())


def _cancelled_afterwards(refused: Entry, cancels: Sequence[Entry]) -> bool:
    """Refused while its business step ran, say, and done when that had failed."""
    done = [e for e in cancels if e["orderId"] == refused["orderId"] and e["status"] == 200]
    return any(e["at"] > refused["sent"] for e in done) and not any(e["at"] <= refused["sent"] for e in done)


def _same_key(one: Entry, other: Entry) -> bool:
    return (one["userId"], one["key"]) == (other["userId"], other["key"])
