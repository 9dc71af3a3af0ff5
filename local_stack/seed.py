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
            indexes.create_all()
            if "--demo" in sys.argv:
                seed()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except PyMongoError as error:
        reason = str(error).partition(" (configured timeouts")[0]
        print(f"The database at MONGO_URI cannot be used: {reason}. Does it run?", file=sys.stderr)
        return 1
    return 0


def seed() -> None:
    """Put the demo products in, unless there are products already."""
    if inventory.find_page(None, 1):
        return
    for product_id, (stock, price) in DEMO_PRODUCTS.items():
        inventory.set_stock(product_id, stock, {"price": price})


if __name__ == "__main__":
    sys.exit(main())
