"""One user's burst does not stand before everybody else's mails."""

from collections import Counter
from collections.abc import Iterable

from models.order import Document


def fairly(due: Iterable[Document], of_one_user: int) -> list[Document]:
    """Up to so many orders of each user: everybody's first, then everybody's second, and so on."""
    ranked = list[tuple[int, Document]]()
    so_far = Counter[str]()
    for order in due:
        whose = str(order.get("userId"))  # as text: another program may have written anything
        if so_far[whose] < of_one_user:
            ranked.append((so_far[whose], order))
            so_far[whose] += 1
    return [order for _, order in sorted(ranked, key=lambda pair: pair[0])]
