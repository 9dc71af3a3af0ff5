"""Prepare the database: `python -m local_stack.seed` makes indexes, `--demo` adds some products.

A process of its own, since it is a piece of the application, with the application's settings.
"""

import sys
from typing import Final

from pymongo.errors import PyMongoError

from config.settings_reader import SettingsError
from models import indexes, inventory
from server import create_app

# productId: (stock, price)
DEMO_PRODUCTS: Final = {
    "keyboard": (100, 79.9),
    "mouse": (250, 24.5),
    "monitor": (40, 349.0),
    "laptop": (15, 1299.0),
    "last-one": (1, 9.99),  # to see what "out of stock" looks like
}


def main() -> int:
    try:
        with create_app().app_context():
            usable = make_indexes()
            if usable and "--demo" in sys.argv:
                seed()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except PyMongoError as error:
        reason = str(error).partition(" (configured timeouts")[0]
        print(f"The database at MONGO_URI cannot be used: {reason}. Does it run?", file=sys.stderr)
        return 1
    return 0 if usable else 1


def make_indexes() -> bool:
    """Make what is missing, and tell what could not be made. False when the app cannot do without it."""
    failed = [outcome for outcome in indexes.create_all() if outcome.state == "failed"]
    for outcome in failed:
        print(f"The index {outcome.name} cannot be made:", *outcome.why, sep="\n    ", file=sys.stderr)
    return not any(outcome.vital for outcome in failed)


def seed() -> None:
    """Put the demo products in, unless there are products already."""
    if inventory.find_page(None, 1):
        return
    for product_id, (stock, price) in DEMO_PRODUCTS.items():
        inventory.set_stock(product_id, stock=stock, price=price)


if __name__ == "__main__":
    sys.exit(main())
