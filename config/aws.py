"""The clients of SQS and SES. Port of config/aws.js."""

from typing import TYPE_CHECKING, NamedTuple

import boto3
from botocore.config import Config
from pydantic import SecretStr

from config.settings import Settings

if TYPE_CHECKING:  # they have types alone, and are installed for development
    from botocore.config import _RetryDict
    from mypy_boto3_ses import SESClient
    from mypy_boto3_sqs import SQSClient


class AwsClients(NamedTuple):
    """`sqs` sends and deletes, `sqs_receive` waits in long polls."""

    sqs: "SQSClient"
    sqs_receive: "SQSClient"
    ses: "SESClient"


def make_clients(settings: Settings) -> AwsClients:
    session = boto3.session.Session(
        aws_access_key_id=settings.aws_access_key_id,
        aws_secret_access_key=_text(settings.aws_secret_access_key),
        aws_session_token=_text(settings.aws_session_token),
        region_name=settings.aws_region,
    )
    once: _RetryDict = {"total_max_attempts": 1}
    address = settings.aws_endpoint_url
    return AwsClients(
        # The API sends and forgets: short time-outs, the sweeper finds the orders that were not sent.
        session.client(
            "sqs",
            endpoint_url=address,
            config=Config(connect_timeout=1, read_timeout=2, retries=once),
        ),
        # Above the 20 s of a long poll, below the visibility time-out of 60 s.
        session.client(
            "sqs",
            endpoint_url=address,
            config=Config(connect_timeout=1, read_timeout=settings.sqs_wait_seconds + 10, retries=once),
        ),
        # SES has no idempotency token: a retry after a time-out is a second mail. So one attempt, and
        # services/aws_mail_service.py tells apart what it came to.
        session.client(
            "ses",
            endpoint_url=address,
            config=Config(
                connect_timeout=1, read_timeout=10, retries=once, max_pool_connections=settings.mail_threads
            ),
        ),
    )


def _text(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
