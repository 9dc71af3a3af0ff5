"""The books of a product: `received` is all that ever came in, and must be stock + sold + held.

The Node app wrote `stock` alone. Its products are counted when they are first met; those that it makes or
changes afterwards are found by the audit, and counted anew when an operator says so.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from models.documents import Query
from models.inventory import inventories
from models.product_shape import as_integer, how_to_mend, name_of, oddities, sound_holds
from models.stock_expressions import is_integer, received
from utils.crash_points import crash_point

_COUNT = [{"$set": {"received": received("$stock")}}]
_CAN_BE_COUNTED = {"$expr": is_integer("$stock")}


class Books(NamedTuple):
    """Units of one product. `received` is None where it was never counted. `odd` says what is odd about the
    product, and what to do; then it has no books."""

    name: str
    stock: int = 0
    sold: int = 0
    held: int = 0
    received: int | None = None
    odd: str = ""

    @property
    def counted(self) -> int:
        return self.stock + self.sold + self.held

    @property
    def add_up(self) -> bool:
        return not self.odd and self.received == self.counted


def books_of(product: Mapping[str, Any]) -> Books:
    """The books as a product document has them."""
    odd = oddities(product)
    if odd:
        return Books(name_of(product), odd=f"{', '.join(odd)}; {how_to_mend(product)}")
    held = sum(hold["quantity"] for hold in sound_holds(product))
    stock, sold = as_integer(product["stock"]) or 0, as_integer(product.get("sold")) or 0
    return Books(name_of(product), stock, sold, held, as_integer(product.get("received")))


def wrong_books(product_id: str | None = None) -> Iterator[Books]:
    """The books that do not add up, or were never counted, of one product or of all; odd ones too."""
    wanted = {} if product_id is None else {"productId": product_id}
    return (books for books in map(books_of, inventories().find(wanted)) if not books.add_up)


def is_there(product_id: str) -> bool:
    """Whether there is such a product, odd or not."""
    return inventories().find_one({"productId": product_id}, {"_id": 1}) is not None


@crash_point
def recount(product_id: str) -> bool:
    """Set `received` to what is there. False when that is so already, or there is no such product.

    One update: a hold of the same moment comes before it or after it, and is counted once.
    """
    wanted: Query = {"productId": product_id, **_CAN_BE_COUNTED}
    return inventories().update_one(wanted, _COUNT).modified_count == 1


def adopt() -> int:
    """Count the books of products that never were, such as the Node app's. Returns how many there were."""
    return inventories().update_many({"received": None, **_CAN_BE_COUNTED}, _COUNT).modified_count
