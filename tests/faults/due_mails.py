"""Many mails that are due, as an outage of SES leaves them; and how a worker gets them out:

    python -m tests.faults.due_mails --due 1000 --taken 1

starts a worker that may send 14 a second on a stack of its own, whose SES takes one. Prints how many are out
every ten seconds, and ends with the last one: with these figures after 23 minutes, without throttling
(--taken 100) after 73 s.
"""

import argparse
import json
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from bson import ObjectId

from local_stack.processes import Process
from local_stack.stack import LocalStack
from tests.faults.field import Field, running_field

_SECONDS_BETWEEN_LINES = 10


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


def events_of(worker: Process) -> Counter[str]:
    lines = [json.loads(line) for line in worker.output().splitlines() if line.startswith("{")]
    return Counter(line["event"] for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.due_mails", description=__doc__)
    parser.add_argument("--due", type=int, default=1000, help="mails")
    parser.add_argument("--taken", type=int, default=1, help="mails a second")
    arguments = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="due-mails-"))
    with LocalStack(directory / "stack", {}) as stack, running_field(stack, directory) as field:
        field.ses.rate = arguments.taken
        send(field, arguments.due)


def send(field: Field, due: int) -> None:
    plant_due_mails(field, due)
    worker = field.worker("worker", SES_MAX_SEND_RATE="14")
    started = time.monotonic()
    next_line = started + _SECONDS_BETWEEN_LINES
    while len(field.ses.mails) < due:
        time.sleep(0.1)
        if time.monotonic() > next_line:
            next_line += _SECONDS_BETWEEN_LINES
            _print(field, started)
    _print(field, started)
    lines = ", ".join(f"{event} {count}" for event, count in events_of(worker).items())
    print(f"the worker's log: {lines}")


def _print(field: Field, started: float) -> None:
    seconds = time.monotonic() - started
    print(f"{seconds:6.0f} s: {len(field.ses.mails)} mails, {field.ses.requests} requests", flush=True)


if __name__ == "__main__":
    main()
