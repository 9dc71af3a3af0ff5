"""`python -m benchmarks.slow_clients`: what others wait for /livez while many clients are slow.

Starts an API on a stack of its own; then come 500 clients that send a byte of their head now and then, 500
that do so with their body, 500 that pipeline requests for a large file and read nothing, and 5,000 that say
nothing at all, each kind alone. Prints how long /livez took, asked on fresh connections. Takes a minute.
"""

import resource
import selectors
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlsplit

from local_stack.programs import running_api
from local_stack.stack import LocalStack

_PROBES = 300
_HEAD = "POST /api/auth/register HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
_BODY = f'{_HEAD}Content-Length: 90000\r\n\r\n{{"email": "'
_LARGE = "GET /api/docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n" * 100
# kind: how many, what each sends at first, and what it sends every second after that
KINDS: dict[str, tuple[int, str, str]] = {
    "slow heads": (500, _HEAD, "x"),
    "slow bodies": (500, _BODY, "x"),
    "read nothing": (500, _LARGE, ""),
    "say nothing": (5000, "", ""),
}


def main() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    directory = Path(tempfile.mkdtemp(prefix="slow-"))
    with (
        LocalStack(directory / "stack", {}) as stack,
        running_api({**stack.settings, "LOG_FORMAT": "json"}, directory / "api.log") as (base, _),
    ):
        parts = urlsplit(base)
        address = parts.hostname or "", parts.port or 0
        _measure(address, "no slow clients")
        for kind, (count, first, then) in KINDS.items():
            with _slow_clients(address, count, first, then) as how_many_are_left:
                _measure(address, f"{count} {kind}", how_many_are_left)
    print(f"Logs are in {directory}")


def _measure(address: tuple[str, int], name: str, left: Callable[[], int] = lambda: 0) -> None:
    times, unanswered = [], 0
    for _ in range(_PROBES):
        started = time.perf_counter()
        if not _is_alive(address):
            unanswered += 1
        times.append((time.perf_counter() - started) * 1000)
        time.sleep(0.03)
    cuts = quantiles(times, n=100, method="inclusive")
    print(
        f"{name:18} /livez p50 {cuts[49]:5.1f}  p99 {cuts[98]:6.1f}  most {max(times):6.1f} ms  "
        f"unanswered {unanswered} of {_PROBES}; still connected {left()}",
        flush=True,
    )


def _is_alive(address: tuple[str, int]) -> bool:
    connection = HTTPConnection(*address, timeout=10)
    try:
        connection.request("GET", "/livez")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


@contextmanager
def _slow_clients(address: tuple[str, int], count: int, first: str, then: str) -> Iterator[Callable[[], int]]:
    """So many connections, each taken anew when the server ends it, as an attacker would."""
    over = threading.Event()
    with ExitStack() as sockets, selectors.DefaultSelector() as ended:
        alive: set[socket.socket] = set()

        def connect() -> None:
            connection = socket.create_connection(address, timeout=10)
            sockets.callback(connection.close)
            connection.setblocking(False)
            alive.add(connection)
            if not _is_large(first):
                ended.register(connection, selectors.EVENT_READ)
            with suppress(BlockingIOError):
                connection.sendall(first.encode())

        def keep_on() -> None:
            while not over.wait(1):
                ended_ones = {key.fileobj for key, _ in ended.select(0)}
                for connection in [*alive]:
                    try:
                        if connection in ended_ones and not connection.recv(65536):
                            raise ConnectionResetError
                        connection.sendall((then or ("\r\n" if _is_large(first) else "")).encode())
                    except BlockingIOError:
                        pass
                    except OSError:
                        alive.discard(connection)
                        with suppress(KeyError, ValueError):
                            ended.unregister(connection)
                        connection.close()
                for _ in range(count - len(alive)):
                    with suppress(OSError):
                        connect()

        for _ in range(count):
            connect()
        thread = threading.Thread(target=keep_on)
        thread.start()
        try:
            yield lambda: len(alive)
        finally:
            over.set()
            thread.join()


def _is_large(first: str) -> bool:
    """Whether the answers must stay unread."""
    return first == _LARGE


if __name__ == "__main__":
    main()
