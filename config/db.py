"""The MongoDB client, through flask-pymongo. Port of config/db.js."""

from flask import Flask
from flask_pymongo import PyMongo

from config.settings import Settings
from utils.json_provider import OrjsonProvider

mongo = PyMongo()

# The name that mongoose uses when the URI names no database: the Node app's data is found again.
_MONGOOSE_DEFAULT = "test"


def init_app(app: Flask, settings: Settings, timeout_seconds: float) -> None:
    """Make the client. A call ends after its time-out; 3 s suffice to know that nobody is there.

    Writes are acknowledged by a majority and journaled: a 201 survives the loss of any one machine.
    """
    mongo.init_app(
        app,
        settings.mongo_uri,
        tz_aware=True,
        w="majority",
        journal=True,
        timeoutMS=int(timeout_seconds * 1000),
        serverSelectionTimeoutMS=3000,
        connectTimeoutMS=3000,
        appname="order-processing",
    )
    if mongo.db is None:  # the URI names no database
        mongo.db = mongo.cx[_MONGOOSE_DEFAULT]  # type: ignore[index]
    app.json = OrjsonProvider(app)  # flask-pymongo has just put its own there
