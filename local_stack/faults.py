"""The faults that the local stack knows: of its processes, of SQS and SES, of its data.

What another program may do to the data, and to the queue, is done here by another program: with pymongo and
boto3, past the application's own code.
"""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPConnection
from typing import Any, Final
from uuid import uuid4

import orjson
from bson import ObjectId
from pymongo import DESCENDING, MongoClient
from pymongo.collection import Collection

from local_stack import aws_faults
from local_stack.aws import DEAD_LETTER_QUEUE, Aws
from local_stack.break_it import Fault, NotNow
from local_stack.fault_words import WORDS
from local_stack.keeper import Keeper
from local_stack.probes import LOCALHOST
from local_stack.stack import LocalStack

_MOMENT_SECONDS: Final = 0.3
_MADE_HERE: Final = {"madeBy": "break it"}


def _fault(name: str, begin: Callable[[], None], end: Callable[[], None] | None = None) -> Fault:
    return Fault(name, *WORDS[name], begin, end)


def of_stack(stack: LocalStack, keepers: Mapping[str, Keeper]) -> list[Fault]:
    """Those of what runs here: a developer's own servers are not broken. `keepers` by names of processes."""
    aws = stack.servers.get("aws")
    if not isinstance(aws, Aws):
        return _of_processes(keepers)
    data = _of_data(aws, stack.settings) if "mongo" in stack.servers else []
    return _of_processes(keepers) + _of_aws(aws) + data


def _of_processes(keepers: Mapping[str, Keeper]) -> list[Fault]:
    kills = [("worker", "kill_worker"), ("api", "kill_api")]
    faults = [_fault(fault, partial(_kill, keepers[name])) for name, fault in kills if name in keepers]
    stops = [("redis", "stop_redis"), ("mongo", "stop_mongo")]
    return faults + [
        _fault(fault, partial(_stop, keepers[name]), partial(_start, keepers[name]))
        for name, fault in stops
        if name in keepers
    ]


def _of_aws(aws: Aws) -> list[Fault]:
    """Of SQS and SES. Of those of SES the last that began counts, and the first that ends ends all."""
    kinds = [
        ("stop_sqs", "sqs", "down"),
        ("throttle_ses", "ses", "throttled"),
        ("hang_ses", "ses", "hangs"),
        ("pause_ses", "ses", "paused"),
    ]
    return [
        _fault(name, partial(_set_aws, aws, service, wrong), partial(_set_aws, aws, service, None))
        for name, service, wrong in kinds
    ]


def _of_data(aws: Aws, settings: Mapping[str, str]) -> list[Fault]:
    uri = settings["MONGO_URI"]
    return [
        _fault("deliver_twice", partial(_deliver_twice, aws, uri)),
        _fault("poison_message", partial(_poison, aws), partial(_empty_dead_letters, aws)),
        _fault("odd_document", partial(_write_odd, uri), partial(_delete_odd, uri)),
    ]


def _kill(keeper: Keeper) -> None:
    """In a moment, so that the API can still answer who asked for it."""
    threading.Timer(_MOMENT_SECONDS, keeper.process.send_to_group, [signal.SIGKILL]).start()


def _stop(keeper: Keeper) -> None:
    keeper.paused = True
    keeper.process.stop(10)


def _start(keeper: Keeper) -> None:
    keeper.paused = False
    keeper.start()


def _set_aws(aws: Aws, service: str, wrong: str | None) -> None:
    connection = HTTPConnection(LOCALHOST, aws.port, timeout=5)
    with contextlib.closing(connection):
        connection.request("PUT", aws_faults.PATH, orjson.dumps({service: wrong}))
        connection.getresponse().read()


def _deliver_twice(aws: Aws, uri: str) -> None:
    with _orders(uri) as orders:
        order = orders.find_one({"accepted": True}, sort=[("_id", DESCENDING)])
    if order is None:
        raise NotNow("Place an order first: its message is what comes twice.")
    body = orjson.dumps({"orderId": order["orderId"]}).decode()
    for _ in range(2):
        aws.sqs().send_message(QueueUrl=aws.queue_url, MessageBody=body)


def _poison(aws: Aws) -> None:
    aws.sqs().send_message(QueueUrl=aws.queue_url, MessageBody="This is no order.")


def _empty_dead_letters(aws: Aws) -> None:
    sqs = aws.sqs()
    sqs.purge_queue(QueueUrl=sqs.get_queue_url(QueueName=DEAD_LETTER_QUEUE)["QueueUrl"])


def _write_odd(uri: str) -> None:
    now = datetime.now(UTC)
    order_id = f"odd-{uuid4().hex[:8]}"
    odd = {"orderId": order_id, "userId": ObjectId(), "status": "Pending", "items": "two keyboards"}
    with _orders(uri) as orders:
        orders.insert_one({**odd, **_MADE_HERE, "accepted": True, "createdAt": now, "nextActionAt": now})


def _delete_odd(uri: str) -> None:
    with _orders(uri) as orders:
        orders.delete_many(_MADE_HERE)


@contextlib.contextmanager
def _orders(uri: str) -> Iterator[Collection[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](uri, timeoutMS=5000) as client:
        yield client.get_default_database()["orders"]
