"""The whole story against a running system: `make demo`, or python examples/demo.py [URL]."""

import os
import re
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import requests
from terminal import say, show_answer, show_request

ROOT = Path(__file__).parent.parent
LOCALHOST = ("127.0.0.1", "localhost")
GRACE_SECONDS = 11  # within 10 s a spent refresh token passes for a double click


class Shop:
    """Sends requests and shows them with their answers."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.session = requests.Session()
        # A company's proxy knows nothing of this machine.
        self.session.trust_env = urlsplit(base).hostname not in LOCALHOST

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """Send and show; underscores in header names become dashes."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        show_request(method, path, sent, body)
        answer = self.session.request(method, self.base + path, json=body, headers=sent, timeout=60)
        show_answer(answer)
        return answer

    def log_in(self, tokens: dict[str, Any]) -> None:
        self.session.headers["Authorization"] = f"Bearer {tokens['token']}"


def tell(shop: Shop) -> None:
    """All of it. The token is stolen early, since the thief must come later than 10 s."""
    user = {"email": f"demo-{uuid4().hex[:8]}@example.com", "password": "password123"}
    tokens = register_and_log_in(shop, user)
    stolen_at = time.monotonic()
    fresh = spend_refresh_token(shop, tokens["refreshToken"])
    order_and_see_it_processed(shop)
    look_at_the_mail(shop, user["email"])
    oversell(shop)
    repeat_with_a_key(shop)
    steal(shop, tokens["refreshToken"], fresh["refreshToken"], stolen_at)
    say("That was it. Every route, with examples: " + shop.base + "/api/docs")


def register_and_log_in(shop: Shop, user: dict[str, str]) -> dict[str, Any]:
    say("Register and log in", "The access token lives for an hour, the refresh token for a week.")
    shop.ask("POST", "/api/auth/register", user)
    tokens: dict[str, Any] = shop.ask("POST", "/api/auth/login", user).json()
    shop.log_in(tokens)
    return tokens


def spend_refresh_token(shop: Shop, token: str) -> dict[str, Any]:
    say("Refresh", "A refresh token is good for one new pair. Keep the old one in mind: it will be stolen.")
    tokens: dict[str, Any] = shop.ask("POST", "/api/auth/refresh", {"refreshToken": token}).json()
    shop.log_in(tokens)
    return tokens


def order_and_see_it_processed(shop: Shop) -> None:
    say("Order", "201 means that all is reserved. `Prefer: wait` answers once the order is Processed.")
    body = {"items": [{"productId": "keyboard", "quantity": 1}, {"productId": "mouse", "quantity": 2}]}
    answer = shop.ask("POST", "/api/orders", body, Prefer="wait=20")
    order = answer.json()
    while answer.ok and order["status"] == "Pending":  # all places to wait were taken
        order = shop.ask("GET", f"/api/orders/{order['orderId']}", Prefer="wait=20").json()


def look_at_the_mail(shop: Shop, email: str) -> None:
    say("The mail", "The local stack keeps it in a mailbox; elsewhere SES sends it.")
    deadline = time.monotonic() + 20
    path = f"/dev/mailbox?to={email}"
    headers = {"Accept": "application/json"}
    while time.monotonic() < deadline:
        answer = shop.session.get(shop.base + path, headers=headers, timeout=60)
        if not answer.ok or answer.json()["data"]:
            break
        time.sleep(0.2)  # the mail follows the order's end, in the worker's time
    shop.ask("GET", path, **headers)


def oversell(shop: Shop) -> None:
    say("Too much", "One more than there are: 409 says what is short, and what would fit, ready to send.")
    stock = shop.ask("GET", "/api/inventory/last-one").json().get("stock", 0)
    lines = [
        {"productId": "mouse", "quantity": 1},
        {"productId": "last-one", "quantity": min(stock + 1, 1000)},
    ]
    problem = shop.ask("POST", "/api/orders", {"items": lines}).json()
    for remedy in problem.get("remedies", []):
        say("The remedy", "Sent as it came.")
        shop.ask("POST", "/api/orders", remedy)


def repeat_with_a_key(shop: Shop) -> None:
    say("Sent twice", "The same Idempotency-Key: one order, and the same answer again.")
    key = uuid4().hex
    body = {"items": [{"productId": "mouse", "quantity": 1}]}
    for _ in range(2):
        shop.ask("POST", "/api/orders", body, Idempotency_Key=key)
    say("The same key for something else", "A mistake of the client's, so the answer says so.")
    body["items"][0]["quantity"] = 2
    shop.ask("POST", "/api/orders", body, Idempotency_Key=key)


def steal(shop: Shop, spent: str, current: str, stolen_at: float) -> None:
    wait = max(0.0, stolen_at + GRACE_SECONDS - time.monotonic())
    say("The stolen token", f"In {wait:.0f} s a thief shows the refresh token that is spent already.")
    time.sleep(wait)
    shop.ask("POST", "/api/auth/refresh", {"refreshToken": spent})
    say("It is of no use any more", "One of the two was a thief. Both must log in again, with the password.")
    shop.ask("POST", "/api/auth/refresh", {"refreshToken": current})


def places() -> list[str]:
    """Where it may run: as asked for, on PORT, or where what `make run` started says that it does."""
    if len(sys.argv) > 1:
        return [sys.argv[1]]
    if os.environ.get("PORT"):
        return [f"http://127.0.0.1:{os.environ['PORT']}"]
    named = os.environ.get("LOCAL_DIR")
    directories = [ROOT / named] if named else sorted(ROOT.glob(".local*"))
    locks = [directory / "lock" for directory in directories]
    texts = [lock.read_text() for lock in locks if lock.exists()]
    return re.findall(r"http://\S+", " ".join(texts)) or ["http://127.0.0.1:3000"]


def fault(shop: Shop) -> str:
    """Why the demo cannot run there; empty when it can."""
    try:
        for path in ("/readyz", "/api/inventory/last-one"):
            shop.session.get(shop.base + path, timeout=10).raise_for_status()
    except requests.HTTPError as error:
        return (
            f"{shop.base} is not ready for the demo: {error}.\nIt wants the products of a fresh `make run`."
        )
    except requests.RequestException:
        return f"Nothing answers at {shop.base}. Start it first, in another terminal: make run"
    return ""


def main() -> int:
    shops = [Shop(base) for base in places()]
    faults = [fault(shop) for shop in shops]
    if "" not in faults:
        print("\n".join(faults), file=sys.stderr)
        return 1
    tell(shops[faults.index("")])
    return 0


if __name__ == "__main__":
    sys.exit(main())
