"""Mail through SES, and what sending came to. Port of the SES half of services/awsService.js.

The Node app passed the user's ObjectId as the address. Here it is the address; the subject is the same.
SES has no idempotency token, so a send is tried once and its outcomes are distinguished by what they mean
for the next step: sent, surely not sent, never to be sent, or unknown; and whether the fault is the mail's or
the account's.
"""

import re
from collections.abc import Mapping
from typing import Any, TypedDict

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)

from config.resources import resources
from services.mail_templates import Mail
from utils.crash_points import crash_point

_THROTTLES = {"Throttling", "ThrottlingException", "TooManyRequestsException", "LimitExceededException"}
# What SES says of a mail: its address, its content, its size. Any other 4xx is about the account, its keys,
# its settings or its clock, also one that is not known yet: a lost mail is worse than a late one.
_ABOUT_THIS_MAIL = {"MessageRejected", "InvalidParameterValue", "ValidationError", "ValidationException"}
# SES says MessageRejected of the account as well, and only the text tells: how it begins (SES Developer
# Guide, "Amazon SES email sending errors").
_NOT_VERIFIED = "Email address is not verified"
_STOPPED = ("Sending paused for this account", "Sending suspended for this account", "Account is paused")
_CODE = re.compile(r"[A-Za-z0-9.]{1,64}")
# Found out by boto3, before anything is sent.
_NO_KEYS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    TokenRetrievalError,
    SSOError,
)


class _ConfigurationSet(TypedDict, total=False):
    ConfigurationSetName: str


class MailNotSent(Exception):
    """It surely was not sent; it can be tried again."""


class MailThrottled(MailNotSent):
    """Not sent: the account's sending rate or daily quota is used up."""


class MailHeld(MailNotSent):
    """Not sent, and it will not be before an operator mends the account. `reason` is a word about what.

    `of_recipient`: others may get theirs. An account in SES' sandbox sends to verified addresses alone.
    """

    def __init__(self, reason: str, of_recipient: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.of_recipient = reason, of_recipient


class MailRefused(Exception):
    """It was not sent and never will be: SES finds fault with this mail."""


class MailUnknown(Exception):
    """Perhaps it was sent: the answer was lost, late, or an error of the server."""


@crash_point
def send_mail(to: str, mail: Mail, tags: Mapping[str, str]) -> str:
    """Send one mail in one attempt. Returns SES' message id. Events about it carry the tags.

    Raises MailNotSent, MailThrottled, MailHeld, MailRefused or MailUnknown.
    """
    try:
        answer = resources().ses.send_email(
            Source=resources().settings.ses_email,
            Destination={"ToAddresses": [to]},
            Message={
                "Subject": {"Data": mail.subject, "Charset": "UTF-8"},
                "Body": {
                    "Text": {"Data": mail.text, "Charset": "UTF-8"},
                    "Html": {"Data": mail.html, "Charset": "UTF-8"},
                },
            },
            Tags=[{"Name": name, "Value": value} for name, value in tags.items()],
            **_configuration_set(),
        )
    except ClientError as error:
        raise _translate(dict(error.response), to) from error
    except (EndpointConnectionError, ConnectTimeoutError) as error:
        raise MailNotSent(type(error).__name__) from error
    except _NO_KEYS as error:
        raise MailHeld(type(error).__name__) from error
    except ParamValidationError as error:  # found by boto3, before anything is sent
        raise MailRefused(type(error).__name__) from error
    except BotoCoreError as error:  # read time-out, reset: SES may have it
        raise MailUnknown(type(error).__name__) from error
    message_id: str = answer["MessageId"]
    return message_id


def _configuration_set() -> "_ConfigurationSet":
    name = resources().settings.ses_configuration_set
    return {"ConfigurationSetName": name} if name else {}


def _translate(response: dict[str, Any], to: str) -> Exception:
    code, text = (str(response["Error"].get(name, "")) for name in ("Code", "Message"))
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    if status == 429 or code in _THROTTLES:
        return MailThrottled(code)
    if status >= 500:
        return MailUnknown(code)
    if code == "MessageRejected" and text.startswith(_STOPPED):
        return MailHeld("SendingPaused")
    if code == "MessageRejected" and text.startswith(_NOT_VERIFIED):
        return _not_verified(text.lower(), to.lower())
    if status == 413 or (code in _ABOUT_THIS_MAIL and status not in (401, 403)):
        return MailRefused(code)
    return MailHeld(code if _CODE.fullmatch(code) else f"HTTP {status}")


def _not_verified(text: str, to: str) -> MailHeld:
    """SES names the addresses that are not verified: the sender, or in its sandbox the recipient too."""
    if to in text and resources().settings.ses_email.lower() not in text:
        return MailHeld("RecipientNotVerified", of_recipient=True)
    return MailHeld("SenderNotVerified")
