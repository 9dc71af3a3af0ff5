"""The MongoDB client, through flask-pymongo. Port of config/db.js."""

from dataclasses import dataclass, field
from typing import Any, cast

from flask import Flask
from flask_pymongo import PyMongo
from pymongo import MongoClient, timeout
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import ConnectionFailure

from config.settings import Settings
from utils.json_provider import OrjsonProvider
from utils.server_watch import ServerWatch

# The name that mongoose uses when the URI names no database: the Node app's data is found again.
_MONGOOSE_DEFAULT = "test"


@dataclass(frozen=True)
class MongoDB:
    """The app's database, its client, and whether it is there."""

    client: MongoClient[Any]
    database: Database[Any]
    _watch: ServerWatch = field(default_factory=ServerWatch)

    def collection(self, name: str) -> Collection[Any]:
        """A collection of the database. Raises ServerSelectionTimeoutError while MongoDB is down."""
        self._watch.check(self.client)
        return self.database[name]

    def ping(self, seconds: float) -> None:
        """Raise PyMongoError unless MongoDB answers in time, or shows in that time that it is there."""
        try:
            with timeout(seconds):
                self.client.admin.command("ping")
        except ConnectionFailure:
            servers = self.client.topology_description.server_descriptions().values()
            if not any(server.is_server_type_known for server in servers):
                raise
            self.client.admin.command("ping")  # far away: to connect and log in takes several round trips

    def is_gone(self) -> bool:
        """Whether calls fail without being tried: who could make more of them had better not."""
        return self._watch.is_gone(self.client)

    def addresses(self) -> str:
        """Where the driver looks for MongoDB, such as `db1:27017, db2:27017`: no user, no password."""
        known = self.client.topology_description.server_descriptions()
        return ", ".join(host if port is None else f"{host}:{port}" for host, port in known)


def connect(app: Flask, settings: Settings, timeout_seconds: float) -> MongoDB:
    """Make the client. A call ends after its time-out, what it waits for a server included.

    Writes are acknowledged by a majority and journaled: a 201 survives the loss of any one machine.
    """
    mongo = PyMongo(
        app,
        settings.mongo_uri.get_secret_value(),
        tz_aware=True,
        w="majority",
        journal=True,
        timeoutMS=int(timeout_seconds * 1000),
        connectTimeoutMS=3000,
        heartbeatFrequencyMS=2000,  # so soon it is known that a server hangs, or is back
        appname="order-processing",
        # What other programs wrote must be readable: dates beyond the year 9999, text that is not UTF-8.
        datetime_conversion="DATETIME_AUTO",
        unicode_decode_error_handler="replace",
    )
    app.json = OrjsonProvider(app)  # flask-pymongo has just put its own there
    client = cast("MongoClient[Any]", mongo.cx)  # just made
    return MongoDB(client, client.get_default_database(_MONGOOSE_DEFAULT))
