"""SQS and SES: ministack, with the queues and the sender that the application expects."""

import json
import sys
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config

from local_stack.probes import LOCALHOST, http_get
from local_stack.servers import Server

if TYPE_CHECKING:
    from mypy_boto3_ses import SESClient
    from mypy_boto3_sqs import SQSClient

_SERVER: Final = Path(__file__).with_name("aws_server.py")
QUEUE: Final = "orders"
DEAD_LETTER_QUEUE: Final = "orders-dead"
_MAX_RECEIVES: Final = 5
_VISIBILITY_SECONDS: Final = 60

# The application's names for what a developer may have set himself, and what we take otherwise.
_DEFAULTS: Final = {
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "SES_EMAIL": "orders@example.com",
}


class Aws(Server):
    """Messages are kept over a clean end, and lost by a kill. Sent mails are kept over both."""

    name = "aws"
    title = "ministack (SQS, SES)"

    queue_url = ""  # of the orders, once it is ready

    def command(self) -> list[str]:
        return [sys.executable, "-P", str(_SERVER)]  # -P: this folder is no place to import from

    def environment(self) -> dict[str, str]:
        return {
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": LOCALHOST,
            "MINISTACK_HOST": LOCALHOST,  # stands in the queues' addresses
            "SERVICES": "sqs,ses,sns",  # SNS: events of SES come through it
            "SFTP_ENABLED": "0",  # these two would listen on ports of their own
            "IOT_MTLS_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self.data),
            "TMPDIR": str(self.data),
            # It removes Docker containers that it takes for its own.
            "DOCKER_HOST": "unix:///nonexistent",
        }

    def prepare(self) -> None:
        """Forget queues of another port: their addresses hold it, so they would be there twice."""
        super().prepare()
        saved = self.data / "sqs.json"
        if saved.exists() and f"{LOCALHOST}:{self.port}/" not in saved.read_text():
            saved.unlink()

    def is_ready(self) -> bool:
        return http_get(self.port, "/_ministack/health")[0] == HTTPStatus.OK

    def await_ready(self) -> None:
        """Its queues and the sender are made at every start: a kill loses them."""
        super().await_ready()
        self.queue_url = _make_queues(self.sqs())
        self._ses().verify_email_identity(EmailAddress=self._value("SES_EMAIL"))

    def settings(self) -> dict[str, str]:
        return {
            **_DEFAULTS,
            "AWS_ENDPOINT_URL": self.base_url,
            "SQS_QUEUE_URL": self.queue_url,
            "SES_MAX_SEND_RATE": "1000",  # it says 14, as a fresh SES account does
            "SQS_WAIT_SECONDS": "2",  # Ctrl-C waits for an open receive; polling often is free here
            "MAILBOX_URL": f"{self.base_url}/_ministack/ses/messages",
        }

    @property
    def base_url(self) -> str:
        return f"http://{LOCALHOST}:{self.port}"

    def _value(self, name: str) -> str:
        return self.configured.get(name) or _DEFAULTS[name]

    def sqs(self) -> "SQSClient":
        return boto3.client("sqs", **self._connection())

    def _ses(self) -> "SESClient":
        return boto3.client("ses", **self._connection())

    def _connection(self) -> dict[str, Any]:
        return {
            "endpoint_url": self.base_url,
            "region_name": self._value("AWS_REGION"),
            "aws_access_key_id": self._value("AWS_ACCESS_KEY_ID"),
            "aws_secret_access_key": self._value("AWS_SECRET_ACCESS_KEY"),
            "config": Config(proxies={}, connect_timeout=5, read_timeout=10),
        }


def _make_queues(sqs: "SQSClient") -> str:
    """Make both queues, or bring those that exist in line. Returns the main queue's URL."""
    dead = sqs.create_queue(QueueName=DEAD_LETTER_QUEUE)["QueueUrl"]
    about = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]
    redrive = {"deadLetterTargetArn": about["QueueArn"], "maxReceiveCount": _MAX_RECEIVES}
    queue = sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
    sqs.set_queue_attributes(  # apart: create_queue refuses a queue that exists with other ones
        QueueUrl=queue,
        Attributes={
            "VisibilityTimeout": str(_VISIBILITY_SECONDS),
            "RedrivePolicy": json.dumps(redrive),
        },
    )
    return queue
