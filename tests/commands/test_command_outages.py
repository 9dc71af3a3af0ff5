"""What a command does while MongoDB or SQS is gone or hangs: it ends soon, with one clear line."""

import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import click
import pytest
from flask import Flask
from pymongo.errors import (
    ConfigurationError,
    DuplicateKeyError,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
)

from commands.faults import faults_as_lines
from tests.commands.conftest import Flasks


@contextmanager
def _bound(listening: bool) -> Iterator[int]:
    """A port that refuses connections or, listening, accepts them and never answers."""
    with socket.socket() as keeper:
        keeper.bind(("127.0.0.1", 0))
        if listening:
            keeper.listen(128)
        yield keeper.getsockname()[1]


@pytest.fixture(params=[False, True], ids=["gone", "hangs"])
def dead_port(request: pytest.FixtureRequest) -> Iterator[int]:
    with _bound(listening=request.param) as port:
        yield port


def _one_line(stderr: str) -> str:
    (line,) = stderr.splitlines()
    return line


@pytest.mark.parametrize(
    "arguments", ["orders list", "users set-password a@b.de --password-stdin", "inventory show", "audit"]
)
def test_without_mongodb_a_command_ends_with_a_line(flask: Flasks, dead_port: int, arguments: str) -> None:
    uri = f"mongodb://shop:hunter2@127.0.0.1:{dead_port}/orders"

    result = flask(*arguments.split(), MONGO_URI=uri)

    line = _one_line(result.stderr)
    assert line.startswith(f"Error: MongoDB at 127.0.0.1:{dead_port} does not answer.")
    assert "MONGO_URI" in line and "make run" in line
    assert "hunter2" not in line
    assert (result.returncode, result.stdout) == (1, "")


@pytest.mark.parametrize("command", ["status", "redrive"])
def test_without_sqs_a_command_of_the_queue_ends_with_a_line(
    flask: Flasks, dead_port: int, command: str
) -> None:
    address = f"http://127.0.0.1:{dead_port}"

    result = flask("queue", command, AWS_ENDPOINT_URL=address, SQS_QUEUE_URL=f"{address}/000000000000/orders")

    line = _one_line(result.stderr)
    assert line.startswith(f"Error: SQS at 127.0.0.1:{dead_port} does not answer")
    assert "SQS_QUEUE_URL" in line
    assert (result.returncode, result.stdout) == (1, "")


def test_the_queue_is_looked_at_without_mongodb(flask: Flasks) -> None:
    with _bound(listening=False) as port:
        result = flask("queue", "status", MONGO_URI=f"mongodb://127.0.0.1:{port}/orders")

    assert (result.returncode, result.stderr) == (0, "")


def test_an_address_of_mongodb_that_cannot_be_read_is_told_without_the_password(flask: Flasks) -> None:
    result = flask("users", "list", MONGO_URI="mongodb://shop:hunter2@x9@127.0.0.1:1/orders")

    assert "MONGO_URI" in result.stderr
    assert not re.search("hunter2|x9|Traceback", result.stderr)
    assert result.returncode == 1


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OperationFailure("Authentication failed.", 18), "does not let this user in"),
        (OperationFailure("x", 20, {"errmsg": "no such index"}), "refuses: no such index"),
        (ExecutionTimeout("operation exceeded time limit", 50), "took too long"),
        (NetworkTimeout("timed out"), "does not answer"),
        (ConfigurationError("The DNS query name does not exist"), "MONGO_URI cannot be used: The DNS"),
        (DuplicateKeyError("E11000", 11000, {"errmsg": "E11000 dup key"}), "refuses: E11000 dup key"),
    ],
)
def test_what_mongodb_refuses_is_told_in_a_line(app: Flask, error: PyMongoError, told: str) -> None:
    with pytest.raises(click.ClickException) as raised, faults_as_lines():
        raise error

    assert told in raised.value.message
    assert "\n" not in raised.value.message


def test_what_is_logged_does_not_stand_in_what_is_piped(flask: Flasks) -> None:
    """Within the application of the commands: what models log about odd documents, for one."""
    result = flask("shell", typed="import structlog\nstructlog.get_logger().error('odd_thing')\n")

    assert "odd_thing" in result.stderr
    assert "odd_thing" not in result.stdout


def test_a_queue_that_is_not_there_is_told(flask: Flasks, settings: Mapping[str, str]) -> None:
    result = flask("queue", "status", SQS_QUEUE_URL=settings["SQS_QUEUE_URL"] + "-gone")

    assert "NonExistentQueue" in _one_line(result.stderr)
    assert result.returncode == 1
