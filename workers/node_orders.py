"""Takes up the Node app's Pending orders of the last day, for which nobody rang."""

import structlog

from config.settings import current_settings
from models import node_orders

log = structlog.get_logger(__name__)


def take_up_recent() -> int:
    """Make them due, so that the next sweep finds them. Returns how many.

    As old as an intent may be at least, so that nothing races with a Node API that is about to ring.
    """
    found = node_orders.find_recent(current_settings().intent_seconds)
    taken = sum(node_orders.adopt_order(order) for order in found)
    if taken:
        log.info("node_orders_taken_up", orders=taken)
    return taken
