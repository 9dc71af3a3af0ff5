"""What the developer reads when all is up."""

import contextlib
import json
import os
import shlex
from pathlib import Path
from typing import Any, Final

from local_stack.probes import http_get

_TEXT: Final = r"""
Ready. Ctrl-C stops everything.

  API        {url}  (documentation: {url}/api/docs)
  {mailbox}
  Data       {data}, logs of the servers in {data}/logs
  Products   {products}

Your first order, in a second terminal:

{make_product}  curl -sSw '\n' {url}/api/auth/register -H 'Content-Type: application/json' \
       -d '{user}'

  token=$(curl -sS {url}/api/auth/login -H 'Content-Type: application/json' \
       -d '{user}' | sed 's/.*"token":"\([^"]*\)".*/\1/')

  curl -sSw '\n' {url}/api/orders -H 'Content-Type: application/json' \
       -H "Authorization: Bearer $token" -H 'Prefer: wait=10' \
       -d {order}
"""
_SHOWN: Final = 5
_USER: Final = {"email": "you@example.com", "password": "password123"}
_NEW_PRODUCT: Final = "keyboard"
_MAKE_PRODUCT: Final = f"  .venv/bin/flask inventory set {_NEW_PRODUCT} --stock 100 --price 79.90\n\n"


def say(text: str) -> None:
    """To the terminal, which may be closed when we end."""
    with contextlib.suppress(OSError, ValueError):
        print(text, flush=True)


def greeting(host: str, port: int, directory: Path, has_mailbox: bool) -> str:
    """Where everything is, and the commands that lead to the first order, ready to paste."""
    url = f"http://{host}:{port}"
    products = _products(host, port)
    # One without a price would need the client's own total.
    buyable = [product["productId"] for product in products if product["inStock"] and product["price"]]
    items = [{"productId": buyable[0] if buyable else _NEW_PRODUCT, "quantity": 1}]
    return _TEXT.format(
        url=url,
        mailbox=f"Board      {url}/dev  (mails: {url}/dev/mailbox)"
        if has_mailbox
        else "Mail       your own SES sends it",
        data=short(directory),
        products=", ".join(product["productId"] for product in products[:_SHOWN]) or "none yet",
        make_product="" if buyable else _MAKE_PRODUCT,
        user=json.dumps(_USER),
        order=shlex.quote(json.dumps({"items": items}, ensure_ascii=False)),
    )


def short(path: Path) -> str:
    """The path as one would type it here."""
    nearby = os.path.relpath(path)
    return str(path) if nearby.startswith("..") else nearby


def _products(host: str, port: int) -> list[dict[str, Any]]:
    """Some that can be ordered; the API itself knows. None when it does not say."""
    _status, body = http_get(port, "/api/inventory?limit=50", host)
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return [{"price": None, "inStock": False, **product} for product in json.loads(body)["data"]]
    return []
