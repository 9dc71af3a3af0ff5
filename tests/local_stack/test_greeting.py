"""The greeting's commands, whatever there is in stock."""

import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from local_stack.greeting import greeting


@contextmanager
def inventory(products: list[dict[str, Any]]) -> Iterator[int]:
    """A server that answers everything with these products. Yields its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"data": products}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def product(product_id: str, in_stock: bool = True, price: float | None = 5.0) -> dict[str, Any]:
    return {"productId": product_id, "stock": 1, "inStock": in_stock, "price": price}


@pytest.mark.parametrize(
    ("products", "ordered"),
    [
        ([product("sold out", in_stock=False), product("no price", price=None), product("cup")], "cup"),
        ([product("Carl's größte")], "Carl's größte"),
    ],
)
def test_what_is_ordered_is_in_stock_and_has_a_price(products: list[dict[str, Any]], ordered: str) -> None:
    with inventory(products) as port:
        text = greeting("127.0.0.1", port, Path(".local"), has_mailbox=True)

    (body,) = [word for word in shlex.split(text.partition("second terminal:")[2]) if word.startswith('{"it')]
    assert json.loads(body) == {"items": [{"productId": ordered, "quantity": 1}]}
    assert "flask inventory set" not in text


@pytest.mark.parametrize("products", [[], [product("cup", price=None)]])
def test_where_nothing_can_be_ordered_a_product_is_made_first(products: list[dict[str, Any]]) -> None:
    with inventory(products) as port:
        text = greeting("127.0.0.1", port, Path(".local"), has_mailbox=False)

    assert ".venv/bin/flask inventory set keyboard --stock 100 --price 79.90\n" in text
    assert '"productId": "keyboard"' in text
