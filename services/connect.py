"""Makes the resources of an app: the one place where clients and services are put together."""

from flask import Flask
from redis import RedisError

from config import aws, db
from config.redis import make_cache, make_client
from config.resources import Resources, bind
from config.settings import Settings
from models.ended_tokens import EndedTokens
from models.known_indexes import KnownIndexes
from services.order_notifications import OrderWaiters
from services.probes import Probes
from services.queue_publisher import QueuePublisher
from utils.circuit_breaker import CircuitBreaker


def connect(app: Flask, settings: Settings, mongo_timeout_seconds: float = 5) -> Resources:
    """Make the resources and bind them to the app. No call to MongoDB takes longer than its time-out."""
    redis = make_client(settings.redis_address)
    sqs, sqs_receive, ses = aws.make_clients(settings)
    made = Resources(
        settings=settings,
        mongodb=db.connect(app, settings, mongo_timeout_seconds),
        redis=redis,
        cache=make_cache(app, redis),
        redis_circuit=CircuitBreaker("redis", (RedisError,)),
        sqs=sqs,
        sqs_receive=sqs_receive,
        ses=ses,
        queue_publisher=QueuePublisher(app, in_background=settings.publish == "background"),
        order_waiters=OrderWaiters(settings.redis_address, settings.max_waiters),
        ended_tokens=EndedTokens(),
        known_indexes=KnownIndexes(),
        probes=Probes(),
    )
    bind(app, made)
    return made
