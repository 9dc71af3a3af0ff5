"""Does what the app needs answer? Each probe is short, and ends within about two seconds."""

from typing import Any

from flask import current_app
from pymongo import timeout
from pymongo.errors import PyMongoError
from redis import RedisError

from config.db import mongo
from services import aws_queue_service


def mongodb_answers() -> bool:
    client: Any = mongo.cx
    try:
        with timeout(1):
            client.admin.command("ping")
    except PyMongoError:
        return False
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
