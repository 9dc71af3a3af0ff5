"""The faults that the local stack knows: of its processes, of SQS and SES, of its data.

What another program may do to the data, and to the queue, is done here by another program: with pymongo and
boto3, past the application's own code.
"""

import signal
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPConnection
from typing import Any, Final
from uuid import uuid4

import boto3
import orjson
from botocore.config import Config
from bson import ObjectId
from pymongo import DESCENDING, MongoClient

from local_stack import aws_faults
from local_stack.break_it import Fault, NotNow
from local_stack.keeper import Keeper
from local_stack.probes import LOCALHOST
from local_stack.servers import Server

_MOMENT_SECONDS: Final = 0.3
_MADE_HERE: Final = {"madeBy": "break it"}
_AGAIN: Final = "The supervisor starts it again within seconds."

# Of each fault its title, what clients see meanwhile, and what mends it.
_WORDS: Final = {
    "kill_worker": (
        "Kill the worker",
        "Orders are taken and answered as before. They stay Pending, at most for seconds.",
        f"{_AGAIN} What it had begun is finished from its message, or by a sweep after 30 s.",
    ),
    "kill_api": (
        "Kill the API",
        "Connections are refused for some seconds. A request that is sent again with its Idempotency-Key "
        "makes one order.",
        f"{_AGAIN} An order that it was about to decide expires after 60 s and frees its stock.",
    ),
    "stop_redis": (
        "Stop Redis",
        "All goes on, somewhat slower: reads come from MongoDB (X-Cache: miss), each process counts rate "
        "limits by itself, `Prefer: wait` looks into the database.",
        "It is asked again every 2 s, and used once it answers.",
    ),
    "stop_mongo": (
        "Stop MongoDB",
        "Orders, logins and reads that are not cached are answered 503 with Retry-After within milliseconds, "
        "but for the first 3 s. What was accepted is kept.",
        "Calls go through again as soon as it answers; the worker goes on where it was.",
    ),
    "stop_sqs": (
        "Stop SQS",
        "Orders are taken and answered as before. They stay Pending for up to 35 s.",
        "No message tells a worker of them; its sweep finds every order 30 s after it was placed.",
    ),
    "throttle_ses": (
        "Let SES take one mail a second",
        "Orders end as before. Their mails come late, one a second.",
        "The worker sends as fast as SES takes mails, and faster again when SES lets it.",
    ),
    "hang_ses": (
        "Let SES hang",
        "Orders end as before. Mails are late; whether SES took one that it did not answer, nobody knows.",
        "After 10 s such a mail counts as unknown, and is sent again 10 minutes later: twice at most.",
    ),
    "pause_ses": (
        "Let SES pause the account",
        "Orders end as before. Mails wait, as the fault is not theirs; /readyz and this board say so.",
        "One mail is tried now and then. When SES takes it, the others follow.",
    ),
    "deliver_twice": (
        "Deliver a message twice",
        "Nothing: the message of the latest order comes two more times; it is processed and mailed once.",
        "Each step is a compare-and-set in MongoDB: a second message finds nothing left to do.",
    ),
    "poison_message": (
        "Send a message that is no order",
        "Nothing: orders are processed beside it.",
        "After 5 receives, here in half a minute, SQS makes it a dead letter; mending here deletes those.",
    ),
    "odd_document": (
        "Write an odd document",
        "Nothing: an order whose items are a text stands among the others.",
        "The worker puts it aside, and `flask audit` names it until it is mended; here it is deleted.",
    ),
}


def _fault(name: str, begin: Callable[[], None], end: Callable[[], None] | None = None) -> Fault:
    return Fault(name, *_WORDS[name], begin, end)


