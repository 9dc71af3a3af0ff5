"""What the developer reads when all is up."""

import contextlib
import json
import os
from pathlib import Path
from typing import Final

from local_stack.probes import http_get

_TEXT: Final = """
Ready. Ctrl-C stops everything.

  API        {url}  (documentation: {url}/api/docs)
  {mailbox}
  Data       {data}, logs of the servers in {data}/logs
  Products   {products}

Next, in a second terminal:

  curl -s {url}/api/auth/register -H 'Content-Type: application/json' \\
       -d '{{"email": "user@example.com", "password": "password123"}}'
"""


def say(text: str) -> None:
    """To the terminal, which may be gone when we end."""
    with contextlib.suppress(OSError, ValueError):
        print(text, flush=True)


def greeting(host: str, port: int, directory: Path, has_mailbox: bool) -> str:
    url = f"http://{host}:{port}"
    mailbox = f"Mailbox    {url}/dev/mailbox" if has_mailbox else "Mail       your own SES sends it"
    return _TEXT.format(
        url=url,
        mailbox=mailbox,
        data=short(directory),
        products=_products(host, port) or "none yet: flask inventory set ID --stock N --price P",
    )


def short(path: Path) -> str:
    """The path as one would type it here."""
    nearby = os.path.relpath(path)
    return str(path) if nearby.startswith("..") else nearby


def _products(host: str, port: int) -> str:
    """What can be ordered; the API itself knows."""
    _status, body = http_get(port, "/api/inventory?limit=5", host)
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return ", ".join(product["productId"] for product in json.loads(body)["data"])
    return ""
