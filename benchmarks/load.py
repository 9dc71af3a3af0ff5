"""`python -m benchmarks.load`: orders placed and read by some clients at once, against a running `make run`.

    RATELIMIT_ENABLED=false make run
    .venv/bin/flask inventory set bench --stock 1000000 --price 1
    .venv/bin/python -m benchmarks.load --orders 500 --clients 8 --waiters 50

Prints requests a second and the latencies of POST and GET; with `--waiters`, while that many further clients
ask for one order with `Prefer: wait=20`. Stop the worker to have them wait in earnest. Bounded in count; for
loopback only.
"""

import argparse
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from statistics import quantiles
from typing import Any

from benchmarks.customer import Customer, is_on_this_machine, sent


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--base", default="http://127.0.0.1:3000")
    parser.add_argument("--orders", type=int, default=500)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--waiters", type=int, default=0, help="further clients that send Prefer: wait=20")
    arguments = parser.parse_args()
    if not is_on_this_machine(arguments.base):
        parser.error("for a system on this machine only")
    run(arguments.base, arguments.orders, arguments.clients, arguments.waiters)


def run(base: str, orders: int, clients: int, waiters: int) -> None:
    customer = Customer(base)
    with _waiting(customer, waiters):
        placed = _measure("POST /api/orders", orders, clients, customer, lambda own, _: sent(own.order()))
        ids = [answer["orderId"] for answer in placed]
        _measure("GET /api/orders/:id", orders, clients, customer, partial(_read, ids))
    started = time.perf_counter()
    _await_end(customer, ids[-1])
    print(f"the last order was Processed {time.perf_counter() - started:.1f} s after the last request")


def _measure(
    name: str, count: int, clients: int, customer: Customer, request: Callable[[Customer, int], Any]
) -> list[Any]:
    """Send `count` requests from that many clients, each on a connection of its own; print the figures."""
    local = threading.local()

    def timed(number: int) -> tuple[float, Any]:
        if not hasattr(local, "customer"):
            local.customer = customer.again()
        started = time.perf_counter()
        answer = request(local.customer, number)
        return time.perf_counter() - started, answer

    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        results = list(pool.map(timed, range(count)))
    seconds = time.perf_counter() - started
    cuts = quantiles((took * 1000 for took, _ in results), n=100, method="inclusive")
    print(
        f"{name:22} {count / seconds:7.0f} a second   "
        f"p50 {cuts[49]:6.1f} ms   p95 {cuts[94]:6.1f} ms   p99 {cuts[98]:6.1f} ms"
    )
    return [answer for _, answer in results]


@contextmanager
def _waiting(customer: Customer, count: int) -> Iterator[None]:
    """That many clients that wait for an order, and come back after a second when they may not."""
    stop = threading.Event()
    order_id = sent(customer.order())["orderId"]

    def wait() -> None:
        own = customer.again()
        while not stop.is_set():
            own.read(order_id, Prefer="wait=20")
            stop.wait(1)

    threads = [threading.Thread(target=wait, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    yield
    stop.set()
    for thread in threads:
        thread.join()


def _read(order_ids: list[str], customer: Customer, number: int) -> Any:
    return sent(customer.read(order_ids[number]))


def _await_end(customer: Customer, order_id: str) -> None:
    for _ in range(600):
        if sent(customer.read(order_id))["status"] != "Pending":
            return
        time.sleep(0.1)


if __name__ == "__main__":
    main()