def of_processes(keepers: Mapping[str, Keeper]) -> list[Fault]:
    """Kill or stop what runs. `keepers` by the names of their processes."""
    kills = [("worker", "kill_worker"), ("api", "kill_api")]
    faults = [_fault(fault, partial(_kill, keepers[name])) for name, fault in kills if name in keepers]
    stops = [("redis", "stop_redis"), ("mongo", "stop_mongo")]
    return faults + [
        _fault(fault, partial(_stop, keepers[name]), partial(_start, keepers[name]))
        for name, fault in stops
        if name in keepers
    ]


def of_aws(server: Server) -> list[Fault]:
    """Of SQS and SES. Of those of SES the last that began counts, and the first that ends ends all."""
    kinds = [
        ("stop_sqs", "sqs", "down"),
        ("throttle_ses", "ses", "throttled"),
        ("hang_ses", "ses", "hangs"),
        ("pause_ses", "ses", "paused"),
    ]
    return [
        _fault(name, partial(_set_aws, server, service, wrong), partial(_set_aws, server, service, None))
        for name, service, wrong in kinds
    ]


def of_data(settings: Mapping[str, str]) -> list[Fault]:
    """Of messages and documents. `settings` are those of the application."""
    return [
        _fault("deliver_twice", partial(_deliver_twice, settings)),
        _fault("poison_message", partial(_poison, settings), partial(_empty_dead_letters, settings)),
        _fault("odd_document", partial(_write_odd, settings), partial(_delete_odd, settings)),
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


def _set_aws(server: Server, service: str, wrong: str | None) -> None:
    connection = HTTPConnection(LOCALHOST, server.port, timeout=5)
    try:
        connection.request("PUT", aws_faults.PATH, orjson.dumps({service: wrong}))
        connection.getresponse().read()
    except OSError as error:
        raise NotNow("ministack does not answer; try again in a moment.") from error
    finally:
        connection.close()


def _deliver_twice(settings: Mapping[str, str]) -> None:
    with _orders(settings) as client:
        order = client.get_default_database()["orders"].find_one(
            {"accepted": True}, sort=[("_id", DESCENDING)]
        )
    if order is None:
        raise NotNow("Place an order first: its message is what comes twice.")
    body = orjson.dumps({"orderId": order["orderId"]}).decode()
    for _ in range(2):
        _sqs(settings).send_message(QueueUrl=settings["SQS_QUEUE_URL"], MessageBody=body)


def _poison(settings: Mapping[str, str]) -> None:
    _sqs(settings).send_message(QueueUrl=settings["SQS_QUEUE_URL"], MessageBody="This is no order.")


def _empty_dead_letters(settings: Mapping[str, str]) -> None:
    sqs, url = _sqs(settings), settings["SQS_QUEUE_URL"]
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
    name = orjson.loads(policy["RedrivePolicy"])["deadLetterTargetArn"].rpartition(":")[2]
    sqs.purge_queue(QueueUrl=f"{url.rpartition('/')[0]}/{name}")


def _write_odd(settings: Mapping[str, str]) -> None:
    now = datetime.now(UTC)
    order_id = f"odd-{uuid4().hex[:8]}"
    odd = {"orderId": order_id, "userId": ObjectId(), "status": "Pending", "items": "two keyboards"}
    with _orders(settings) as client:
        client.get_default_database()["orders"].insert_one(
            {**odd, **_MADE_HERE, "accepted": True, "createdAt": now, "nextActionAt": now}
        )


def _delete_odd(settings: Mapping[str, str]) -> None:
    with _orders(settings) as client:
        client.get_default_database()["orders"].delete_many(_MADE_HERE)


def _orders(settings: Mapping[str, str]) -> MongoClient[dict[str, Any]]:
    return MongoClient(settings["MONGO_URI"], timeoutMS=5000)


def _sqs(settings: Mapping[str, str]) -> Any:
    return boto3.client(
        "sqs",
        endpoint_url=settings["AWS_ENDPOINT_URL"],
        region_name=settings["AWS_REGION"],
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
        config=Config(proxies={}, connect_timeout=5, read_timeout=10),
    )
