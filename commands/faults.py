"""What goes wrong outside a command, as a line: what, where, what to do. No password, no traceback."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import click
from pymongo.errors import (
    ConfigurationError,
    ConnectionFailure,
    ExecutionTimeout,
    InvalidURI,
    OperationFailure,
    PyMongoError,
)

from config.resources import resources
from config.settings_reader import SettingsError
from services.aws_queue_service import QueueError, QueueUnreachable
from utils.errors import ApiError

_REFUSED_LOG_IN = (13, 18)  # Unauthorized, AuthenticationFailed


@contextmanager
def faults_as_lines() -> Iterator[None]:
    """Turn what goes wrong outside the command into a ClickException: a line, and exit code 1."""
    try:
        yield
    except SettingsError as error:
        raise click.ClickException(
            f"{error}\nFor the local stack, start it first in another terminal: make run"
        ) from error
    except PyMongoError as error:
        raise click.ClickException(_about_mongodb(error)) from error
    except QueueError as error:
        raise click.ClickException(_about_sqs(error)) from error
    except ApiError as error:
        raise click.ClickException(error.detail) from error
    except UnicodeEncodeError as error:
        raise click.ClickException("What was typed is not valid UTF-8.") from error


def _about_mongodb(error: PyMongoError) -> str:
    """What is wrong and what to do, without the user and password of MONGO_URI."""
    if isinstance(error, InvalidURI):  # the driver's text quotes parts of it
        return "MONGO_URI is not valid. In a user and password, write / : @ % as %2F %3A %40 %25."
    if isinstance(error, ConfigurationError):  # such as a host name that DNS does not know
        return f"MONGO_URI cannot be used: {error}"
    where = f"MongoDB at {resources().mongodb.addresses()}"
    if isinstance(error, ExecutionTimeout):
        return f"{where} took too long. Ask for less, or see what keeps it busy."
    if isinstance(error, ConnectionFailure) or error.timeout:
        return (
            f"{where} does not answer. Start it, or set MONGO_URI to where it is; "
            "`make run` starts one on this machine."
        )
    if isinstance(error, OperationFailure):
        if error.code in _REFUSED_LOG_IN:
            return f"{where} does not let this user in. Check user, password and rights of MONGO_URI."
        return f"{where} refuses: {(error.details or {}).get('errmsg', type(error).__name__)}"
    return f"{where}: {error}"


def _about_sqs(error: QueueError) -> str:
    settings = resources().settings
    host = urlsplit(settings.aws_endpoint_url or settings.sqs_queue_url).netloc.rpartition("@")[2]
    if isinstance(error, QueueUnreachable):
        return (
            f"SQS at {host} does not answer ({error}). Check SQS_QUEUE_URL, AWS_REGION and the network; "
            "`make run` starts one on this machine."
        )
    return f"SQS at {host}: {error}. Check SQS_QUEUE_URL and the rights of the AWS credentials."
