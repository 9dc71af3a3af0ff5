"""Whether the index is there that makes an Idempotency-Key good for one order, and no more."""

import time

from flask import Flask, current_app

from models.order import KEY_INDEX, orders

GOOD_FOR_SECONDS = 30.0


class KeyIndex:
    """What one process knows. That the index is there is asked for by one order in 30 s, and else remembered;
    that it is not, by each. Thread-safe: two that ask at once learn the same."""

    def __init__(self) -> None:
        self._good_until = float("-inf")

    def is_there(self) -> bool:
        """Raises PyMongoError when MongoDB does not say."""
        asked_at = time.monotonic()
        if asked_at < self._good_until:
            return True
        there = any(KEY_INDEX.is_served_by(dict(index)) for index in orders().list_indexes())
        self._good_until = asked_at + GOOD_FOR_SECONDS if there else float("-inf")
        return there


def init_app(app: Flask) -> None:
    app.extensions["key_index"] = KeyIndex()


def is_there() -> bool:
    """Whether keys hold in this app's database."""
    known: KeyIndex = current_app.extensions["key_index"]
    return known.is_there()
