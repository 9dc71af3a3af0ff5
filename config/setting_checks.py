"""Whether a setting's value makes sense. Each check raises ValueError with what to set instead."""

import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from marshmallow import ValidationError
from marshmallow.validate import Email
from pydantic import SecretStr

T = TypeVar("T", str, SecretStr)

_WEAK_SECRETS = ("your_secret_key", "secret", "changeme", "password", "jwt_secret")
_SECRET_BYTES = 32  # RFC 7518, section 3.2: an HS256 key has at least the size of the hash


def address(*schemes: str) -> Callable[[T], T]:
    """An address with one of these schemes that the clients could make sense of."""
    starts = " or ".join(f"{scheme}://" for scheme in schemes)

    def check(value: T) -> T:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not _is_address(text, schemes):
            raise ValueError(f"Must start with {starts}, followed by a host.")
        return value

    return check


def email(value: str) -> str:
    try:
        Email()(value)
    except ValidationError as error:
        raise ValueError("Must be an e-mail address, such as orders@example.com.") from error
    return value


def currency(value: str) -> str:
    if not re.fullmatch("[A-Z]{3}", value):
        raise ValueError("Must be an ISO 4217 code, such as EUR.")
    return value


def appendable(value: Path) -> Path:
    """A file that can be written to; it is made where it is not there."""
    try:
        value.open("a").close()
    except OSError as error:
        raise ValueError(
            f"Cannot be written: {error.strerror}. Name a file in a folder that is there."
        ) from error
    return value


def can_be_traced(value: str) -> str:
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.sdk") is None:
        raise ValueError("OpenTelemetry is not installed: pip install -r requirements-tracing.txt.")
    return value


def is_weak(secret: str) -> bool:
    """Whether it is short, monotonous or well known."""
    return (
        len(secret.encode()) < _SECRET_BYTES
        or len(set(secret)) < 8
        or any(weak in secret.lower() for weak in _WEAK_SECRETS)
    )


def split_at_commas(value: object) -> object:
    """`a, b` as a list."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def origins(values: tuple[str, ...]) -> tuple[str, ...]:
    """Origins as browsers send them (RFC 6454): scheme, host, perhaps a port, and no path; or `*`."""
    for value in values:
        if value != "*" and (not _is_address(value, ("http", "https")) or value.count("/") != 2):
            raise ValueError("Must be origins such as https://shop.example.com, without a path, by commas.")
    return values


def on_this_machine(value: str) -> str:
    """An address that leads to this machine, and so never to another's servers."""
    if not _is_address(value, ("http",)) or urlsplit(value).hostname not in ("127.0.0.1", "localhost", "::1"):
        raise ValueError("Must start with http://127.0.0.1: it is for the local stack alone.")
    return value


def _is_address(value: str, schemes: tuple[str, ...]) -> bool:
    """MongoDB's may name several hosts."""
    try:
        parts = urlsplit(value)
        hosts = [urlsplit(f"//{host}") for host in parts.netloc.rpartition("@")[2].split(",")]
        return parts.scheme in schemes and all(host.hostname and host.port != 0 for host in hosts)
    except ValueError:  # such as a port that is no number
        return False
