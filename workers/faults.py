"""What becomes of an order on which working fails, though nothing is down: no worker may stop, leak or spin.

Its document is not as it should be, or our code is wrong. It is tried again by back-off, and put aside after
5 tries; at once if it is known what is wrong with it. `flask audit` names it, `flask orders retry` takes it
back.
"""

import traceback
from pathlib import Path

import structlog
from pymongo.errors import BulkWriteError, PyMongoError, WriteError

from config.settings import ROOT
from models import order_faults
from models.order import Document
from models.order_faults import MAX_FAULTS, CannotWork
from workers.retry import retry_seconds

log = structlog.get_logger(__name__)


def is_outage(error: Exception) -> bool:
    """Whether MongoDB failed, and not an order: then it is tried again as often as it takes."""
    if isinstance(error, BulkWriteError):
        return not error.details["writeErrors"]
    return isinstance(error, PyMongoError) and not isinstance(error, WriteError)


def note_fault(order: Document, error: Exception) -> None:
    """Write down that working on an order, as it was last read or written, came to this error."""
    faults, reason, order_id = order_faults.faults_of(order) + 1, reason_of(error), str(order["_id"])
    if isinstance(error, CannotWork) or faults >= MAX_FAULTS:
        if order_faults.put_aside(order, reason):
            log.error("order_put_aside", order_id=order_id, reason=reason)
    elif order_faults.record_fault(order, retry_seconds(faults)):
        log.warning("order_fault", order_id=order_id, fault=faults, reason=reason)


def reason_of(error: Exception) -> str:
    """The error in a few words: its own text may hold values of the document, so its place is told."""
    if isinstance(error, CannotWork):
        return str(error)
    code = f" {error.details['writeErrors'][0]['code']}" if isinstance(error, BulkWriteError) else ""
    return f"{type(error).__name__}{code} in {_place_of(error)}"


def _place_of(error: Exception) -> str:
    """The innermost file of the project that the error went through, and the function."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if Path(f.filename).is_relative_to(ROOT) and "site-packages" not in f.filename]
    if not ours:
        return "code of others"
    return f"{Path(ours[-1].filename).relative_to(ROOT)}, {ours[-1].name}"
