"""`python -m benchmarks.login_timing`: does the time of a failed login tell whether an account exists?

    RATELIMIT_ENABLED=false make run
    .venv/bin/python -m benchmarks.login_timing --tries 200

Asks for an account that is there, with a wrong password, and for one that is not, in pairs, and compares the
times: their medians, and how often the one took longer than the other (0.5: a toss of a coin). `z` tells how
many standard deviations that is away from chance; above 3 the times tell something.
Bounded in count; for loopback only.
"""

import argparse
import random
import time
from statistics import median
from uuid import uuid4

from benchmarks.customer import Customer, is_on_this_machine


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.login_timing", description=__doc__)
    parser.add_argument("--base", default="http://127.0.0.1:3000")
    parser.add_argument("--tries", type=int, default=200, help="for each of the two")
    arguments = parser.parse_args()
    if not is_on_this_machine(arguments.base):
        parser.error("for a system on this machine only")
    compare(arguments.base, arguments.tries)


def compare(base: str, tries: int) -> None:
    customer = Customer(base)
    there: list[float] = []
    not_there: list[float] = []
    for _ in range(tries):
        for first in random.sample((True, False), 2):
            email = customer.email if first else f"{uuid4().hex}@example.com"
            (there if first else not_there).append(_seconds(customer, email))
    longer = sum(a > b for a, b in zip(there, not_there, strict=True)) / tries
    z = abs(longer - 0.5) * 2 * tries**0.5
    print(f"account there      median {median(there) * 1000:7.2f} ms")
    print(f"account not there  median {median(not_there) * 1000:7.2f} ms")
    print(f"the first took longer in {longer:.2f} of {tries} pairs, z = {z:.1f}")


def _seconds(customer: Customer, email: str) -> float:
    started = time.perf_counter()
    answer = customer.ask("POST", "/api/auth/login", {"email": email, "password": "wrong horse"})
    seconds = time.perf_counter() - started
    if answer.status_code != 401:
        raise SystemExit(f"{answer.status_code} {answer.text}; is RATELIMIT_ENABLED=false?")
    return seconds


if __name__ == "__main__":
    main()
