"""deploy/aws/template.yaml, made in an account that enforces IAM: it allows what is needed, and no more."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest
from flask import Flask

from config.resources import resources
from local_stack.programs import ROOT, clean_environment
from services import aws_mail_service, aws_queue_service, dead_letter_service, mail_events
from services.aws_queue_service import OrderMessage
from services.mail_templates import Mail
from tests.e2e.iam import TEMPLATE, Cloud, Key, Statement, strict_cloud
from tests.support.client import Client
from tests.support.ses_events import event
from tests.support.steered import app_with
from tests.support.system import QUICK, running_api, running_worker
from tests.support.waiting import wait_for

MAIL = Mail("subject", "text", "<p>text</p>")
CUSTOMER = "customer@example.com"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with strict_cloud(tmp_path_factory.mktemp("cloud")) as account:
        account.create(Name="shop", Sender="orders@example.com", AlarmAddress="ops@example.com")
        yield account


@pytest.fixture(scope="module")
def known(settings: dict[str, str]) -> dict[str, str]:
    """The other servers, with a database of its own."""
    address = urlsplit(settings["MONGO_URI"])._replace(path=f"/cloud_{uuid4().hex[:8]}")
    kept = {name: value for name, value in settings.items() if not name.startswith(("AWS_", "SQS_", "SES_"))}
    return {**kept, "MONGO_URI": urlunsplit(address)}


def test_cfn_lint_finds_no_fault() -> None:
    program = str(Path(sys.executable).with_name("cfn-lint"))
    done = subprocess.run([program, str(TEMPLATE)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_an_order_goes_its_whole_way_on_the_keys_of_the_templates_policies(
    cloud: Cloud, known: dict[str, str], tmp_path: Path
) -> None:
    web = {**known, **cloud.settings(cloud.key(cloud.permissions("WebPolicyArn")))}
    worker = {**known, **cloud.settings(cloud.key(cloud.permissions("WorkerPolicyArn")))}
    environment = clean_environment({**web, **QUICK})
    for command in (["indexes", "create"], ["inventory", "set", "p-cloud", "--stock", "9", "--price", "5"]):
        subprocess.run([sys.executable, "-m", "flask", *command], cwd=ROOT, env=environment, check=True)
    with (
        running_api(web, tmp_path / "api.log") as (base, _),
        running_worker(worker, tmp_path / "worker.log", SWEEP_SECONDS="3600") as process,
    ):
        customer = Client(base).register()
        order_id = customer.order({"p-cloud": 2}).json()["orderId"]
        assert customer.ended(order_id)["status"] == "Processed", "which only the message can have begun"
        wait_for(lambda: "mail_sent" in process.output(), "the mail")
        assert customer.get("/readyz").status_code == 200
        cloud.client("sns").publish(TopicArn=_topic(cloud), Message=event("Delivery", order_id, 1))
        told = wait_for(lambda: _events(customer, order_id), "the event of SES")
        assert told[-1] == "mail_delivered"
        assert "_failed" not in process.output() and "_down" not in process.output()


def _events(customer: Client, order_id: str) -> list[str]:
    events = [entry["event"] for entry in customer.get(f"/api/orders/{order_id}/events").json()["data"]]
    return events if events[-1] == "mail_delivered" else []


def _topic(cloud: Cloud) -> str:
    topics = cloud.client("sns").list_topics()["Topics"]
    return next(str(topic["TopicArn"]) for topic in topics if topic["TopicArn"].endswith("shop-mail-events"))


@contextmanager
def role_of(cloud: Cloud, policy: str) -> Iterator[str]:
    """Where a program finds the keys of its role, as in a container: the address to ask."""
    key = cloud.key(cloud.permissions(policy))
    expires = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    keys = {"AccessKeyId": key.id, "SecretAccessKey": key.secret, "Token": "", "Expiration": expires}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(keys).encode())

        def log_message(self, *_: Any) -> None:
            """Silence."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_without_keys_in_its_settings_the_api_takes_those_of_its_role(
    cloud: Cloud, known: dict[str, str], tmp_path: Path
) -> None:
    """As on EC2, in a container or on Beanstalk."""
    without = {**known, **cloud.settings(Key("", ""))}
    with role_of(cloud, "WebPolicyArn") as address:
        given = {**without, "AWS_CONTAINER_CREDENTIALS_FULL_URI": address}
        with running_api(given, tmp_path / "role.log") as (base, _):
            assert Client(base).get("/readyz").status_code == 200
    with running_api({**without, "AWS_EC2_METADATA_DISABLED": "true"}, tmp_path / "none.log") as (base, _):
        answer = Client(base).get("/readyz")
        assert (answer.status_code, answer.json()["dependencies"]["sqs"]) == (503, "down")


