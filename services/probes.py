"""Does what the app needs answer? Each probe is short, and ends within about two seconds."""

import time
from typing import Final

import structlog
from pymongo import timeout
from pymongo.errors import PyMongoError
from redis import RedisError

from config.resources import resources
from models import indexes, write_probe
from services import aws_queue_service

log = structlog.get_logger(__name__)

_INDEX_SECONDS: Final = 60
_WRITE_SECONDS: Final = 10


class Probes:
    """The probes, and how long the good answer of a costly one stands in this process."""

    def __init__(self) -> None:
        self._indexes_good_until = 0.0
        self._writes_good_until = 0.0
        self._refusal_logged = False

    def mongodb_answers(self) -> bool:
        try:
            with timeout(1):
                resources().mongodb.client.admin.command("ping")
        except PyMongoError:
            return False
        return True

    def missing_indexes(self) -> list[indexes.Missing] | None:
        """The indexes that are not there, or None when MongoDB does not say.

        Once all are there they are asked for once a minute: monitoring asks every few seconds.
        """
        if time.monotonic() < self._indexes_good_until:
            return []
        try:
            with timeout(1):
                missing = indexes.missing()
        except PyMongoError:
            return None
        if not missing:
            self._indexes_good_until = time.monotonic() + _INDEX_SECONDS
        return missing

    def mongodb_takes_writes(self) -> bool:
        """Whether a write is acknowledged. After one that was, the answer stands for 10 s; else each call
        writes."""
        asked_at = time.monotonic()
        if asked_at < self._writes_good_until:
            return True
        try:
            with timeout(2):
                write_probe.write()
        except PyMongoError as error:
            if not self._refusal_logged:
                log.error("writes_refused", error=type(error).__name__)
            self._refusal_logged = True
            return False
        if self._refusal_logged:
            log.info("writes_taken_again")
        self._writes_good_until, self._refusal_logged = asked_at + _WRITE_SECONDS, False
        return True

    def redis_answers(self) -> bool:
        try:
            resources().redis.ping()
        except RedisError:
            return False
        return True

    def sqs_answers(self) -> bool:
        try:
            aws_queue_service.ping()
        except aws_queue_service.QueueError:
            return False
        return True
