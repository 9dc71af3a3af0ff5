"""Takes up the Node app's Pending orders of the last day, for which no message was sent."""

import structlog

from config.resources import resources
from models import node_orders

log = structlog.get_logger(__name__)


def take_up_recent() -> int:
    """Make them due, so that the next sweep finds them. Returns how many.

    As old as an intent may be at least, so that nothing races with a Node API that still works on it.
    """
    found = node_orders.find_recent(resources().settings.intent_seconds)
    taken = sum(node_orders.adopt_order(order) for order in found)
    if taken:
        log.info("node_orders_taken_up", orders=taken)
    return taken
