"""The history of an order, bounded: a week without SES must not grow documents.

What decides an order comes early, within the first entries, and so does what code reads of a history: the
request that placed it, `accepted`, the decision. What repeats comes after it, and is found in the latest
entries and by `mail.attempts`. So both ends are kept, and between them entries may be missing.
"""

from collections.abc import Mapping
from typing import Any

from models.documents import HistoryEntry

# Five attempts of the business step and a mail take fewer than the first of these.
KEPT_FIRST, KEPT_LATEST = 20, 30


def with_entry(history: list[HistoryEntry], entry: HistoryEntry) -> list[HistoryEntry]:
    """The history with one more entry, and with its two ends alone once there are too many."""
    whole = [*history, entry]
    return whole if len(whole) <= KEPT_FIRST + KEPT_LATEST else whole[:KEPT_FIRST] + whole[-KEPT_LATEST:]


def is_full(order: Mapping[str, Any]) -> bool:
    """Whether one more entry costs another. Then the history is written as a whole, from what was read.

    That loses no entry: only the mail is still to be sent then, and the worker that does so has claimed it.
    """
    history = order.get("history")
    return isinstance(history, list) and len(history) >= KEPT_FIRST + KEPT_LATEST
