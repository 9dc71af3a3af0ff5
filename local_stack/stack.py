"""Start what is not configured; say how to reach it, as settings."""

import json
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from local_stack.aws import Aws
from local_stack.mongo import mongo_of_this_machine
from local_stack.pid_file import PidFile
from local_stack.probes import free_port, nothing, port_is_free
from local_stack.processes import StackError, stop_together
from local_stack.redis import Redis
from local_stack.servers import Server

_GRACE_SECONDS: Final = 10.0
_SECRET_BYTES: Final = 32
_PROXIES: Final = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")


class LocalStack:
    """MongoDB, Redis, SQS and SES: those that `configured` does not name.

    `directory` holds data and logs and is kept; a later start finds the data again.

        with LocalStack(tmp_path, {}) as stack:
            stack.settings["MONGO_URI"]
            stack.servers["redis"].kill()   # "mongo", "redis", "aws"
            stack.servers["redis"].start()  # same port, same data
    """

    def __init__(
        self, directory: Path, configured: Mapping[str, str], check: Callable[[], None] = nothing
    ) -> None:
        """`configured`: the developer's own settings, which always win; an empty one is missing.
        `check` is called while waiting, and may raise to give up."""
        self.directory = directory.resolve()
        self.configured = {name: value for name, value in configured.items() if value}
        self.pids = PidFile(self.directory / "pids.json")
        self.servers: dict[str, Server] = {}
        self.settings: dict[str, str] = {}
        self._check = check

    def start(self) -> dict[str, str]:
        """Start what is missing and wait for it. Returns the settings to add to the configured."""
        if any(server.process.running for server in self.servers.values()):
            return self.settings
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._published.unlink(missing_ok=True)
        self.pids.end_leftovers()
        self.servers = {kind.name: self._make(kind) for kind in self._missing()}
        try:
            for server in self.servers.values():
                server.launch()
            for server in self.servers.values():
                server.await_ready()
            self.settings = self._added()
        except BaseException:
            self.stop()
            raise
        return self.settings

    def stop(self, hurried: Callable[[], bool] = lambda: False) -> None:
        """End all servers in good order, or at once when `hurried` answers so."""
        stop_together([server.process for server in self.servers.values()], _GRACE_SECONDS, hurried)
        self._published.unlink(missing_ok=True)

    def publish(self) -> None:
        """Write the settings to `stack.env`, for commands in a second terminal, until `stop`."""
        lines = [f"{name}={value}\n" for name, value in sorted(self.settings.items())]
        _write_private(self._published, "".join(lines))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def _published(self) -> Path:
        return self.directory / "stack.env"

    def _missing(self) -> list[type[Server]]:
        wanted: list[tuple[Callable[[], type[Server]], tuple[str, ...]]] = [
            (mongo_of_this_machine, ("MONGO_URI",)),
            (lambda: Redis, ("REDIS_HOST", "REDIS_URI")),
            (lambda: Aws, ("SQS_QUEUE_URL", "SQS_URL")),
        ]
        kinds = [kind() for kind, names in wanted if self.configured.keys().isdisjoint(names)]
        if Aws in kinds and "AWS_ENDPOINT_URL" in self.configured:
            raise StackError(
                "AWS_ENDPOINT_URL is set, but SQS_QUEUE_URL is not. Set SQS_QUEUE_URL too to use "
                "that endpoint, or unset AWS_ENDPOINT_URL to have SQS and SES started here."
            )
        return kinds

    def _make(self, kind: type[Server]) -> Server:
        port = self._port(kind)
        return kind(self.directory, port, self.pids, self.configured, self._check)

    def _port(self, kind: type[Server]) -> int:
        """That of the last time where it is free: an address that was noted down stays valid."""
        if kind is Redis and "REDIS_PORT" in self.configured:
            return _wanted_redis_port(self.configured["REDIS_PORT"])
        path = self.directory / "ports.json"
        ports: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
        if kind.name not in ports or not port_is_free(ports[kind.name]):
            ports[kind.name] = free_port()
            path.write_text(json.dumps(ports) + "\n")
        return ports[kind.name]

    def _added(self) -> dict[str, str]:
        made = {"HOST": "127.0.0.1", "LOG_FORMAT": "console"}
        for server in self.servers.values():
            made |= server.settings()
        known = "JWT_SECRET" in self.configured
        made |= {"ALLOW_WEAK_JWT_SECRET": "true"} if known else {"JWT_SECRET": self._jwt_secret()}
        added = {name: value for name, value in made.items() if name not in self.configured}
        return added | self._around_proxies()

    def _jwt_secret(self) -> str:
        """Kept, so that tokens outlive a restart."""
        path = self.directory / "jwt_secret"
        if not path.exists():
            _write_private(path, secrets.token_hex(_SECRET_BYTES))
        return path.read_text().strip()

    def _around_proxies(self) -> dict[str, str]:
        """boto3 would ask a company's proxy for 127.0.0.1."""
        if self.configured.keys().isdisjoint(_PROXIES):
            return {}
        known = self.configured.get("no_proxy") or self.configured.get("NO_PROXY", "")
        around = ",".join(filter(None, (known, "127.0.0.1")))
        return {"no_proxy": around, "NO_PROXY": around}


def _wanted_redis_port(text: str) -> int:
    if not text.isdecimal() or not port_is_free(int(text)):
        raise StackError(
            f"REDIS_PORT={text} cannot be used for a Redis of our own. Set REDIS_HOST as well to "
            "use the server that runs there, or unset REDIS_PORT."
        )
    return int(text)


def _write_private(path: Path, text: str) -> None:
    """Whole or not at all, readable by its owner only."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)
