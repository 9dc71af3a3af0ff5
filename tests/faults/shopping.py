"""What the clients of a random run do: order, sometimes twice at once, look, change their minds."""

import random
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from tests.faults.shopper import Entry, Shopper


def go_shopping(
    shoppers: Sequence[Shopper], products: Sequence[str], orders: int, rate: float, seed: int
) -> None:
    """All place their share of the orders at once, at `rate` orders a second together at most."""
    share = -(-orders // len(shoppers))
    seen: dict[str, str] = {}
    trips = [
        _Trip(shopper, products, share, len(shoppers) / rate, random.Random(seed + 100 + n), seen)
        for n, shopper in enumerate(shoppers)
    ]
    with ThreadPoolExecutor(len(shoppers)) as pool:
        for done in [pool.submit(trip.run) for trip in trips]:
            done.result()


class _Trip:
    def __init__(
        self,
        shopper: Shopper,
        products: Sequence[str],
        orders: int,
        gap: float,
        dice: random.Random,
        seen: dict[str, str],
    ) -> None:
        """`seen` is shared by all: by user, the order that they looked at last."""
        self._shopper, self._products, self._orders = shopper, products, orders
        self._gap, self._dice, self._seen = gap, dice, seen
        self._pause = threading.Event()

    def run(self) -> None:
        for _ in range(self._orders):
            self._pause.wait(self._dice.uniform(0, 2 * self._gap))
            self._shop()

    def _shop(self) -> None:
        chosen = self._dice.sample(self._products, self._dice.randint(1, 3))
        items = {product_id: self._dice.randint(1, 3) for product_id in chosen}
        key = UUID(int=self._dice.getrandbits(128)).hex
        impatient, looks, cancels = (self._dice.random() < chance for chance in (0.1, 0.3, 0.15))
        buy = self._buy_twice_at_once if impatient else self._shopper.buy
        answer = buy(items, key)
        if answer["orderId"] and looks:
            self._shopper.read(answer["orderId"])
            self._look_at_anothers(answer["orderId"])
        if answer["orderId"] and cancels:
            self._shopper.cancel(answer["orderId"])

    def _look_at_anothers(self, own: str) -> None:
        """The last order that somebody was seen to look at, which is to be nobody else's to see."""
        known = list(self._seen)
        self._seen[self._shopper.user_id] = own
        for user_id in known:
            if user_id != self._shopper.user_id:
                self._shopper.read(self._seen[user_id])
                return

    def _buy_twice_at_once(self, items: dict[str, int], key: str) -> Entry:
        """A double click, on both processes."""
        bases = list(self._shopper.bases)
        with ThreadPoolExecutor(len(bases)) as pool:
            list(pool.map(lambda base: self._shopper.try_to_buy(base, items, key), bases))
        return self._shopper.buy(items, key)
