"""Mail through SES, and what sending came to. Port of the SES half of services/awsService.js.

The Node app passed the user's ObjectId as the address. Here it is the address; the subject is the same.
SES has no idempotency token, so a send is tried once and its outcomes are told apart by what they mean for
the next step: was it sent, was it surely not, will it ever be, or can nobody know.
"""

from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)

from config.aws import ses
from config.settings import current_settings
from services.mail_templates import Mail
from utils.crash_points import crash_point

# SES says so when an account or its keys are at fault, not this mail: it can be sent once that is mended.
_THROTTLES = {"Throttling", "ThrottlingException", "TooManyRequestsException", "LimitExceededException"}
_ACCOUNT_FAULTS = {"AccountSendingPausedException", "ConfigurationSetSendingPausedException"}


class MailNotSent(Exception):
    """It surely was not sent; it can be tried again."""


class MailThrottled(MailNotSent):
    """Not sent: the account's sending rate or daily quota is used up."""


class MailRefused(Exception):
    """It was not sent and never will be: SES finds fault with this mail."""


class MailUnknown(Exception):
    """Perhaps it was sent: the answer was lost, late, or an error of the server."""


@crash_point
def send_mail(to: str, mail: Mail) -> str:
    """Send one mail in one attempt. Returns SES' message id.

    Raises MailNotSent, MailThrottled, MailRefused or MailUnknown.
    """
    try:
        answer = ses().send_email(
            Source=current_settings().ses_email,
            Destination={"ToAddresses": [to]},
            Message={
                "Subject": {"Data": mail.subject, "Charset": "UTF-8"},
                "Body": {
                    "Text": {"Data": mail.text, "Charset": "UTF-8"},
                    "Html": {"Data": mail.html, "Charset": "UTF-8"},
                },
            },
        )
    except ClientError as error:
        raise _translate(dict(error.response)) from error
    except (
        EndpointConnectionError,
        ConnectTimeoutError,
        NoCredentialsError,
        PartialCredentialsError,
    ) as error:
        raise MailNotSent(type(error).__name__) from error
    except ParamValidationError as error:  # found by boto3, before anything is sent
        raise MailRefused(type(error).__name__) from error
    except BotoCoreError as error:  # read time-out, reset: SES may have it
        raise MailUnknown(type(error).__name__) from error
    message_id: str = answer["MessageId"]
    return message_id


def _translate(response: dict[str, Any]) -> Exception:
    code = response["Error"].get("Code", "")
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    if status == 429 or code in _THROTTLES:
        return MailThrottled(code)
    if status >= 500:
        return MailUnknown(code)
    if status in (401, 403) or code in _ACCOUNT_FAULTS:
        return MailNotSent(code)
    return MailRefused(code)
