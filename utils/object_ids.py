"""ObjectIds and the time that they hold: 32 bits of seconds, from 1970 to 2106."""

from datetime import datetime
from typing import Final

from bson import ObjectId

_LAST_SECOND: Final = 2**32 - 1


def first_id_at(moment: datetime, later_seconds: int = 0) -> ObjectId:
    """The smallest ObjectId of that second, or of one so much later; of times out of range the nearest."""
    seconds = min(max(int(moment.timestamp()) + later_seconds, 0), _LAST_SECOND)
    return ObjectId(seconds.to_bytes(4) + bytes(8))
