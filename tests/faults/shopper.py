"""An honest client: one idempotency key an order, tried again until there is an answer; and its log."""

import json
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests

from tests.support.client import Client

_PATIENCE_SECONDS = 120
_TIMEOUT_SECONDS = 8

Entry = dict[str, Any]


class Log:
    """What clients sent and were answered: in memory, and as JSON lines in a file."""

    def __init__(self, path: Path) -> None:
        self.entries: list[Entry] = []
        self._path = path
        self._lock = threading.Lock()

    def add(self, op: str, **fields: Any) -> Entry:
        entry = {"op": op, "at": round(time.time(), 3), **fields}
        with self._lock:
            self.entries.append(entry)
            with self._path.open("a") as file:
                file.write(json.dumps(entry) + "\n")
        return entry


class Shopper:
    """One user, who knows several addresses of the API and goes on to the next when one fails."""

    def __init__(self, bases: Sequence[str], log: Log) -> None:
        self.bases = list(bases)
        self._log = log
        client = Client(bases[0]).register()
        self.user_id, self._token = client.user_id, client.tokens["token"]
        client.session.close()
        log.add("user", userId=self.user_id, email=client.email)

    def buy(self, items: Mapping[str, int], key: str = "") -> Entry:
        """Order, and try again until the answer is final. Returns the last try as it was logged."""
        key = key or uuid4().hex
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            entry = self.try_to_buy(self.bases[0], items, key)
            if _is_final(entry):
                return entry
            if time.monotonic() > deadline:
                raise AssertionError(f"no final answer in {_PATIENCE_SECONDS} s: {entry}")
            self.bases.append(self.bases.pop(0))
            time.sleep(0.3)  # as a polite client: not at once

    def try_to_buy(self, base: str, items: Mapping[str, int], key: str) -> Entry:
        """One try."""
        lines = [{"productId": p, "quantity": q} for p, q in items.items()]
        sent = time.time()
        answer = self.send("POST", base, "/api/orders", {"items": lines}, {"Idempotency-Key": key})
        body = answer.json() if answer is not None else {}
        return self._log.add(
            "order",
            sent=sent,
            userId=self.user_id,
            key=key,
            items=dict(items),
            status=None if answer is None else answer.status_code,
            orderId=body.get("orderId"),
            code=body.get("code"),
            replayed=answer is not None and "Idempotent-Replayed" in answer.headers,
            shown=_shown(answer),
        )

    def ordered(self) -> set[str]:
        """The ids of the orders of which this client knows that they are placed."""
        mine = [e for e in self._log.entries if e["op"] == "order" and e["userId"] == self.user_id]
        return {entry["orderId"] for entry in mine if entry["status"] == 201}

    def cancel(self, order_id: str, base: str = "") -> Entry:
        return self._ask("cancel", "POST", base, f"/api/orders/{order_id}/cancel", order_id)

    def read(self, order_id: str, base: str = "") -> Entry:
        return self._ask("read", "GET", base, f"/api/orders/{order_id}", order_id)

    def send(
        self, method: str, base: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> requests.Response | None:
        """One request on a connection of its own. None when no answer came."""
        known = {"Authorization": f"Bearer {self._token}", **(headers or {})}
        try:
            with requests.Session() as session:
                session.trust_env = False
                return session.request(
                    method, base + path, json=body, headers=known, timeout=_TIMEOUT_SECONDS
                )
        except requests.RequestException:
            return None

    def _ask(self, op: str, method: str, base: str, path: str, order_id: str) -> Entry:
        sent, answer = time.time(), self.send(method, base or self.bases[0], path)
        status = None if answer is None else answer.status_code
        known = {"sent": sent, "userId": self.user_id, "orderId": order_id, "status": status}
        return self._log.add(op, **known, shown=_shown(answer))


def _shown(answer: requests.Response | None) -> Entry | None:
    """What an answer shows of an order, if it shows one."""
    if answer is None or answer.status_code not in (200, 201):
        return None
    order = answer.json()
    return {name: order[name] for name in ("orderId", "userId", "status", "totalAmount")}


def _is_final(entry: Entry) -> bool:
    """Not when no answer came, the server said "try again", or an earlier try is still at work."""
    status = entry["status"]
    if status is None or status >= 500 or status == 429:
        return False
    return not (status == 409 and entry["code"] == "request_in_progress")
