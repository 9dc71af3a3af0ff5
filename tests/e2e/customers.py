"""Customers who order, look, list and log in all the time, and note each answer that is not as it should be.

They come through nginx, on connections that they keep, as browsers and apps do.
"""

import threading
from collections.abc import Callable
from itertools import count
from typing import Any, Final
from uuid import uuid4

import requests

from tests.support.client import Client
from tests.support.node_accounts import node_token
from tests.support.waiting import wait_for

# Between two rounds of one customer: enough to meet each moment of a change, and a short queue.
_PAUSE_SECONDS: Final = 0.2
_LOOKS_AT_END_EVERY: Final = 4  # rounds
_RENEWS_EVERY: Final = 3


class Customer:
    """One account. `orders` are those that it was answered 201 for; `wrong` is a line a fault."""

    def __init__(self, base: str, product_id: str, renew: Callable[[Client], object] | None) -> None:
        """`renew` is done every few rounds with the client, for other tokens; None: it keeps those it has."""
        self.client = Client(base).register()
        self.orders: list[str] = []
        self.wrong: list[str] = []
        self.rounds = 0
        self._product_id, self._renew = product_id, renew

    def shop(self, over: threading.Event) -> None:
        for number in count(1):
            if over.wait(_PAUSE_SECONDS):
                return
            try:
                self._round(number)
            except (requests.RequestException, AssertionError) as error:
                self.wrong.append(f"round {number}: {type(error).__name__} {error}")
            self.rounds = number

    def _round(self, number: int) -> None:
        key = uuid4().hex
        placed = self._asked(lambda: self.client.order({self._product_id: 1}, key=key), 201)
        order_id: str = placed["orderId"]
        self.orders.append(order_id)
        again = self._asked(lambda: self.client.order({self._product_id: 1}, key=key), 201)
        assert again["orderId"] == order_id, "the same key made another order"
        headers = {"Prefer": "wait=20"} if number % _LOOKS_AT_END_EVERY == 0 else {}
        seen = self._asked(lambda: self.client.get(f"/api/orders/{order_id}", headers=headers), 200)
        assert seen["status"] in ("Pending", "Processed"), f"{order_id} is {seen['status']}"
        page = self._asked(lambda: self.client.get("/api/orders"), 200)  # 20; those of a second in no order
        assert order_id in [order["orderId"] for order in page["data"]], "the order is not in the list"
        if self._renew and number % _RENEWS_EVERY == 0:
            self._renew(self.client)

    def _asked(self, ask: Callable[[], requests.Response], status: int) -> Any:
        answer = ask()
        assert answer.status_code == status, f"{answer.request.method} {answer.url}: {answer.text}"
        return answer.json()


class Customers:
    """All of them, each on a thread of its own."""

    def __init__(self, base: str, product_ids: list[str], node_secret: str) -> None:
        """One refreshes, one logs in anew, one keeps the tokens that it has now, and one has a token as the
        Node app made them, under its secret."""
        renewals = (refresh, Client.login, None, None)
        self.all = [
            Customer(base, product_ids[n % len(product_ids)], renew) for n, renew in enumerate(renewals)
        ]
        of_node = self.all[-1].client
        of_node.tokens = {"token": node_token(node_secret, of_node.user_id)}
        self._over = threading.Event()
        self._threads = [threading.Thread(target=one.shop, args=(self._over,)) for one in self.all]

    def __enter__(self) -> "Customers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def leave(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def go_on(self, rounds: int = 3) -> None:
        """Until each has been round so often again; at once when something was wrong."""
        before = [customer.rounds for customer in self.all]

        def done() -> bool:
            now = [customer.rounds for customer in self.all]
            return bool(self.wrong) or all(n >= m + rounds for n, m in zip(now, before, strict=True))

        wait_for(done, "all customers to go on", 180)
        assert not self.wrong, "\n".join(self.wrong)

    @property
    def wrong(self) -> list[str]:
        return [line for customer in self.all for line in customer.wrong]

    @property
    def orders(self) -> set[str]:
        return {order_id for customer in self.all for order_id in customer.orders}


def refresh(client: Client) -> None:
    answer = client.post("/api/auth/refresh", {"refreshToken": client.tokens["refreshToken"]}, token="")
    assert answer.status_code == 200, answer.text
    client.tokens = answer.json()
