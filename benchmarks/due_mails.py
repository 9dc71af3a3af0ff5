"""`python -m benchmarks.due_mails --due 1000 --taken 1`: how a worker gets mails out that SES throttles.

Plants so many due mails on a stack of its own, whose SES takes so many a second, and starts a worker that may
send 14. Prints how many are out every ten seconds, and ends with the last one: with these figures after 23
minutes, without throttling (--taken 100) after 73 s.
"""

import argparse
import tempfile
import time
from pathlib import Path

from local_stack.stack import LocalStack
from tests.faults.due_mails import events_of, plant_due_mails
from tests.faults.field import Field, running_field

_TELL_EVERY_SECONDS = 10


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.due_mails", description=__doc__)
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
    next_line = started + _TELL_EVERY_SECONDS
    while len(field.ses.mails) < due:
        time.sleep(0.1)
        if time.monotonic() > next_line:
            next_line += _TELL_EVERY_SECONDS
            _tell(field, started)
    _tell(field, started)
    lines = ", ".join(f"{event} {count}" for event, count in events_of(worker).items())
    print(f"the worker's log: {lines}")


def _tell(field: Field, started: float) -> None:
    seconds = time.monotonic() - started
    print(f"{seconds:6.0f} s: {len(field.ses.mails)} mails, {field.ses.requests} requests", flush=True)


if __name__ == "__main__":
    main()
