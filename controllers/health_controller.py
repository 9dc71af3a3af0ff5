"""Is the process up, and is everything there that it needs?"""

from typing import Any

from flask import current_app
from pymongo import timeout
from pymongo.errors import PyMongoError
from redis import RedisError

from config.db import mongo
from services import aws_queue_service


def readiness() -> tuple[str, dict[str, str]]:
    """`ready`, `degraded` or `unavailable`, and each dependency as `up` or `down`.

    Without Redis everything works, slower: degraded.
    """
    dependencies = {"mongodb": _mongodb(), "redis": _redis(), "sqs": _sqs()}
    if "down" in (dependencies["mongodb"], dependencies["sqs"]):
        return "unavailable", dependencies
    return "degraded" if dependencies["redis"] == "down" else "ready", dependencies


def _mongodb() -> str:
    client: Any = mongo.cx
    try:
        with timeout(1):
            client.admin.command("ping")
    except PyMongoError:
        return "down"
    return "up"


def _redis() -> str:
    try:
        current_app.extensions["redis"].ping()
    except RedisError:
        return "down"
    return "up"


def _sqs() -> str:
    try:
        aws_queue_service.ping()
    except aws_queue_service.QueueError:
        return "down"
    return "up"
