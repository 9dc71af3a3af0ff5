"""The app's own code, one step at a time, with the clock and the mail server in the test's hand.

It has a database and a queue of its own: no worker of the session sees its orders.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from bson import ObjectId
from flask import Flask

from config.resources import resources, resources_of
from controllers.order_placement import NewOrder, place_order
from models import inventory, user
from models import order as order_model
from models.order_decisions import LEASE_SECONDS
from server import create_app
from services.fulfilment import Fulfilment, do_nothing
from tests.support.crashes import InterruptedDatabase, Stop, die
from tests.support.fake_ses import FakeSes
from tests.support.replaced import bound_to, replaced
from tests.support.together import together
from workers.advance import Advancer
from workers.mail_gate import MailGate
from workers.mail_hold import MailHold
from workers.mail_sender import MailSender, Sending
from workers.mail_step import MailStep
from workers.reaper import free_stray_holds
from workers.step_threads import StepThreads
from workers.sweeper import sweep

Document = Any  # tests look at documents as they are, odd ones too
# More rounds than any order needs that is not sent round in a circle.
_MAX_ROUNDS = 30


class Steered:
    """Makes users and products, places orders, advances them, and moves the clock."""

    def __init__(self, app: Flask, ses: FakeSes) -> None:
        self.app, self.ses = app, ses
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.fulfil: Callable[[Document], object] = do_nothing
        self.undo: Callable[[Document], object] | None = None
        self.step_threads = make_step_threads()
        self.restart_mails()

    @property
    def database(self) -> Any:
        return resources_of(self.app).mongodb.database

    def wait(self, seconds: float) -> None:
        """Let time pass, which here is done by saying so."""
        self.now += timedelta(seconds=seconds)

    # What there is

    def user(self) -> ObjectId:
        return user.insert(f"{uuid4().hex}@example.com", "not a hash")

    def product(self, stock: int, price: float | None = 10) -> str:
        product_id = f"p-{uuid4().hex[:12]}"
        inventory.set_stock(product_id, stock=stock, price=price)
        return product_id

    def stock(self, product_id: str) -> int:
        return int(self.inventory(product_id)["stock"])

    def inventory(self, product_id: str) -> Document:
        found: Document = self.database["inventories"].find_one({"productId": product_id})
        return found

    def holds(self, product_id: str) -> list[Document]:
        holds: list[Document] = self.inventory(product_id).get("holds", [])
        return holds

    def read(self, order_id: Any) -> Any:
        found = order_model.find(str(order_id))
        assert found is not None
        return found

    def only_order(self) -> Any:
        (found,) = self.database["orders"].find()
        document: Document = found
        return document

    # What is done

    def request(
        self, user_id: ObjectId, items: Mapping[str, int], key: str | None = None, **fields: Any
    ) -> NewOrder:
        lines = [{"productId": p, "quantity": q} for p, q in items.items()]
        return NewOrder(user_id, {"items": lines, **fields}, key, uuid4().hex)

    def place(
        self, user_id: ObjectId, items: Mapping[str, int], key: str | None = None, **fields: Any
    ) -> str:
        """Place an order as a request does. Returns its orderId."""
        order_id: str = place_order(self.request(user_id, items, key, **fields)).order["orderId"]
        return order_id

    def advancer(self) -> Advancer:
        step = None if self.fulfil is do_nothing else self.fulfil
        return Advancer(Fulfilment(step, self.undo), self.step_threads, self.mail_step)

    def deliver(self, order_id: str) -> None:
        """What a message about the order does."""
        self.advancer().advance(self.read(order_id))

    def sweep(self) -> int:
        """One round of both sweeps. Returns how many orders and mails were due."""
        self.mail_hold.expire()
        advance = self.advancer().advance
        orders = sweep(lambda claimed: advance(claimed, due=True), lambda: False)
        return orders + self.mail_step.sweep(lambda: False)

    def finish(self) -> None:
        """Nobody rings any more: the sweeper comes round whenever something is due, until nothing is left,
        and then the reaper."""
        for _ in range(_MAX_ROUNDS):
            due = self.database["orders"].find({"nextActionAt": {"$exists": True}})
            times = [order["nextActionAt"] for order in due]
            if not times:
                break
            self.now = max(self.now, min(times))
            self.sweep()
        else:
            raise AssertionError(f"not finished after {_MAX_ROUNDS} rounds: {times}")
        self.audit_later()

    def audit(self) -> int:
        """One round of the reaper. Returns how many stray holds were freed."""
        return free_stray_holds()

    def audit_later(self) -> int:
        """Let more than 15 minutes pass first."""
        self.wait(15 * 60 + 1)
        return self.audit()

    def restart_mails(self, per_second: float = 1e9, places: int = 100) -> None:
        """As after a start of the worker, whose gate does not know yet how SES is. Mails are sent on the
        thread that comes to them."""
        self.mail_hold = MailHold()
        sender = MailSender(self.mail_hold, resources_of(self.app).settings.mail_retry_seconds)
        gate = MailGate(per_second, places)
        self.mail_step = MailStep(gate, sender.send, lambda send, order: send(order))

    def each(self, count: int, function: Callable[[int], Any]) -> list[Any]:
        """Call a function on that many threads at the same moment, each in the app's context."""

        def call(number: int) -> Any:
            with self.app.app_context():
                return function(number)

        return together([partial(call, number) for number in range(count)])

    # What goes wrong

    @contextmanager
    def interrupted(
        self, stop: Stop | None, act: Callable[[], object] = die
    ) -> Iterator[InterruptedDatabase]:
        """At `stop`, counted from here, something happens: by default the process dies. None: only count.

        What the act itself does, it does to the real database.
        """
        real = resources().mongodb

        def outside() -> None:
            with replaced(self.app, mongodb=real):
                act()

        interrupted = InterruptedDatabase(real.database, stop, outside)
        with bound_to(real.client, interrupted):
            yield interrupted


def make_step_threads(limit_seconds: float = 900) -> StepThreads:
    """Steps run on the thread that comes to them. Leases are kept when a test says `keep`."""

    def submit(function: Callable[[Document], None], order: Document, then: Callable[[], None]) -> None:
        try:
            function(order)
        finally:
            then()

    return StepThreads(submit, 100, LEASE_SECONDS, limit_seconds)


def send_mail(order: Document) -> Sending:
    """For mail steps with gates and threads of a test's own."""
    return MailSender(MailHold(), unknown_retry_seconds=600).send(order)


def app_with(settings: Mapping[str, str]) -> Flask:
    """An app made of these settings alone; the environment is left as it was."""
    before = dict(os.environ)
    os.environ.update(settings)
    try:
        return create_app()
    finally:
        os.environ.clear()
        os.environ.update(before)
