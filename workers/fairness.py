"""One user's burst does not stand before everybody else's mails."""

from collections import Counter
from collections.abc import Iterable

from models.documents import Order


def fairly(due: Iterable[Order], of_one_user: int) -> list[Order]:
    """Up to so many orders of each user: everybody's first, then everybody's second, and so on."""
    ranked = list[tuple[int, Order]]()
    so_far = Counter[str]()
    for order in due:
        whose = str(order.get("userId"))  # as text: another program may have written anything
        if so_far[whose] < of_one_user:
            ranked.append((so_far[whose], order))
            so_far[whose] += 1
    return [order for _, order in sorted(ranked, key=lambda pair: pair[0])]
