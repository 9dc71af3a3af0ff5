"""What the tests of the local stack share."""

import contextlib
import socket
from collections.abc import Iterator

LIMIT = 30.0  # seconds; generous, since only a fault reaches it
ELSEWHERE = {
    "MONGO_URI": "mongodb://127.0.0.1:1/orders",
    "REDIS_HOST": "127.0.0.1",
    "SQS_QUEUE_URL": "http://127.0.0.1:1/000000000000/orders",
}
ONLY_REDIS = {name: value for name, value in ELSEWHERE.items() if name != "REDIS_HOST"}


@contextlib.contextmanager
def occupied(port: int) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", port)):
        yield
