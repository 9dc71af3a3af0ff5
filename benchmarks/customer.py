"""A customer of the API for benchmarks: one user, on a connection of its own. For loopback only."""

from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

import requests

PRODUCT: Final = "bench"
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_SECONDS: Final = 60


class Customer:
    """Registers at once, unless `known` is a customer whose account it shall use too."""

    def __init__(self, base: str, known: "Customer | None" = None) -> None:
        self.base = base
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy of the environment gets in between
        if known is not None:
            self._account: dict[str, str] = known._account
            self._session.headers["Authorization"] = known._session.headers["Authorization"]
            return
        self._account = {"email": f"{uuid4().hex}@example.com", "password": uuid4().hex}
        sent(self.ask("POST", "/api/auth/register", self._account))
        self._session.headers["Authorization"] = f"Bearer {sent(self.log_in())['token']}"

    @property
    def email(self) -> str:
        return self._account["email"]

    def again(self) -> "Customer":
        """The same user on another connection."""
        return Customer(self.base, self)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        return self._session.request(method, self.base + path, json=body, headers=headers, timeout=_SECONDS)

    def log_in(self) -> requests.Response:
        return self.ask("POST", "/api/auth/login", self._account)

    def order(self) -> requests.Response:
        """Order one of PRODUCT."""
        return self.ask("POST", "/api/orders", {"items": [{"productId": PRODUCT, "quantity": 1}]})

    def read(self, order_id: str, **headers: str) -> requests.Response:
        return self.ask("GET", f"/api/orders/{order_id}", **headers)


def sent(answer: requests.Response) -> Any:
    """The body of an answer that is a success; anything else ends the benchmark."""
    if not answer.ok:
        raise SystemExit(f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text}")
    return answer.json()


def is_on_this_machine(base: str) -> bool:
    return urlsplit(base).hostname in _LOOPBACK
