"""The servers: kept data, ports, outages, and nothing open to the network."""

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from pymongo import MongoClient

from local_stack.probes import accepts
from local_stack.stack import LocalStack
from tests.local_stack.common import ELSEWHERE, occupied
from tests.support.waiting import wait_for


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    with LocalStack(tmp_path_factory.mktemp("stack"), {"SES_EMAIL": "shop@example.com"}) as stack:
        yield stack


def count_in(stack: LocalStack, insert: int = 0) -> int:
    with MongoClient[dict[str, Any]](stack.settings["MONGO_URI"]) as client:
        kept = client.get_default_database()["kept"]
        for _ in range(insert):
            kept.insert_one({})
        return kept.count_documents({})


def aws(stack: LocalStack, service: str) -> Any:
    made = stack.settings
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=made["AWS_ENDPOINT_URL"],
        region_name=made["AWS_REGION"],
        aws_access_key_id=made["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=made["AWS_SECRET_ACCESS_KEY"],
    )


def test_mongo_keeps_its_data_when_it_is_stopped_and_when_it_is_killed(own_stack: LocalStack) -> None:
    mongo = own_stack.servers["mongo"]
    before = count_in(own_stack, insert=10)
    mongo.stop()
    assert not accepts(mongo.port)
    mongo.start()
    assert count_in(own_stack) == before
    count_in(own_stack, insert=10)
    mongo.kill()
    mongo.start()
    assert count_in(own_stack) == before + 10


def test_redis_comes_back_on_its_port(own_stack: LocalStack) -> None:
    redis = own_stack.servers["redis"]
    redis.kill()
    assert not accepts(redis.port)
    redis.start()
    assert redis.is_ready()
    assert own_stack.settings["REDIS_PORT"] == str(redis.port)


def test_a_paused_server_hangs_until_it_is_resumed(own_stack: LocalStack) -> None:
    redis = own_stack.servers["redis"]
    redis.pause()
    try:
        assert accepts(redis.port)
        assert not redis.is_ready()
    finally:
        redis.resume()
    wait_for(redis.is_ready, "redis answers again")


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_queues_and_sender_are_there_again_after_an_outage(own_stack: LocalStack, end: str) -> None:
    getattr(own_stack.servers["aws"], end)()
    own_stack.servers["aws"].start()
    sqs, url = aws(own_stack, "sqs"), own_stack.settings["SQS_QUEUE_URL"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    redrive = json.loads(attributes["RedrivePolicy"])
    assert attributes["VisibilityTimeout"] == "60"
    assert redrive["maxReceiveCount"] == 5
    assert redrive["deadLetterTargetArn"].endswith(":orders-dead")
    assert len(sqs.list_queues()["QueueUrls"]) == 2
    assert aws(own_stack, "ses").list_identities()["Identities"] == ["shop@example.com"]


def test_a_message_outlives_a_clean_restart(own_stack: LocalStack) -> None:
    sqs, url = aws(own_stack, "sqs"), own_stack.settings["SQS_QUEUE_URL"]
    sqs.send_message(QueueUrl=url, MessageBody="kept")
    own_stack.servers["aws"].stop()
    own_stack.servers["aws"].start()
    received = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    assert [message["Body"] for message in received] == ["kept"]


def test_a_taken_port_is_replaced_and_the_queues_are_not_there_twice(tmp_path: Path) -> None:
    configured = {name: value for name, value in ELSEWHERE.items() if name != "SQS_QUEUE_URL"}
    with LocalStack(tmp_path, configured) as first:
        taken = first.servers["aws"].port
    with occupied(taken), LocalStack(tmp_path, configured) as second:
        assert second.servers["aws"].port != taken
        urls = aws(second, "sqs").list_queues()["QueueUrls"]
        assert sorted(urls) == [second.settings["SQS_QUEUE_URL"] + end for end in ("", "-dead")]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_nothing_listens_beyond_this_machine(own_stack: LocalStack) -> None:
    for name, server in own_stack.servers.items():
        listening = listeners_of(server.process.pid)
        assert listening == {("0100007F", server.port)}, name  # 127.0.0.1, byte by byte


def listeners_of(pid: int) -> set[tuple[str, int]]:
    """Address, in the kernel's spelling, and port of all that a process listens on, UDP included."""
    sockets = set()
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            sockets.add(file.readlink().name)
    found = set()
    for table, state in (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == state and f"socket:[{fields[9]}]" in sockets:
                address, port = fields[1].split(":")
                found.add((address, int(port, 16)))
    return found
