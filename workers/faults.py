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
from models.documents import Order
from models.order_faults import MAX_FAULTS, CannotWork
from workers.retry import retry_seconds

log = structlog.get_logger(__name__)

# What MongoDB answers when a document does not take a write: a value of another kind, a path that leads
# nowhere, a document that would be too large, a rule or unique index that forbids it. All other codes may be
# an outage of some part of a cluster.
_OF_DOCUMENTS = {2, 14, 28, 40, 121, 10334, 11000, 17419}


def is_outage(error: Exception) -> bool:
    """Whether MongoDB failed, and not an order: then it is tried again as often as it takes."""
    if isinstance(error, BulkWriteError):
        codes = {write["code"] for write in error.details["writeErrors"]}
        return not codes or not codes <= _OF_DOCUMENTS
    if isinstance(error, WriteError):
        return error.code not in _OF_DOCUMENTS
    return isinstance(error, PyMongoError)


def note_fault(order: Order, error: Exception) -> None:
    """Write down that working on an order, as it was last read or written, came to this error."""
    faults, reason, order_id = order_faults.faults_of(order) + 1, reason_of(error), str(order["_id"])
    if isinstance(error, CannotWork) or faults >= MAX_FAULTS:
        if order_faults.put_aside(order, reason):
            log.error("order_put_aside", order_id=order_id, reason=reason)
    elif order_faults.record_fault(order, retry_seconds(faults)):
        log.warning("order_fault", order_id=order_id, fault=faults, reason=reason)


def reason_of(error: Exception) -> str:
    """The error in a few words: its own text may hold values of the document, so its place is named."""
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
