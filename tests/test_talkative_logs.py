"""What no log may hold, in both forms and at the lowest level: real requests, failures among them."""

import logging
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure, ServerSelectionTimeoutError

from local_stack.processes import Process
from local_stack.programs import ROOT, clean_environment
from tests.support.client import PASSWORD, Client
from tests.support.log_secrets import find_secrets
from tests.support.system import QUICK, running_api, running_worker
from tests.support.waiting import wait_for
from utils.gunicorn_logs import leave_out_what_was_sent
from utils.logs import fields_of

MISTAKEN = "tests.support.mistaken_wsgi:app"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VySWQiOiIxIn0.c2ln"
SECRET = "someone@example.com"
# What gunicorn answers by itself, and tells of in lines of its own.
UNREADABLE = {
    "a space behind a name": f"GET /livez HTTP/1.1\r\nHost: a\r\nAuthorization : Bearer {TOKEN}\r\n\r\n",
    "a token as a name": f"GET /livez HTTP/1.1\r\nHost: a\r\n{TOKEN} : x\r\n\r\n",
    "a line without a name": f"GET /livez HTTP/1.1\r\nHost: a\r\nBearer {TOKEN}\r\n\r\n",
    "a folded header": f"GET /livez HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer\r\n {TOKEN}\r\n\r\n",
    "NUL in a header": f"GET /livez HTTP/1.1\r\nHost: a\r\nAuthorization: \0{TOKEN}\r\n\r\n",
    "a third word": f"GET /livez?to={SECRET} HTTP/1.1 {TOKEN}\r\nHost: a\r\n\r\n",
    "no version": f"GET /livez?token={TOKEN}&to={SECRET}\r\n\r\n",
    "a method": f"{TOKEN} /livez HTTP/1.1\r\nHost: a\r\n\r\n",
    "a method with an address": f"{SECRET} /livez HTTP/1.1\r\nHost: a\r\n\r\n",
    "an expectation": f"GET /livez HTTP/1.1\r\nHost: a\r\nExpect: {TOKEN}\r\n\r\n",
    "a transfer coding": f"POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {TOKEN}\r\n\r\n",
    "a length": f"POST /api/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: {TOKEN}\r\n\r\n",
    "a proxy's line": f"PROXY {TOKEN} {SECRET}\r\n\r\n",
    "half a head": f"GET /livez?to={SECRET} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKEN}\r\n",
    "too long a line": f"GET /livez?token={TOKEN}&{'x' * 9000} HTTP/1.1\r\nHost: a\r\n\r\n",
    "too large a head": f"GET /livez HTTP/1.1\r\nHost: a\r\nX: {TOKEN}{'x' * 20000}\r\n\r\n",
}


class Talkative(NamedTuple):
    """An API and a worker, with their database and their key."""

    base: str
    api: Process
    worker: Process
    database: Any
    key: str

    def secrets(self) -> list[str]:
        """Those in what both have logged."""
        return [
            found for child in (self.api, self.worker) for found in find_secrets(child.output(), self.key)
        ]


@pytest.fixture(scope="module")
def own(settings: dict[str, str]) -> Iterator[dict[str, str]]:
    """The settings of the session, with a database of its own: no other worker does what is to be seen here.
    Its queue does not exist, so orders are found by sweeping."""
    uri = urlunsplit(urlsplit(settings["MONGO_URI"])._replace(path=f"/logs_{uuid4().hex[:12]}"))
    queue = settings["SQS_QUEUE_URL"] + "-that-is-not-there"
    known = {**settings, "MONGO_URI": uri, "SQS_QUEUE_URL": queue, "RING_SECONDS": "0.1"}
    seed = clean_environment({**known, **QUICK})
    subprocess.run([sys.executable, "-m", "local_stack.seed"], cwd=ROOT, env=seed, check=True)
    yield known
    with MongoClient[dict[str, Any]](uri) as client:
        client.drop_database(client.get_default_database().name)


