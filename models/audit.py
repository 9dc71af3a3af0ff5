"""What must hold between orders and stock, read off the database without changing it.

The quick audit takes time in proportion to open work and products; the full one reads every order.
It can run beside a working system: what looks wrong is read again before it is reported.
"""

from collections.abc import Iterator

from models import audit_accounts, audit_orders, audit_products, indexes


def findings(full: bool = False) -> Iterator[str]:
    """One line for everything that is wrong; nothing when all is well."""
    yield from indexes.findings()
    yield from audit_products.findings()
    yield from audit_accounts.findings()
    yield from audit_orders.findings(full)
