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
from statistics import quantiles
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import requests

PASSWORD = uuid4().hex
PRODUCT = "bench"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--base", default="http://127.0.0.1:3000")
    parser.add_argument("--orders", type=int, default=500)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--waiters", type=int, default=0, help="clients that send Prefer: wait=20 meanwhile")
    arguments = parser.parse_args()
    if urlsplit(arguments.base).hostname not in ("127.0.0.1", "localhost", "::1"):
        parser.error("for a system on this machine only")
    run(arguments.base, arguments.orders, arguments.clients, arguments.waiters)


def run(base: str, orders: int, clients: int, waiters: int) -> None:
    headers = _log_in(base)
    with _waiting(base, headers, waiters):
        placed = _measure("POST /api/orders", orders, clients, lambda s: _place(s, base, headers))
        ids = [answer["orderId"] for answer in placed]
        left = iter(ids)
        lock = threading.Lock()

        def read(session: requests.Session) -> Any:
            with lock:
                order_id = next(left)
            return _sent(session.get(f"{base}/api/orders/{order_id}", headers=headers, timeout=60))

        _measure("GET /api/orders/:id", orders, clients, read)
    started = time.perf_counter()
    _await_end(base, headers, ids[-1])
    print(f"the last order was Processed {time.perf_counter() - started:.1f} s after the last request")


def _measure(name: str, count: int, clients: int, request: Callable[[requests.Session], Any]) -> list[Any]:
    """Send `count` requests from that many clients, each on a connection of its own; print the figures."""
    local = threading.local()

    def timed(_: int) -> tuple[float, Any]:
        if not hasattr(local, "session"):
            local.session = make_session()
        started = time.perf_counter()
        answer = request(local.session)
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
def _waiting(base: str, headers: dict[str, str], count: int) -> Iterator[None]:
    """That many clients that wait for an order, and come back after a second when they may not."""
    stop = threading.Event()
    url = f"{base}/api/orders/{_place(make_session(), base, headers)['orderId']}"

    def wait() -> None:
        session = make_session()
        while not stop.is_set():
            session.get(url, headers={**headers, "Prefer": "wait=20"}, timeout=60)
            stop.wait(1)

    threads = [threading.Thread(target=wait, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    yield
    stop.set()
    for thread in threads:
        thread.join()


def _place(session: requests.Session, base: str, headers: dict[str, str]) -> Any:
    body = {"items": [{"productId": PRODUCT, "quantity": 1}]}
    return _sent(session.post(f"{base}/api/orders", json=body, headers=headers, timeout=60))


def _await_end(base: str, headers: dict[str, str], order_id: str) -> None:
    for _ in range(600):
        order = _sent(requests.get(f"{base}/api/orders/{order_id}", headers=headers, timeout=60))
        if order["status"] != "Pending":
            return
        time.sleep(0.1)


def _log_in(base: str) -> dict[str, str]:
    body = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD}
    _sent(requests.post(f"{base}/api/auth/register", json=body, timeout=60))
    token = _sent(requests.post(f"{base}/api/auth/login", json=body, timeout=60))["token"]
    return {"Authorization": f"Bearer {token}"}


def make_session() -> requests.Session:
    """A session that no proxy of the environment gets into."""
    session = requests.Session()
    session.trust_env = False
    return session


def _sent(answer: requests.Response) -> Any:
    if not answer.ok:
        raise SystemExit(f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text}")
    return answer.json()


if __name__ == "__main__":
    main()