@pytest.fixture(scope="module", params=["json", "console"])
def talkative(request: pytest.FixtureRequest, own: dict[str, str], logs: Path) -> Iterator[Talkative]:
    """An API and a worker that log all they can; gunicorn too, which has a level of its own."""
    level = {
        "LOG_FORMAT": request.param,
        "LOG_LEVEL": "DEBUG",
        "GUNICORN_CMD_ARGS": "--log-level debug",
        "RATELIMIT_ENABLED": "true",
        "WEB_CONCURRENCY": "1",
    }
    name = f"debug-{request.param}"
    with (
        running_api(own, logs / f"api-{name}.log", MISTAKEN, **level) as (base, api),
        running_worker(own, logs / f"worker-{name}.log", **level) as worker,
        MongoClient[dict[str, Any]](own["MONGO_URI"], tz_aware=True) as client,
    ):
        yield Talkative(base, api, worker, client.get_default_database(), own["JWT_SECRET"])


def test_good_requests_and_failures_leave_no_secret_in_the_logs(talkative: Talkative) -> None:
    database, user = talkative.database, Client(talkative.base).register()
    database["inventories"].insert_one({"productId": user.email, "stock": 5, "price": 1})

    order_id = user.order({user.email: 1}, "key-1", totalAmount=1).json()["orderId"]
    assert user.ended(order_id)["status"] == "Processed"
    refresh = user.tokens["refreshToken"]
    for path, body in {
        "login": {"email": user.email, "password": "wrong password"},
        f"login?password={PASSWORD}": {"email": user.email, "password": PASSWORD},
        "refresh": {"refreshToken": refresh},
        "refresh ": {"refreshToken": refresh + "x"},
        "logout": {"refreshToken": refresh},
        "register": {"email": user.email, "password": PASSWORD},
        "password": {"currentPassword": PASSWORD + "?", "newPassword": PASSWORD},
    }.items():
        user.post(f"/api/auth/{path.strip()}", body)
    for path in (f"/{user.email}", f"/x?token={TOKEN}", f"/api/orders/{TOKEN}", f"/dev/mailbox?to={SECRET}"):
        user.get(path)
    user.get("/api/orders", token=TOKEN)
    change = {"currentPassword": PASSWORD, "newPassword": f"{PASSWORD} battery"}
    fault = user.login().post("/api/auth/password", change)
    assert fault.status_code == 500
    wait_for(lambda: "mail_sent" in talkative.worker.output(), "the mail")
    wait_for(lambda: fault.headers["X-Request-Id"][:8] in talkative.api.output(), "the last line")

    assert "Traceback" in talkative.api.output() and "KeyError" in talkative.api.output()
    assert "queue_down" in talkative.worker.output(), "a failure of its own"
    assert talkative.secrets() == []


@pytest.mark.parametrize("sent", UNREADABLE.values(), ids=UNREADABLE)
def test_of_what_cannot_be_read_nothing_is_quoted(talkative: Talkative, sent: str) -> None:
    before = len(talkative.api.output())
    parts = urlsplit(talkative.base)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60) as connection:
        connection.sendall(sent.encode())
        connection.shutdown(socket.SHUT_WR)
        try:
            while connection.recv(65536):
                pass
        except ConnectionResetError:
            pass
    told = wait_for(lambda: talkative.api.output()[before:], "a line about it")

    assert not list(find_secrets(told)), told


def test_a_line_about_an_address_that_failed_has_neither_path_nor_query() -> None:
    about = logging.makeLogRecord(
        {"msg": "Error handling request %s %s", "args": ("GET", f"/x?token={TOKEN}")}
    )

    assert leave_out_what_was_sent(about)
    assert about.getMessage() == "Error handling request"


def test_a_line_with_an_error_in_it_has_its_name_alone() -> None:
    error = ValueError(f"No more data after: Authorization: {TOKEN}")
    about = logging.makeLogRecord({"msg": "Ignored: %s, %s", "args": (error, 5)})

    assert leave_out_what_was_sent(about)
    assert about.getMessage() == "Ignored: ValueError, 5"


def test_of_an_error_of_the_database_its_text_is_left_out() -> None:
    """MongoDB quotes the command, and the document in it."""
    text = f'not authorized to execute command {{ insert: "users", documents: [ {{ email: "{SECRET}" }} ] }}'
    refused = OperationFailure(text, 13, {"codeName": "Unauthorized", "errmsg": text})

    assert fields_of(refused) == {"error": "OperationFailure", "code": 13, "code_name": "Unauthorized"}
    assert fields_of(ServerSelectionTimeoutError(text)) == {"error": "ServerSelectionTimeoutError"}
