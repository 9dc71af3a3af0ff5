"""All that the code uses of the world outside, in one typed object. The web app, the worker and the commands
have it made by services/connect.py; any code asks for it by `resources()`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import Flask, current_app

from config.db import MongoDB
from config.settings import Settings
from utils.circuit_breaker import CircuitBreaker

# For the type checker alone: nothing is imported from the rooms above, and the AWS types are not installed
# in production.
if TYPE_CHECKING:
    from flask_caching import Cache
    from mypy_boto3_ses import SESClient
    from mypy_boto3_sqs import SQSClient
    from redis import Redis

    from models.ended_tokens import EndedTokens
    from models.known_indexes import KnownIndexes
    from services.order_notifications import OrderWaiters
    from services.probes import Probes
    from services.queue_publisher import QueuePublisher

_KEY: Final = "resources"


@dataclass(frozen=True)
class Resources:
    """One for each app. Making it connects to nothing and starts nothing: connections, the driver's monitors
    and threads begin at first use, so after any fork.
    """

    settings: Settings
    mongodb: MongoDB
    redis: "Redis"
    cache: "Cache"  # flask-caching, on that Redis
    redis_circuit: CircuitBreaker  # spares each request the time-outs while Redis is down
    sqs: "SQSClient"  # sends and deletes
    sqs_receive: "SQSClient"  # waits in long polls
    ses: "SESClient"
    queue_publisher: "QueuePublisher"
    order_waiters: "OrderWaiters"
    ended_tokens: "EndedTokens"
    known_indexes: "KnownIndexes"
    probes: "Probes"


def bind(app: Flask, made: Resources) -> None:
    """Make them those of the app."""
    app.extensions[_KEY] = made


def has_resources(app: Flask) -> bool:
    return _KEY in app.extensions


def resources() -> Resources:
    """Those of the current app."""
    return resources_of(current_app)


def resources_of(app: Flask) -> Resources:
    made: Resources = app.extensions[_KEY]
    return made
