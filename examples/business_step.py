"""A business step with its undo: FULFILMENT=examples.business_step:ship. docs/FULFILMENT.md tells of it.

The warehouse takes a parcel order under an id of ours, and the same id again is the same parcel: so both
functions are safe to repeat. WAREHOUSE_URL is where it listens.
"""

import os
from typing import Any

import requests

_TIMEOUT_SECONDS = 10  # of each call: a thread that hangs is lost


def ship(order: dict[str, Any]) -> None:
    """Have the parcel packed. Whatever goes wrong is an exception: then it is tried again, later."""
    lines = [{"product": item["productId"], "quantity": item["quantity"]} for item in order["items"]]
    requests.put(_parcel(order), json={"lines": lines}, timeout=_TIMEOUT_SECONDS).raise_for_status()


def undo(order: dict[str, Any]) -> None:
    """Have it unpacked. A parcel that was never asked for, or is unpacked already, is as good."""
    answer = requests.delete(_parcel(order), timeout=_TIMEOUT_SECONDS)
    if answer.status_code != requests.codes.not_found:
        answer.raise_for_status()


def _parcel(order: dict[str, Any]) -> str:
    return f"{os.environ['WAREHOUSE_URL']}/parcels/{order['orderId']}"
