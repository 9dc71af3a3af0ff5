"""MongoDB: SecantusDB, or mongod where SecantusDB has no wheel."""

import shutil
import sys
from pathlib import Path
from typing import Final

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from local_stack.probes import LOCALHOST, accepts
from local_stack.processes import StackError
from local_stack.servers import Server

_NOT_HERE: Final = (
    "There is no MongoDB to start: SecantusDB is not installed, and no mongod is on PATH. `make run` "
    "installs SecantusDB on Linux (x86-64, arm64) and on macOS (Apple silicon). Elsewhere install mongod, "
    "or set MONGO_URI to a MongoDB that runs; on Windows, take WSL."
)


class Mongo(Server):
    """What speaks MongoDB's protocol."""

    name = "mongo"

    def is_ready(self) -> bool:
        if not accepts(self.port):
            return False
        with MongoClient[dict[str, object]](self.uri, serverSelectionTimeoutMS=2000) as client:
            try:
                client.admin.command("ping")
            except PyMongoError:
                return False
        return True

    @property
    def uri(self) -> str:
        return f"mongodb://{LOCALHOST}:{self.port}/orders"

    def settings(self) -> dict[str, str]:
        return {"MONGO_URI": self.uri}


class SecantusDB(Mongo):
    """WiredTiger under MongoDB's protocol. GPL: run as a program, never imported."""

    title = "SecantusDB (MongoDB)"

    @staticmethod
    def program() -> Path:
        return Path(sys.executable).with_name("secantusd-py")

    def command(self) -> list[str]:
        listen = ["--host", LOCALHOST, "--port", str(self.port)]
        store = ["--storage-path", str(self.data), "--cache-size", "256M"]
        # Without the first, a `kill -9` loses what was written without `j: true` just before.
        other = ["--sync-on-commit", "--config", str(self._config), "--log-level", "WARNING"]
        return [str(self.program()), *listen, *store, *other]

    def prepare(self) -> None:
        super().prepare()
        self._config.touch()

    @property
    def _config(self) -> Path:
        """Empty. Without one it takes what it finds in the home directory."""
        return self.data / "secantusd.toml"


class Mongod(Mongo):
    """MongoDB's own server, as it is found on PATH. Its files are not SecantusDB's."""

    title = "mongod (MongoDB)"
    folder = "mongod"

    @staticmethod
    def program() -> str | None:
        return shutil.which("mongod")

    def command(self) -> list[str]:
        listen = ["--bind_ip", LOCALHOST, "--port", str(self.port), "--nounixsocket"]
        store = ["--dbpath", str(self.data), "--wiredTigerCacheSizeGB", "0.25"]
        return [self.program() or "mongod", *listen, *store, "--quiet"]


def mongo_of_this_machine() -> type[Mongo]:
    """StackError when there is none."""
    if SecantusDB.program().exists():
        return SecantusDB
    if Mongod.program():
        return Mongod
    raise StackError(_NOT_HERE)
