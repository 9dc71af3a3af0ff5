"""What is counted, for Prometheus. Labels have few values: a route's rule, never a path or an id.

Under gunicorn the processes share their numbers through PROMETHEUS_MULTIPROC_DIR (gunicorn.conf.py makes it).
"""

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess
from prometheus_client.registry import REGISTRY

requests = Histogram(
    "http_request_seconds",
    "Time to answer requests, by route and status; `waited`: the client asked to wait for the order's end.",
    ["method", "route", "status", "waited"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20),
)
orders = Counter(
    "orders", "Orders that were accepted, rejected, processed, failed, cancelled, put aside.", ["event"]
)
step_attempts = Counter(
    "step_attempts",
    "Attempts of the business step and of its undo: done, failed, timed out, died; lost with their lease.",
    ["step", "outcome"],
)
step_seconds = Histogram(
    "step_seconds",
    "Time that the business step and its undo took.",
    ["step"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900),
)
mails = Counter("mails", "Mails by what sending them came to.", ["outcome"])
mail_events = Counter(
    "mail_events", "What SES told of mails after it took them: taken, delivered, bounced ...", ["event"]
)
mails_held = Gauge(
    "mails_held",
    "1 while mails stand still for this reason: the account at SES, its keys or its settings are at fault.",
    ["reason"],
    multiprocess_mode="max",
)
cache_reads = Counter("cache_reads", "Look-ups of orders in the cache: hit, miss.", ["outcome"])
reservations = Counter(
    "reservations", "Order lines: held, not held for want of stock, sold, returned to stock.", ["outcome"]
)
# What a worker looks at now and then. With a label they are not there before they are set: in the API, which
# never looks, they would say 0 for ever.
overdue = Gauge("overdue_seconds", "For how long the oldest due order, or mail, has been due.", ["work"])
orders_in_state = Gauge("orders_in_state", "Orders that wait for a person: put_aside.", ["state"])
queue_messages = Gauge("queue_messages", "Messages of the queue: waiting, in_flight, dead.", ["state"])
circuits = Gauge(
    "circuit_open",
    "1 while a dependency is not asked.",
    ["dependency"],
    multiprocess_mode="livemax",  # a process that died with its circuit open would tell of it for ever
)


def exposition() -> bytes:
    """All numbers in Prometheus' text format, of all processes that share them."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
