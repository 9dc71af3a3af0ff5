"""`python -m benchmarks.outages`: what clients wait while a server hangs or is down, on a stack of its own.

Starts the local stack, an API and a worker on free ports; then measures requests while Redis and SQS hang
(SIGSTOP) and while MongoDB is down (kill -9), and ends all of it again. Takes about a minute.
"""

import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles

from pymongo import MongoClient

from benchmarks.customer import PRODUCT, Customer, sent
from local_stack.programs import running_api, running_worker
from local_stack.stack import LocalStack

_SETTINGS = {
    "LOG_FORMAT": "json",
    "BCRYPT_COST": "4",  # a login's own work is not what is measured
    # Requests are counted, as in production, and one user may send all of them.
    "ORDERS_PER_MINUTE": "1000000",
    "MAILS_WAITING_PER_USER": "1000000",
}

Ask = Callable[[Customer], int]


def main() -> None:
    directory = Path(tempfile.mkdtemp(prefix="outages-"))
    with (
        LocalStack(directory / "stack", {}) as stack,
        running_api({**stack.settings, **_SETTINGS}, directory / "api.log") as (base, _),
        running_worker({**stack.settings, **_SETTINGS}, directory / "worker.log"),
    ):
        _add_product(stack.settings["MONGO_URI"])
        measure(stack, Customer(base))
    print(f"Logs are in {directory}")


def measure(stack: LocalStack, user: Customer) -> None:
    """Print a line for each kind of request, before and during each outage."""
    order_id = sent(user.order())["orderId"]

    def post(own: Customer) -> int:
        return own.order().status_code

    def get(own: Customer) -> int:
        return own.read(order_id).status_code

    def list_orders(own: Customer) -> int:
        return own.ask("GET", "/api/orders").status_code

    def login(own: Customer) -> int:
        return own.log_in().status_code

    def run(name: str, count: int, clients: int, ask: Ask) -> None:
        _measure(user, name, count, clients, ask)

    for state, server in (("all is well", None), ("Redis hangs", "redis"), ("SQS hangs", "aws")):
        with _hanging(stack, server):
            run(f"POST /api/orders, {state}", 200, 4, post)
            run(f"GET /api/orders/:id, {state}", 400, 4, get)
            run(f"POST /api/auth/login, {state}", 25, 2, login)
    stack.servers["mongo"].kill()
    with _probing(user):
        run("GET /api/orders, MongoDB just killed", 500, 64, list_orders)
    run("GET /api/orders, MongoDB down", 500, 64, list_orders)
    stack.servers["mongo"].start()
    started = time.perf_counter()
    while list_orders(user) != 200:
        time.sleep(0.02)
    print(f"MongoDB is back: orders are answered after {time.perf_counter() - started:.1f} s")


def _measure(user: Customer, name: str, count: int, clients: int, ask: Ask) -> None:
    """Ask so often, with so many clients at once, each on a connection of its own."""
    local = threading.local()

    def timed(_: int) -> tuple[float, int]:
        if not hasattr(local, "customer"):
            local.customer = user.again()
        started = time.perf_counter()
        status = ask(local.customer)
        return time.perf_counter() - started, status

    with ThreadPoolExecutor(clients) as pool:
        answers = list(pool.map(timed, range(count)))
    times = [seconds * 1000 for seconds, _ in answers]
    cuts, statuses = quantiles(times, n=100, method="inclusive"), Counter(status for _, status in answers)
    seen = ", ".join(f"{number} x {status}" for status, number in statuses.items())
    print(f"{name:38} p50 {cuts[49]:6.0f}   p99 {cuts[98]:6.0f}   most {max(times):6.0f} ms   {seen}")


@contextmanager
def _hanging(stack: LocalStack, server: str | None) -> Iterator[None]:
    if server is None:
        yield
        return
    stack.servers[server].pause()
    yield
    stack.servers[server].resume()
    time.sleep(5)  # for the circuits to close: this is no test


@contextmanager
def _probing(user: Customer) -> Iterator[None]:
    """Ask for /livez as long as this lasts, and print how long an answer took at most."""
    over, times, own = threading.Event(), [0.0], user.again()

    def probe() -> None:
        while not over.wait(0.05):
            started = time.perf_counter()
            own.ask("GET", "/livez")
            times.append(time.perf_counter() - started)

    thread = threading.Thread(target=probe)
    thread.start()
    yield
    over.set()
    thread.join()
    print(f"{'  GET /livez beside it':38} most {max(times) * 1000:.0f} ms")


def _add_product(uri: str) -> None:
    product = {"productId": PRODUCT, "stock": 1_000_000, "received": 1_000_000, "price": 1}
    with MongoClient[dict[str, object]](uri) as client:
        client.get_default_database()["inventories"].insert_one(product)


if __name__ == "__main__":
    main()
