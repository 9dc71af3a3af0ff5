"""Settings, and the clients of everything outside: made once, bound to a Flask app.

The web app, the worker and the commands all start with `connect`. No connection is opened before it is
first used, so this is safe before a fork.
"""

from flask import Flask

from config import aws, db, redis
from config.settings import Settings


def connect(app: Flask, settings: Settings, mongo_timeout_seconds: float = 5) -> None:
    """Make the clients of MongoDB, Redis and AWS and bind them to the app.

    No call to MongoDB takes longer than its time-out, whatever happens to the network.
    """
    app.extensions["settings"] = settings
    db.init_app(app, settings, mongo_timeout_seconds)
    redis.init_app(app, settings)
    aws.init_app(app, settings)
