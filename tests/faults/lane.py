"""A lane of crash runs: a field with an API that never crashes and a worker that recovers what others left.

The worker is stopped with SIGSTOP while a case drives an order to its crash, and goes on afterwards. It is
rung by nobody: what it finishes, it finds by sweeping.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP

from bson import ObjectId

from local_stack.processes import Process
from local_stack.stack import LocalStack
from tests.faults.bank import STEP
from tests.faults.checker import check
from tests.faults.field import Api, Field, running_field
from tests.faults.shopper import Log, Shopper
from tests.faults.time_travel import at_rest, end_mail_claims, pass_time
from tests.support.waiting import wait_for


class Lane:
    """Runs one case at a time."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self.api = field.api("clean-api")
        # It has a business step, which most crashing workers have not.
        self.worker = field.worker("clean-worker", SQS_QUEUE_URL=field.make_queue(), FULFILMENT=STEP)
        wait_for(lambda: "worker_started" in self.worker.output(), "the worker to start")

    def stop_worker(self) -> None:
        os.kill(self.worker.pid, SIGSTOP)

    def resume_worker(self) -> None:
        os.kill(self.worker.pid, SIGCONT)


class Run:
    """One case on a lane: one customer, products of his own, one log."""

    def __init__(self, lane: Lane, name: str, products: int) -> None:
        self.lane, self.field, self.name = lane, lane.field, name
        self.log: Log = self.field.log(name)
        self.shopper = Shopper([lane.api.base], self.log)
        self.items = {f"{name.replace(':', '-')}-{n}": 2 for n in range(products)}
        for product_id in self.items:
            self.field.add_product(self.log, product_id, 5)

    @property
    def users(self) -> list[ObjectId]:
        return [ObjectId(self.shopper.user_id)]

    def order(self) -> str:
        """Place an order that is accepted, while no worker looks."""
        order_id: str = self.shopper.buy(self.items)["orderId"]
        return order_id

    def crashing_api(self, crash_at: str) -> Api:
        return self.field.api(self.name, CRASH_AT=crash_at)

    def crashing_worker(self, crash_at: str, ring_for: str = "", **overrides: str) -> Process:
        """A worker that will crash, and a message for it."""
        queue = self.field.make_queue()
        if ring_for:
            self.field.ring(queue, ring_for)
        return self.field.worker(self.name, CRASH_AT=crash_at, SQS_QUEUE_URL=queue, **overrides)

    def await_death(self, child: Process) -> None:
        """It must have died of SIGKILL, by its own hand."""
        wait_for(lambda: not child.running, f"the death of {self.name}")
        role, now = child.command[-1], time.time()
        self.log.add("fault", fault=f"kill {role}", at=now, until=now)
        assert child.exit_code == -SIGKILL, f"{self.name} ended with {child.exit_code}"

    def recover(self, seconds: float = 60) -> list[str]:
        """Let the claims of the dead run out, wait until nothing is left to do, and check the books.

        A claim that the dead had sent may be written after they are gone: it is known by its time.
        """
        pass_time(self.field.database, self.users)
        died_before = datetime.now(UTC)
        self.lane.resume_worker()

        def at_rest() -> bool:
            end_mail_claims(self.field.database, self.users, died_before)
            return self._at_rest()

        self.wait(at_rest, seconds)
        return self.check()

    def wait(self, condition: Callable[[], bool], seconds: float = 30) -> None:
        """Wait for it, but no longer than that: then the checker shall say what is wrong."""
        with suppress(AssertionError):
            wait_for(condition, seconds=seconds)

    def check(self) -> list[str]:
        orders = self.field.database["orders"].find({"userId": {"$in": self.users}})
        found = check(self.log.entries, self.field.database, self.field.ses.record)
        return [*found, *self.field.bank.check(orders)]

    def pass_time(self) -> None:
        pass_time(self.field.database, self.users, claims=False)

    def _at_rest(self) -> bool:
        self.pass_time()
        return at_rest(self.field.database, self.users)


@contextmanager
def running_lane(stack: LocalStack, directory: Path, mistake: str = "") -> Iterator[Lane]:
    """A lane of its own; with a mistake planted in all its processes."""
    with running_field(stack, directory) as field:
        field.settings["MISTAKE"] = mistake
        yield Lane(field)


@contextmanager
def run_on(lane: Lane, name: str, products: int) -> Iterator[Run]:
    """A run whose worker is stopped until `recover`."""
    lane.field.ses.forget()
    lane.stop_worker()
    try:
        yield Run(lane, name, products)
    finally:
        lane.resume_worker()
