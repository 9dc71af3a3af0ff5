"""Ports, questions to a server, and waiting for an answer."""

import errno
import http.client
import random
import socket
import time
from collections.abc import Callable
from typing import Final

LOCALHOST: Final = "127.0.0.1"

# Below the range from which systems take the ports of outgoing connections: one of those could
# otherwise sit on a server's port while the server is down for a moment.
_PORTS: Final = range(20_000, 32_000)
_POLL_SECONDS: Final = 0.05


def nothing() -> None:
    """The hook of a wait that is never given up early."""


def free_port() -> int:
    """A port of 127.0.0.1 that no process listens on."""
    return next(port for port in random.sample(_PORTS, len(_PORTS)) if port_is_free(port))


def port_is_free(port: int, host: str = LOCALHOST) -> bool:
    # Connecting first: macOS lets one bind 127.0.0.1 beside a server that listens on all addresses.
    return not accepts(port, host) and _can_bind(port, host)


def accepts(port: int, host: str = LOCALHOST) -> bool:
    """True if something accepts connections there."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def _can_bind(port: int, host: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno not in (errno.EADDRINUSE, errno.EACCES)
    return True


def http_get(port: int, path: str, host: str = LOCALHOST) -> tuple[int, bytes]:
    """Status and body of a GET; never through a proxy. Status 0 when there is no answer."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", path, headers={"Accept": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


def wait_until(condition: Callable[[], bool], seconds: float, check: Callable[[], None] = nothing) -> bool:
    """Wait for the condition; False when the time is over. `check` may raise to give up early."""
    end = time.monotonic() + seconds
    while not condition():
        check()
        if time.monotonic() > end:
            return False
        time.sleep(_POLL_SECONDS)
    return True
