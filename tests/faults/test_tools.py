"""The tools break what they say they break: a harness that breaks nothing proves nothing."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local_stack.stack import LocalStack
from tests.faults.faulty_ses import FaultySes
from tests.faults.proxy import Proxy
from tests.faults.queue_shim import queue_shim
from tests.faults.toxics import Cut, Down, Hold, Latency, Reset, Silence, SlowClose, Toxic


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that sends back what it gets, until `bye`."""

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while (data := connection.recv(1000)) not in (b"", b"bye"):
                connection.sendall(data)

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(server.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def _ask(port: int, text: bytes = b"hello", timeout: float = 5) -> tuple[bytes, float]:
    """What comes back, and after how long."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout) as connection:
        connection.sendall(text)
        answer = connection.recv(1000)
        return answer, time.monotonic() - began


def test_a_proxy_without_a_toxic_lets_all_through(echo: int) -> None:
    with Proxy(echo) as proxy:
        assert _ask(proxy.port)[0] == b"hello"


def test_latency_delays_each_way(echo: int) -> None:
    with Proxy(echo) as proxy:
        proxy.set(Latency(0.2))
        answer, seconds = _ask(proxy.port)
    assert answer == b"hello"
    assert seconds >= 0.4


@pytest.mark.parametrize("toxic", [Down(), Reset()])
def test_what_is_down_or_reset_is_an_error_until_it_is_cleared(echo: int, toxic: Toxic) -> None:
    with Proxy(echo) as proxy:
        proxy.set(toxic)
        with pytest.raises(ConnectionError):
            _ask(proxy.port)
        proxy.clear()
        assert _ask(proxy.port)[0] == b"hello"


@pytest.mark.parametrize("toxic", [Silence(), Hold(b"ell")])
def test_what_is_held_back_arrives_late(echo: int, toxic: Toxic) -> None:
    with Proxy(echo) as proxy, socket.create_connection(("127.0.0.1", proxy.port), 5) as connection:
        proxy.set(toxic)
        connection.sendall(b"hello")
        assert proxy.held.wait(5)
        proxy.clear()
        assert connection.recv(1000) == b"hello"


def test_hold_lets_other_data_through(echo: int) -> None:
    with Proxy(echo) as proxy:
        proxy.set(Hold(b"secret"))
        assert _ask(proxy.port)[0] == b"hello"


def test_cut_ends_a_connection_within_an_answer(echo: int) -> None:
    with Proxy(echo) as proxy:
        proxy.set(Cut(3))
        assert _ask(proxy.port)[0] == b"hel"


def test_slow_close_keeps_open_what_the_server_closed(echo: int) -> None:
    with Proxy(echo) as proxy:
        proxy.set(SlowClose(0.3))
        answer, seconds = _ask(proxy.port, b"bye")
    assert answer == b""
    assert seconds >= 0.3


def test_each_message_comes_one_to_five_times(stack: LocalStack) -> None:
    known = stack.settings
    with queue_shim(stack.servers["aws"].port, seed=1) as port:
        sqs: Any = boto3.client(
            "sqs",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name=known["AWS_REGION"],
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(proxies={}),
        )
        queue = sqs.create_queue(QueueName="often")["QueueUrl"]
        entries = [{"Id": str(n), "MessageBody": f"body {n}"} for n in range(10)]
        answer = sqs.send_message_batch(QueueUrl=queue, Entries=entries)
        bodies: Counter[str] = Counter()
        quiet_after = time.monotonic() + 4  # the latest comes after 2 s
        while time.monotonic() < quiet_after:
            received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            bodies.update(message["Body"] for message in received.get("Messages", ()))
        sqs.close()
    assert sorted(row["Id"] for row in answer["Successful"]) == [str(n) for n in range(10)]
    assert bodies.keys() == {f"body {n}" for n in range(10)}
    assert set(bodies.values()) <= {1, 2, 3, 4, 5}
    assert len(set(bodies.values())) > 1


def test_ses_throttles_above_its_rate_and_counts_what_it_took() -> None:
    form = {
        name: ["Order 1 Status Update"]
        for name in (
            "Destination.ToAddresses.member.1",
            "Message.Subject.Data",
            "Message.Body.Text.Data",
            "Message.Body.Html.Data",
        )
    }
    ses = FaultySes(rate=2)
    with ses:
        ses.plan("500 but taken", "500")
        outcomes = [ses.take(form)[0] for _ in range(5)]
    assert outcomes == ["500", "500", "accepted", "accepted", "throttled"]
    assert ses.order_ids() == ["1", "1", "1"]
    assert [(entry["taken"], entry["answer"]) for entry in ses.record] == [
        (True, "500"),
        (False, "500"),
        (True, "accepted"),
        (True, "accepted"),
        (False, "throttled"),
    ]
