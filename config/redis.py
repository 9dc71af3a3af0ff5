"""The Redis client, and flask-caching on top of it. Port of config/redis.js."""

from typing import Any

from cachelib.serializers import RedisSerializer
from flask import Flask
from flask_caching import Cache
from flask_caching.backends.rediscache import RedisCache
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

# redis-py alone would wait 4 s for a server that is down and 60 s for one that hangs.
TIMEOUT_SECONDS = 0.25


class RawBytes(RedisSerializer):
    """Values are stored as they are: JSON that Node can read too, and nothing that can be unpickled."""

    def dumps(self, value: bytes, protocol: int = 0) -> bytes:
        return value

    def loads(self, bvalue: bytes | None) -> bytes | None:
        return bvalue


class OrderCacheBackend(RedisCache):
    """flask-caching's Redis backend with an `add` of one command.

    The library's own is SETNX, then EXPIRE: a process that dies between the two leaves a stale order behind.
    """

    serializer = RawBytes()

    def add(self, key: str, value: Any, timeout: Any = None) -> bool:
        return bool(self._write_client.set(key, value, nx=True, ex=timeout))

    @classmethod
    def factory(
        cls, app: Flask, config: dict[str, Any], args: list[Any], kwargs: dict[str, Any]
    ) -> "OrderCacheBackend":
        return cls(host=config["CACHE_REDIS_HOST"], key_prefix="")


def make_client(uri: str) -> Redis:
    """A client that gives up after 0.25 s and does not retry: the cache is a hint, not worth a wait."""
    return Redis.from_url(
        uri,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def make_cache(app: Flask, client: Redis) -> Cache:
    """flask-caching on that client."""
    return Cache(app, config={"CACHE_TYPE": "config.redis.OrderCacheBackend", "CACHE_REDIS_HOST": client})
