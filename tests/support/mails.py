"""Sends mails of any kind to the local stack's SES, as somebody else's program would."""

from collections.abc import Mapping
from uuid import uuid4

import boto3
from botocore.config import Config


def send_mail(settings: Mapping[str, str], subject: str, html: str, text: str = "Text.") -> str:
    """Send a mail to an address that gets no other. Returns the address."""
    ses = boto3.client(
        "ses",
        endpoint_url=settings["AWS_ENDPOINT_URL"],
        region_name=settings["AWS_REGION"],
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
        config=Config(proxies={}),
    )
    to = f"{uuid4().hex}@example.com"
    ses.send_email(
        Source=settings["SES_EMAIL"],
        Destination={"ToAddresses": [to]},
        Message={
            "Subject": {"Data": subject},
            "Body": {"Text": {"Data": text}, "Html": {"Data": html}},
        },
    )
    return to
