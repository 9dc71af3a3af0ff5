"""A client of the API, as a user would write one: HTTP and nothing of the app's code."""

from typing import Any
from uuid import uuid4

import requests

from tests.support.described import check_described
from tests.support.waiting import wait_for

PASSWORD = "correct horse"
# What clients of the Node app compare with.
NODE_MESSAGES = {
    "token_missing": "Access Denied",
    "token_invalid": "Invalid Token",
    "token_expired": "Invalid Token",
    "invalid_credentials": "Invalid credentials",
    "email_taken": "User already exists",
    "order_not_found": "Order not found",
}


class Client:
    """Talks to one API as one user, or as nobody."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.hooks["response"].append(check_described)
        self.email = ""
        self.user_id = ""
        self.tokens: dict[str, Any] = {}

    def send(self, method: str, path: str, token: str | None = None, **options: Any) -> requests.Response:
        """One request, with this user's token unless another is given ("" for none)."""
        headers = dict(options.pop("headers", {}))
        token = self.tokens.get("token") if token is None else token
        if token:
            headers.setdefault("Authorization", f"Bearer {token}")
        return self.session.request(method, self.base + path, headers=headers, timeout=60, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.send("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> requests.Response:
        return self.send("POST", path, json=body, **options)

    def put(self, path: str, body: Any = None, **options: Any) -> requests.Response:
        return self.send("PUT", path, json=body, **options)

    def patch(self, path: str, body: Any = None, **options: Any) -> requests.Response:
        return self.send("PATCH", path, json=body, **options)

    def delete(self, path: str, body: Any = None, **options: Any) -> requests.Response:
        return self.send("DELETE", path, json=body, **options)

    def register(self, email: str | None = None, password: str = PASSWORD) -> "Client":
        """Register a fresh user and log in."""
        self.email = email or f"{uuid4().hex}@example.com"
        answer = self.post("/api/auth/register", {"email": self.email, "password": password}, token="")
        assert answer.status_code == 201, answer.text
        self.user_id = answer.json()["userId"]
        return self.login(password)

    def login(self, password: str = PASSWORD) -> "Client":
        answer = self.post("/api/auth/login", {"email": self.email, "password": password}, token="")
        assert answer.status_code == 200, answer.text
        self.tokens = answer.json()
        return self

    def order(self, items: dict[str, int], key: str | None = None, **fields: Any) -> requests.Response:
        """Place an order: `{productId: quantity}`."""
        lines = [{"productId": p, "quantity": q} for p, q in items.items()]
        headers = {"Idempotency-Key": key} if key else {}
        return self.post("/api/orders", {"items": lines, **fields}, headers=headers)

    def ended(self, order_id: str, seconds: float = 60) -> dict[str, Any]:
        """Wait until an order is no longer Pending, and return it."""

        def look() -> dict[str, Any] | None:
            answer = self.get(f"/api/orders/{order_id}")
            order: dict[str, Any] = answer.json()
            return order if answer.status_code == 200 and order["status"] != "Pending" else None

        return wait_for(look, f"order {order_id} to end", seconds) or {}

    def mails(self) -> list[dict[str, Any]]:
        """The mails to this user."""
        answer = self.get(f"/dev/mailbox?to={self.email}", headers={"Accept": "application/json"})
        assert answer.status_code == 200, answer.text
        mails: list[dict[str, Any]] = answer.json()["data"]
        return mails


def expect_problem(answer: requests.Response, status: int, code: str) -> dict[str, Any]:
    """The body of an error, after checking all that the contract says of every error."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["code"] == code, body
    assert body["status"] == status
    assert body["type"] and body["title"] and body["detail"]
    assert body["message"] == NODE_MESSAGES.get(code, body["detail"])
    assert answer.headers["X-Request-Id"]
    if status == 401:
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    if status in (429, 503) or code == "request_in_progress":
        assert int(answer.headers["Retry-After"]) >= 1
    return body
