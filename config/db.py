"""The MongoDB client, through flask-pymongo. Port of config/db.js."""

from typing import Any

from flask import Flask
from flask_pymongo import PyMongo
from pymongo.collection import Collection

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
        settings.mongo_uri,
        tz_aware=True,
        datetime_conversion="DATETIME_AUTO",  # a date past the year 9999 is one odd value, not an error
        w="majority",
        journal=True,
        timeoutMS=int(timeout_seconds * 1000),
        connectTimeoutMS=3000,
        heartbeatFrequencyMS=2000,  # so soon it is known that a server hangs, or is back
        appname="order-processing",
    )
    if mongo.db is None:  # the URI names no database
        mongo.db = mongo.cx[_MONGOOSE_DEFAULT]  # type: ignore[index]
    app.json = OrjsonProvider(app)  # flask-pymongo has just put its own there


def collection(name: str) -> Collection[dict[str, Any]]:
    """A collection of the app's database. Raises ServerSelectionTimeoutError while MongoDB is gone."""
    server_watch.check(mongo.cx)
    return mongo.db[name]  # type: ignore[index, no-any-return]


def database_is_gone() -> bool:
    """Whether calls fail without being tried, for whoever would only make more of them."""
    return server_watch.is_gone(mongo.cx)
