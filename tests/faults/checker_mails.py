"""The checker's part about mails: what SES itself says that it was asked, took and answered decides.

What the application has noted about a mail excuses nothing, and must be there all the same. SES' record is a
list of

    {"at", "to": [address], "subject", "text", "taken", "answer"}

with the name of its answer, which may be none at all (`reset`, `hang`, `lost`).
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Entry = Mapping[str, Any]
Document = dict[str, Any]

_SUBJECT = re.compile(r"Order (\S+) Status Update")
_REFUSED = {"refused"}
# Whoever is answered so, or not at all, cannot know whether the mail went out.
_UNKNOWN = {"500", "503", "reset", "hang", "lost"}
# A worker has noted what became of a mail by then, if it lives and MongoDB does: a call takes 10 s at most.
_NOTED_SECONDS = 15.0
_LATE_SECONDS = 2.0  # what a proxy held back arrives so long after its fault is over, at most
_AT_ONCE = 12  # two workers have four mails each on their way, and begin a few more before they slow down


def mails(log: Sequence[Entry], orders: Mapping[str, Document], record: Sequence[Entry]) -> Iterator[str]:
    """Each accepted order has one mail, to its customer, that says what became of it."""
    by_order: defaultdict[str, list[Entry]] = defaultdict(list)
    for send in record:
        about = _SUBJECT.fullmatch(send["subject"])
        if about is None:
            yield f"wrong mail: its subject is {send['subject']!r}"
        else:
            by_order[about[1]].append(send)
    doubled = _without_reason(log, orders, by_order)
    owners = {entry["userId"]: entry["email"] for entry in log if entry["op"] == "user"}
    prices = {entry["productId"]: entry["price"] for entry in log if entry["op"] == "stock"}
    for order_id, order in orders.items():
        sends = by_order[order_id]
        yield from _number_of_mails(order_id, order, sends, doubled[order_id])
        for send in sends:
            for wrong in _wrong(send, order_id, order, owners[str(order["userId"])], prices):
                yield f"wrong mail: that about order {order_id} {wrong}"


def _number_of_mails(order_id: str, order: Document, sends: Sequence[Entry], doubled: int) -> Iterator[str]:
    taken = sum(send["taken"] for send in sends)
    refused = any(send["answer"] in _REFUSED for send in sends)
    answers = [send["answer"] for send in sends]
    noted = sum(event["event"] == "mail_unknown" for event in order.get("history", ()))
    if order.get("accepted") and not taken and not refused:
        yield f"no mail: order {order_id}, SES answered {answers}"
    if not order.get("accepted") and sends:
        yield f"too many mails: order {order_id} was never accepted, SES answered {answers}"
    elif doubled:
        yield f"too many mails: order {order_id} has {taken}, {doubled} without a reason: {answers}"
    elif taken > 1 + noted:
        yield f"too many mails: order {order_id} has {taken}, its history tells of {noted} unknown outcomes"
    if order.get("mail", {}).get("state") == "refused" and not refused:
        yield f"not refused: order {order_id} says so of its mail, SES answered {answers}"


def _without_reason(
    log: Sequence[Entry], orders: Mapping[str, Document], by_order: Mapping[str, Sequence[Entry]]
) -> defaultdict[str, int]:
    """Of each order, how many of its mails went out again though SES had said that it took them, and nothing
    had happened to the worker that asked, to its way to SES, or to MongoDB, where it notes that."""
    again = [
        (send, order_id)
        for order_id in orders
        for send in sorted((s for s in by_order.get(order_id, ()) if s["taken"]), key=_at)[:-1]
        if send["answer"] not in _UNKNOWN
    ]
    faults = sorted(({**e, "left": _AT_ONCE} for e in log if e["op"] == "fault" and _hides(e)), key=_until)
    found: defaultdict[str, int] = defaultdict(int)
    for send, order_id in sorted(again, key=lambda row: _at(row[0])):
        excuse = next((fault for fault in faults if fault["left"] and _excuses(fault, send)), None)
        if excuse is None:
            found[order_id] += 1
        else:
            excuse["left"] -= 1
    return found


def _hides(fault: Entry) -> bool:
    """Whether a worker may not learn, or not note, that SES took a mail."""
    name: str = fault["fault"]
    return name.startswith("kill worker") or name.endswith((" ses", " mongo"))


def _excuses(fault: Entry, send: Entry) -> bool:
    in_time: bool = fault["at"] <= send["at"] + _NOTED_SECONDS
    return in_time and fault["until"] + _LATE_SECONDS >= send["at"]


def _wrong(
    send: Entry, order_id: str, order: Document, owner: str, prices: Mapping[str, float]
) -> Iterator[str]:
    if send["to"] != [owner]:
        yield "goes to somebody else"
    cancelled = order["status"] == "Failed" and order.get("failureReason") == "cancelled"
    total = sum(prices[item["productId"]] * item["quantity"] for item in order["items"])
    wanted = [
        f"Order: {order_id}",
        f"Status: {'Cancelled' if cancelled else order['status']}",
        f"Total: {total:,.2f}",
        *(f"{item['quantity']} x {item['productId']} at" for item in order["items"]),
    ]
    lines = send["text"].splitlines()
    for words in wanted:
        if not any(line.strip().startswith(words) for line in lines):
            yield f"does not say {words!r}"


def _at(entry: Entry) -> float:
    at: float = entry["at"]
    return at


def _until(entry: Entry) -> float:
    until: float = entry["until"]
    return until
