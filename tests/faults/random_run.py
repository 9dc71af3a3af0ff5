"""A random run: clients order while injectors break something each second; then the books are checked.

python -m tests.faults.random_run --orders 5000 --rate 6 --seed 42
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from local_stack.processes import Process
from local_stack.stack import LocalStack
from tests.faults import injectors
from tests.faults.arena import Arena, running_arena
from tests.faults.checker import check
from tests.faults.injectors import Injector
from tests.faults.shopper import Log, Shopper
from tests.faults.shopping import go_shopping
from tests.faults.time_travel import age_holds, at_rest, no_holds, pass_time
from tests.support.waiting import wait_for

_PRODUCTS = 12
_REST_SECONDS = 60
# A request whose client has gone may go on so long, and leave in the cache what it read: for 2 s, and a bit.
_OLDEST_REQUEST_SECONDS, _CACHED_SECONDS = 12, 3
# Short enough that requests and workers overtake each other within the run.
_TIMES = {"INTENT_SECONDS": "4", "RING_SECONDS": "2", "SWEEP_SECONDS": "0.5", "MAIL_RETRY_SECONDS": "3"}


class Plan(NamedTuple):
    """How many orders, how many of them a second at most, and the seed of all that is random."""

    orders: int
    rate: float
    seed: int
    clients: int = 8


class Report(NamedTuple):
    findings: list[str]
    figures: dict[str, float]
    faults: Counter[str]


def run(stack: LocalStack, directory: Path, plan: Plan) -> Report:
    """Do a whole run. What clients sent, what was broken and all logs are left in `directory`."""
    with running_arena(stack, directory, plan.seed) as arena:
        bases, children = _start_processes(arena)
        log = arena.field.log("clients")
        arena.field.ses.rate = 20
        products = [f"p{n}" for n in range(_PRODUCTS)]
        for product_id in products:  # four units an order, of which four fifths are there
            arena.field.add_product(log, product_id, round(plan.orders * 4 / _PRODUCTS * 0.8))
        shoppers = [Shopper(_turned(bases, n), log) for n in range(plan.clients)]
        began = time.monotonic()
        done = _shop_under_faults(arena, log, shoppers, products, children, plan)
        shopped = time.monotonic()
        _come_to_rest(arena, log, children[2:], products)
        rested = time.monotonic()
        _look_at_all(log, shoppers, shopped)
        findings = check(log.entries, arena.field.database, arena.field.ses.record)
        figures = _figures(arena, log)
        times = {"seconds": round(shopped - began), "seconds to rest": round(rested - shopped, 1)}
        return Report(findings, {**figures, "kills": injectors.kills(done), **times}, done)


def _shop_under_faults(
    arena: Arena, log: Log, shoppers: list[Shopper], products: list[str], children: list[Process], plan: Plan
) -> Counter[str]:
    """All orders are placed while the injectors are at work. Returns what they did."""
    at_work = _injectors(arena, log, children, plan.seed)
    for injector in at_work:
        injector.start()
    try:
        go_shopping(shoppers, products, plan.orders, plan.rate, plan.seed)
    finally:
        for injector in at_work:
            injector.stop()
    return sum((injector.done for injector in at_work), Counter())


def _injectors(arena: Arena, log: Log, children: list[Process], seed: int) -> list[Injector]:
    """One breaks the application's processes, the other what they depend on."""
    names = ("api 0", "api 1", "worker 0", "worker 1")
    processes = [
        fault
        for name, child in zip(names, children, strict=True)
        for fault in injectors.process_faults(name, child)
    ]
    servers = arena.field.stack.servers
    dependencies = [
        *(fault for name, proxy in arena.proxies.items() for fault in injectors.link_faults(name, proxy)),
        *(fault for name, server in servers.items() for fault in injectors.server_faults(name, server)),
        *injectors.ses_faults(arena.field.ses),
        injectors.redis_forgets(servers["redis"]),
    ]
    return [Injector(processes, seed, log), Injector(dependencies, seed + 1, log)]


def _come_to_rest(arena: Arena, log: Log, workers: list[Process], products: list[str]) -> None:
    """The last fault: all workers are killed. What they had claimed comes due; all must end within 60 s."""
    database = arena.field.database
    for worker in workers:
        worker.kill()
    now = time.time()
    log.add("fault", fault="kill worker", at=now, until=now)
    pass_time(database)
    for worker in workers:
        worker.start()

    def rests() -> bool:
        pass_time(database, claims=False)
        return at_rest(database)

    wait_for(rests, "all orders to end", _REST_SECONDS)
    age_holds(database, products)
    wait_for(lambda: no_holds(database, products), "the reaper to free stray holds", _REST_SECONDS)


def _look_at_all(log: Log, shoppers: list[Shopper], shopped: float) -> None:
    """Once nothing old can be left in the cache, each client looks at all orders that it has."""
    wait_for(lambda: time.monotonic() > shopped + _OLDEST_REQUEST_SECONDS, "requests of before to end")
    rest = log.add("rest")["at"]
    wait_for(lambda: time.time() > rest + _CACHED_SECONDS, "the cache to forget")
    with ThreadPoolExecutor(len(shoppers)) as pool:
        list(pool.map(lambda shopper: [shopper.read(order_id) for order_id in shopper.ordered()], shoppers))


def _start_processes(arena: Arena) -> tuple[list[str], list[Process]]:
    """Two APIs and two workers: the addresses, and the four processes."""
    apis = [arena.field.gunicorn(f"api-{n}", **_TIMES) for n in range(2)]
    workers = [arena.field.worker(f"worker-{n}", **_TIMES) for n in range(2)]
    return [api.base for api in apis], [*(api.child for api in apis), *workers]


def _turned(bases: list[str], n: int) -> list[str]:
    return bases[n % len(bases) :] + bases[: n % len(bases)]


def _figures(arena: Arena, log: Log) -> dict[str, float]:
    orders = list(arena.field.database["orders"].find())
    unknown = sum(e["event"] == "mail_unknown" for order in orders for e in order["history"])
    mails = Counter(arena.field.ses.order_ids())
    states = Counter(str(order.get("failureReason", order["status"])) for order in orders)
    return {
        "requests": sum(entry["op"] == "order" for entry in log.entries),
        "unanswered": sum(entry["op"] == "order" and entry["status"] is None for entry in log.entries),
        **dict(states),
        "mails": mails.total(),
        "mails sent again": mails.total() - len(mails),
        "unknown outcomes": unknown,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--rate", type=float, default=8, help="orders a second at most")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    plan = Plan(**vars(parser.parse_args()))
    directory = Path(tempfile.mkdtemp(prefix="faults-"))
    say(f"{plan}, logs in {directory}")
    with LocalStack(directory / "stack", {}) as stack:
        report = run(stack, directory, plan)
    say(*lines_of(report))
    return 1 if report.findings else 0


def lines_of(report: Report) -> list[str]:
    faults = ", ".join(f"{name} {count}" for name, count in sorted(report.faults.items()))
    figures = [f"{name}: {value}" for name, value in report.figures.items()]
    return [*figures, f"faults: {faults}", *(report.findings or ["nothing found"])]


def say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
