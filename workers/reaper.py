"""The reaper: gives stray holds back to the stock, those that no order will ever settle."""

import structlog

from models import reservations
from models.audit_products import find_stray_holds

log = structlog.get_logger(__name__)


def free_stray_holds() -> int:
    """Give stray holds back to the stock, each by its exact id. Returns how many."""
    freed = 0
    for stray in find_stray_holds():
        if reservations.free_hold(*stray):
            freed += 1
            log.warning("stray_hold_freed", **stray._asdict())
    return freed