def use_web(cloud: Cloud) -> None:
    """All that the API asks of AWS."""
    aws_queue_service.ping()
    aws_queue_service.send_messages([OrderMessage("order", "request")])


def use_worker(cloud: Cloud) -> None:
    """All that a worker asks of AWS."""
    owner = cloud.client("sqs")
    owner.send_message(QueueUrl=cloud.outputs["SqsQueueUrl"], MessageBody="{}")
    owner.send_message(QueueUrl=cloud.outputs["SesEventsQueueUrl"], MessageBody="{}")
    messages = wait_for(lambda: aws_queue_service.receive(10), "the message")
    aws_queue_service.give_back(messages)
    aws_queue_service.delete(messages)
    assert dead_letter_service.status().waiting == 0, "a message could not be deleted"
    events = wait_for(mail_events.receive_events, "the event")
    for message in events:
        mail_events.delete_event(message)
    aws_mail_service.send_mail(CUSTOMER, MAIL, {"order": "x", "attempt": "1"})


def use_redrive(cloud: Cloud) -> None:
    """`flask queue status` and `flask queue redrive`, with one dead message."""
    dead = cloud.outputs["SqsQueueUrl"] + "-dead"
    cloud.client("sqs").send_message(QueueUrl=dead, MessageBody="{}")
    assert dead_letter_service.status().dead
    assert dead_letter_service.redrive() >= 1


Use = Callable[[Cloud], None]
USES: dict[str, Use] = {
    "WebPolicyArn": use_web,
    "WorkerPolicyArn": use_worker,
    "RedrivePolicyArn": use_redrive,
}
# How many permissions each has; a test goes through them one by one.
PERMISSIONS = {"WebPolicyArn": 2, "WorkerPolicyArn": 9, "RedrivePolicyArn": 5}
# AWS asks for the identity that sends and for the configuration set; ministack does not ask for the second.
NOT_ASKED_FOR = ":configuration-set/"
FAULTS = (aws_queue_service.QueueError, aws_mail_service.MailHeld, AssertionError)


def app_of(cloud: Cloud, known: dict[str, str], key: Key) -> Flask:
    own = {"SQS_WAIT_SECONDS": "1", "LOG_LEVEL": "ERROR"}
    return app_with({**known, **QUICK, **cloud.settings(key), **own})


def empty(cloud: Cloud) -> None:
    for name in ("SqsQueueUrl", "SesEventsQueueUrl"):
        cloud.client("sqs").purge_queue(QueueUrl=cloud.outputs[name])
    cloud.client("sqs").purge_queue(QueueUrl=cloud.outputs["SqsQueueUrl"] + "-dead")


@pytest.mark.parametrize("policy", USES)
def test_a_policy_allows_all_that_its_program_does(cloud: Cloud, known: dict[str, str], policy: str) -> None:
    permissions = cloud.permissions(policy)
    assert len(permissions) == PERMISSIONS[policy]
    empty(cloud)
    with app_of(cloud, known, cloud.key(permissions)).app_context():
        USES[policy](cloud)
        resources().mongodb.client.close()


@pytest.mark.parametrize(
    ("policy", "number"), [(policy, n) for policy, count in PERMISSIONS.items() for n in range(count)]
)
def test_no_permission_of_a_policy_can_be_taken_away(
    cloud: Cloud, known: dict[str, str], policy: str, number: int
) -> None:
    permissions = cloud.permissions(policy)
    missing: Statement = permissions.pop(number)
    if NOT_ASKED_FOR in missing["Resource"]:
        assert missing["Action"] == "ses:SendEmail", "the only one that is not enforced here"
        return
    empty(cloud)
    with app_of(cloud, known, cloud.key(permissions)).app_context():
        with pytest.raises(FAULTS):
            USES[policy](cloud)
        resources().mongodb.client.close()
