"""The clients of SQS and SES. Port of config/aws.js."""

from typing import Any

import boto3
from botocore.config import Config
from flask import Flask, current_app
from pydantic import SecretStr

from config.settings import Settings


def init_app(app: Flask, settings: Settings) -> None:
    session: Any = boto3.session.Session(
        aws_access_key_id=settings.aws_access_key_id,
        aws_secret_access_key=_text(settings.aws_secret_access_key),
        aws_session_token=_text(settings.aws_session_token),
        region_name=settings.aws_region,
    )

    def client(service: str, **options: Any) -> Any:
        return session.client(
            service,
            endpoint_url=settings.aws_endpoint_url,
            config=Config(connect_timeout=1, **options),
        )

    # The API rings the bell and forgets: short time-outs, the sweeper finds what was not rung.
    app.extensions["sqs"] = client("sqs", read_timeout=2, retries={"total_max_attempts": 1})
    # Above the 20 s of a long poll, below the visibility time-out of 60 s.
    app.extensions["sqs_receive"] = client(
        "sqs", read_timeout=settings.sqs_wait_seconds + 10, retries={"total_max_attempts": 1}
    )
    # SES has no idempotency token: a retry after a time-out is a second mail. So one attempt, and
    # services/aws_mail_service.py tells apart what it came to.
    app.extensions["ses"] = client(
        "ses",
        read_timeout=10,
        retries={"total_max_attempts": 1},
        max_pool_connections=settings.mail_threads,
    )


def _text(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def sqs() -> Any:
    """For sending and deleting."""
    return current_app.extensions["sqs"]


def sqs_receive() -> Any:
    """For long polling."""
    return current_app.extensions["sqs_receive"]


def ses() -> Any:
    return current_app.extensions["ses"]
