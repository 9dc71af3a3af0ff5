"""Does what the app needs answer? Each probe is short, and ends within about two seconds."""

import time
from typing import Any

from flask import current_app
from pymongo import timeout
from pymongo.errors import PyMongoError
from redis import RedisError

from config.db import mongo
from models import indexes
from services import aws_queue_service

_INDEX_SECONDS = 60


def mongodb_answers() -> bool:
    client: Any = mongo.cx
    try:
        with timeout(1):
            client.admin.command("ping")
    except PyMongoError:
        return False
    return True


def missing_indexes() -> list[indexes.Missing] | None:
    """The indexes that are not there, or None when MongoDB does not say.

    Once all are there they are asked for once a minute: whoever watches asks every few seconds.
    """
    state = current_app.extensions.setdefault("index_probe", {"good_until": 0.0})
    if time.monotonic() < state["good_until"]:
        return []
    try:
        with timeout(1):
            missing = indexes.missing()
    except PyMongoError:
        return None
    if not missing:
        state["good_until"] = time.monotonic() + _INDEX_SECONDS
    return missing


def redis_answers() -> bool:
    try:
        current_app.extensions["redis"].ping()
    except RedisError:
        return False
    return True


def sqs_answers() -> bool:
    try:
        aws_queue_service.ping()
    except aws_queue_service.QueueError:
        return False
    return True
