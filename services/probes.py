"""Does what the app needs answer? Each probe is short, and ends within about two seconds."""

import time
from typing import Any

import structlog
from flask import current_app
from pymongo import timeout
from pymongo.errors import PyMongoError
from redis import RedisError

from config.db import mongo
from models import indexes, write_probe
from services import aws_queue_service

log = structlog.get_logger(__name__)

_INDEX_SECONDS = 60
_WRITE_SECONDS = 10


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


def mongodb_takes_writes() -> bool:
    """Whether a write is acknowledged. After one that was, the answer stands for 10 s; else each asks."""
    state = current_app.extensions.setdefault("write_probe", {"good_until": 0.0, "told": False})
    asked_at = time.monotonic()
    if asked_at < state["good_until"]:
        return True
    try:
        with timeout(2):
            write_probe.write()
    except PyMongoError as error:
        if not state["told"]:
            log.error("writes_refused", error=type(error).__name__)
        state["told"] = True
        return False
    if state["told"]:
        log.info("writes_taken_again")
    state.update(good_until=asked_at + _WRITE_SECONDS, told=False)
    return True


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
