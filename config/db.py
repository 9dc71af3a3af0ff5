"""The MongoDB client, through flask-pymongo. Port of config/db.js."""

from typing import Any

from flask import Flask
from flask_pymongo import PyMongo
from pymongo import timeout
from pymongo.collection import Collection
from pymongo.errors import ConnectionFailure

from config.server_watch import ServerWatch
from config.settings import Settings
from utils.json_provider import OrjsonProvider

mongo = PyMongo()
server_watch = ServerWatch()

# The name that mongoose uses when the URI names no database: the Node app's data is found again.
_MONGOOSE_DEFAULT = "test"


def init_app(app: Flask, settings: Settings, timeout_seconds: float) -> None:
    """Make the client. A call ends after its time-out, what it waits for a server included.

    Writes are acknowledged by a majority and journaled: a 201 survives the loss of any one machine.
    """
    mongo.init_app(
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
    if mongo.db is None:  # the URI names no database
        mongo.db = mongo.cx[_MONGOOSE_DEFAULT]  # type: ignore[index]
    app.json = OrjsonProvider(app)  # flask-pymongo has just put its own there


def collection(name: str) -> Collection[dict[str, Any]]:
    """A collection of the app's database. Raises ServerSelectionTimeoutError while MongoDB is gone."""
    server_watch.check(mongo.cx)
    return mongo.db[name]  # type: ignore[index, no-any-return]


def ping(seconds: float) -> None:
    """Raise PyMongoError unless the database answers in time, or shows in that time that it is there."""
    client: Any = mongo.cx
    try:
        with timeout(seconds):
            client.admin.command("ping")
    except ConnectionFailure:
        servers = client.topology_description.server_descriptions().values()
        if not any(server.is_server_type_known for server in servers):
            raise
        client.admin.command("ping")  # far away: to connect and log in takes several round trips


def addresses() -> str:
    """Where the driver looks for MongoDB, such as `db1:27017, db2:27017`: no user, no password."""
    known = mongo.cx.topology_description.server_descriptions()  # type: ignore[union-attr]
    return ", ".join(host if port is None else f"{host}:{port}" for host, port in known)


def close() -> None:
    """End the client's connections and threads, before a short-lived process ends."""
    mongo.cx.close()  # type: ignore[union-attr]


def database_is_gone() -> bool:
    """Whether calls fail without being tried, for whoever would only make more of them."""
    return server_watch.is_gone(mongo.cx)
