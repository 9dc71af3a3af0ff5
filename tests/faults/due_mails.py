"""Many mails that are due, as an outage of SES leaves them."""

import json
from collections import Counter
from datetime import UTC, datetime

from bson import ObjectId

from tests.faults.field import Field
from tests.support.system import Child


def plant_due_mails(field: Field, count: int) -> list[str]:
    """Processed orders whose mails are due, as an outage of SES leaves them. Returns their ids."""
    now = datetime.now(UTC)
    user = field.database["users"].insert_one({"email": "someone@example.com", "password": ""})
    ended = {
        "userId": user.inserted_id,
        "items": [],
        "totalAmount": 0,
        "status": "Processed",
        "accepted": True,
        "settled": True,
        "mail": {"state": "due", "attempts": 0},
        "createdAt": now,
        "updatedAt": now,
        "nextActionAt": now,
        "history": [{"at": now, "event": "received", "requestId": "planted"}],
    }
    ids = [ObjectId() for _ in range(count)]
    field.database["orders"].insert_many([{"_id": i, "orderId": str(i), **ended} for i in ids])
    return [str(i) for i in ids]


def events_of(worker: Child) -> Counter[str]:
    lines = [json.loads(line) for line in worker.output().splitlines() if line.startswith("{")]
    return Counter(line["event"] for line in lines)
