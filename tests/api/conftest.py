"""What these tests share: the database to look into, an admin, and APIs with settings of their own."""

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database
from redis import Redis

from config.redis import make_client
from tests.support.client import Client
from tests.support.system import running_api

Mongo = Database[dict[str, Any]]
StartApi = Callable[..., AbstractContextManager[str]]

REFRESH_SECRET = "a refresh key, 7f3b9c, of its own, 0d8e41"


@pytest.fixture(scope="session")
def database(settings: Mapping[str, str]) -> Iterator[Mongo]:
    """The database of the API under test."""
    with MongoClient[dict[str, Any]](settings["MONGO_URI"], tz_aware=True) as client:
        yield client.get_default_database()


@pytest.fixture
def admin(user: Client, database: Mongo) -> Client:
    """A client whose account is an admin's."""
    database["users"].update_one({"email": user.email}, {"$set": {"role": "admin"}})
    return user


@pytest.fixture(scope="session")
def steady_admin(api: str, database: Mongo) -> Client:
    """An admin for all tests that leave the account as it is: whom no route sends away unheard."""
    client = Client(api).register()
    database["users"].update_one({"email": client.email}, {"$set": {"role": "admin"}})
    return client


@pytest.fixture(scope="session")
def closed_port() -> Iterator[int]:
    """A port that refuses connections, and that nobody else can take meanwhile: bound, never listening."""
    with socket.socket() as keeper:
        keeper.bind(("127.0.0.1", 0))
        yield keeper.getsockname()[1]


@pytest.fixture(scope="session")
def start_api(settings: Mapping[str, str], logs: Path) -> StartApi:
    """Starts one more API: `with start_api("name", BCRYPT_COST="6") as base`. A setting of "" is missing."""

    @contextmanager
    def start(name: str, **overrides: str) -> Iterator[str]:
        one_process = {"WEB_CONCURRENCY": "1", **overrides}
        with running_api(settings, logs / f"api-{name}.log", **one_process) as (base, _):
            yield base

    return start


@pytest.fixture(scope="session")
def limited(start_api: StartApi) -> Iterator[Client]:
    """A client of an API with limits, behind a proxy: X-Forwarded-For says who asks. Two processes."""
    changes = {"RATELIMIT_ENABLED": "true", "TRUSTED_PROXIES": "1", "WEB_CONCURRENCY": "2"}
    with start_api("limited", **changes) as base:
        yield Client(base)


@pytest.fixture(scope="session")
def redis(settings: Mapping[str, str]) -> Iterator[Redis]:
    """The Redis of the API under test."""
    uri = settings.get("REDIS_URI") or f"redis://{settings['REDIS_HOST']}:{settings['REDIS_PORT']}"
    with make_client(uri) as client:
        yield client


@pytest.fixture(scope="session")
def api_without_mongo(start_api: StartApi, closed_port: int) -> Iterator[str]:
    """An API whose database is gone."""
    uri = f"mongodb://127.0.0.1:{closed_port}/orders"
    with start_api("without-mongo", MONGO_URI=uri) as base:
        yield base


@pytest.fixture(scope="session")
def api_without_redis(start_api: StartApi, closed_port: int) -> Iterator[str]:
    """An API whose Redis is gone, with limits. It trusts no proxy, so all these tests are one address."""
    uri = f"redis://127.0.0.1:{closed_port}"
    with start_api("without-redis", REDIS_URI=uri, RATELIMIT_ENABLED="true") as base:
        yield base


@pytest.fixture(scope="session")
def api_as_node_named_it(settings: Mapping[str, str], start_api: StartApi) -> Iterator[str]:
    """An API configured by the names that the Node code read, and with lives of tokens of its own."""
    redis = settings.get("REDIS_URI") or f"redis://{settings['REDIS_HOST']}:{settings['REDIS_PORT']}"
    queue = settings.get("SQS_QUEUE_URL") or settings["SQS_URL"]
    with start_api(
        "as-node-named-it",
        REDIS_URI=redis,
        REDIS_HOST="",
        REDIS_PORT="",
        SQS_URL=queue,
        SQS_QUEUE_URL="",
        JWT_REFRESH_SECRET=REFRESH_SECRET,
        ACCESS_TOKEN_SECONDS="120",
        REFRESH_TOKEN_SECONDS="240",
    ) as base:
        yield base
