"""Every setting, read once from the environment or `.env`, checked at the start, all faults told at once.

The names are those of the Node project's README; the names that its code read instead (`SQS_URL`,
`REDIS_URI`, `JWT_REFRESH_SECRET`) are understood too. `.env.example` describes each one.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from environs import Env, EnvValidationError
from flask import current_app
from marshmallow import ValidationError
from marshmallow.validate import Email, OneOf, Range, Regexp

ROOT = Path(__file__).parent.parent
_WEAK_SECRETS = ("your_secret_key", "secret", "changeme", "password", "jwt_secret")
_OTHER_NAMES = {"REDIS_HOST", "REDIS_PORT", "SQS_URL"}
_SECRET_BYTES = 32  # RFC 7518, section 3.2: an HS256 key has at least the size of the hash


class SettingsError(Exception):
    """Some settings are missing or wrong. The text lists all of them, a line each."""


@dataclass(frozen=True)
class Settings:
    """Times are in seconds."""

    mongo_uri: str
    redis_uri: str
    jwt_secret: str
    jwt_refresh_secret: str
    aws_region: str
    aws_access_key_id: str | None
    aws_secret_access_key: str | None
    aws_endpoint_url: str | None
    sqs_queue_url: str
    ses_email: str
    access_token_seconds: int
    refresh_token_seconds: int
    bcrypt_cost: int
    ratelimit_enabled: bool
    trusted_proxies: int
    client_timeout_seconds: float
    mailbox_url: str | None
    cors_origins: list[str]
    currency: str | None
    max_waiters: int
    log_format: str
    log_level: str
    intent_seconds: float
    ring_seconds: float
    sweep_seconds: float
    audit_seconds: float
    mail_retry_seconds: float
    sqs_wait_seconds: int
    queue_visibility_seconds: int
    ses_max_send_rate: float
    worker_threads: int
    mail_threads: int
    worker_grace_seconds: float
    worker_metrics_port: int
    fulfilment: str


def load_settings() -> Settings:
    """Read the settings. Raises SettingsError with every fault found."""
    env = Env(eager=False)
    env.read_env(str(ROOT / ".env"), recurse=False)
    _forget_empty()
    settings = Settings(
        mongo_uri=env.str("MONGO_URI", validate=_scheme("mongodb", "mongodb+srv")),
        redis_uri=_redis_uri(env),
        jwt_secret=env.str("JWT_SECRET"),
        jwt_refresh_secret=env.str("JWT_REFRESH_SECRET", None) or os.environ.get("JWT_SECRET", ""),
        aws_region=env.str("AWS_REGION"),
        aws_access_key_id=env.str("AWS_ACCESS_KEY_ID", None),
        aws_secret_access_key=env.str("AWS_SECRET_ACCESS_KEY", None),
        aws_endpoint_url=env.str("AWS_ENDPOINT_URL", None),
        sqs_queue_url=env.str(
            "SQS_URL" if "SQS_URL" in os.environ and "SQS_QUEUE_URL" not in os.environ else "SQS_QUEUE_URL",
            validate=_scheme("http", "https"),
        ),
        ses_email=env.str("SES_EMAIL", validate=Email()),
        access_token_seconds=env.int("ACCESS_TOKEN_SECONDS", 3600, validate=Range(min=1)),
        refresh_token_seconds=env.int("REFRESH_TOKEN_SECONDS", 7 * 24 * 3600, validate=Range(min=1)),
        bcrypt_cost=env.int("BCRYPT_COST", 12, validate=Range(min=4, max=16)),
        ratelimit_enabled=env.bool("RATELIMIT_ENABLED", True),
        trusted_proxies=env.int("TRUSTED_PROXIES", 0, validate=Range(min=0)),
        client_timeout_seconds=env.float("CLIENT_TIMEOUT_SECONDS", 10, validate=Range(min=0.1)),
        mailbox_url=env.str("MAILBOX_URL", None),
        cors_origins=env.list("CORS_ORIGINS", []),
        currency=env.str("CURRENCY", None, validate=Regexp("[A-Z]{3}$")),
        max_waiters=env.int("MAX_WAITERS", 8, validate=Range(min=0)),
        log_format=env.str("LOG_FORMAT", "json", validate=OneOf(["json", "console"])),
        log_level=env.str("LOG_LEVEL", "INFO", validate=OneOf(["DEBUG", "INFO", "WARNING", "ERROR"])),
        intent_seconds=env.float("INTENT_SECONDS", 60, validate=Range(min=0.1)),
        ring_seconds=env.float("RING_SECONDS", 30, validate=Range(min=0.1)),
        sweep_seconds=env.float("SWEEP_SECONDS", 5, validate=Range(min=0.05)),
        audit_seconds=env.float("AUDIT_SECONDS", 60, validate=Range(min=0.1)),
        mail_retry_seconds=env.float("MAIL_RETRY_SECONDS", 600, validate=Range(min=0.1)),
        sqs_wait_seconds=env.int("SQS_WAIT_SECONDS", 20, validate=Range(min=1, max=20)),
        queue_visibility_seconds=env.int("QUEUE_VISIBILITY_SECONDS", 60, validate=Range(min=1, max=43_200)),
        ses_max_send_rate=env.float("SES_MAX_SEND_RATE", 14, validate=Range(min=0.01)),
        worker_threads=env.int("WORKER_THREADS", 8, validate=Range(min=1, max=100)),
        mail_threads=env.int("MAIL_THREADS", 4, validate=Range(min=1, max=100)),
        worker_grace_seconds=env.float("WORKER_GRACE_SECONDS", 25, validate=Range(min=0)),
        worker_metrics_port=env.int("WORKER_METRICS_PORT", 0, validate=Range(min=0, max=65535)),
        fulfilment=env.str("FULFILMENT", "services.fulfilment:do_nothing"),
    )
    faults = {**_cross_faults(settings), **_faults_of(env)}
    if faults:
        raise SettingsError(_explain(faults))
    return settings


def _forget_empty() -> None:
    """`REDIS_URI=` in a `.env` means that it is not set."""
    names = {field.name.upper() for field in fields(Settings)} | _OTHER_NAMES
    for name in names:
        if not os.environ.get(name, "x").strip():
            del os.environ[name]


def current_settings() -> Settings:
    """The settings that the current app was made with."""
    settings: Settings = current_app.extensions["settings"]
    return settings


def _redis_uri(env: Env) -> str:
    """REDIS_URI, as the Node code reads it, or REDIS_HOST and REDIS_PORT, as its README says."""
    if "REDIS_URI" in os.environ:
        return env.str("REDIS_URI", validate=_scheme("redis", "rediss"))
    host = env.str("REDIS_HOST")
    port = env.int("REDIS_PORT", 6379, validate=Range(min=1, max=65535))
    return f"redis://{host}:{port}/0"


def _scheme(*allowed: str) -> Callable[[str], Any]:
    def check(value: str) -> None:
        if not _is_address(value, allowed):
            starts = " or ".join(f"{scheme}://" for scheme in allowed)
            raise ValidationError(f"Must start with {starts}, followed by a host.")

    return check


def _is_address(value: str, schemes: tuple[str, ...]) -> bool:
    """Whether the clients could make sense of it; MongoDB's may name several hosts."""
    try:
        parts = urlsplit(value)
        hosts = [urlsplit(f"//{host}") for host in parts.netloc.rpartition("@")[2].split(",")]
        return parts.scheme in schemes and all(host.hostname and host.port != 0 for host in hosts)
    except ValueError:  # such as a port that is no number
        return False


def _faults_of(env: Env) -> dict[str, list[str]]:
    try:
        env.seal()
    except EnvValidationError as error:
        messages: Any = error.error_messages
        return {name: [str(text) for text in texts] for name, texts in messages.items()}
    return {}


def _cross_faults(settings: Settings) -> dict[str, list[str]]:
    """Faults that one setting alone does not show."""
    faults: dict[str, list[str]] = {}
    weak_allowed = os.environ.get("ALLOW_WEAK_JWT_SECRET", "").lower() == "true"
    for name in ("JWT_SECRET", "JWT_REFRESH_SECRET"):
        value = os.environ.get(name, "")
        if value and not weak_allowed and _is_weak(value):
            faults[name] = [
                f"Too weak: use at least {_SECRET_BYTES} random characters, such as the output of "
                "`openssl rand -hex 32`."
            ]
    if bool(settings.aws_access_key_id) != bool(settings.aws_secret_access_key):
        faults["AWS_ACCESS_KEY_ID"] = ["Set it together with AWS_SECRET_ACCESS_KEY, or neither (a role)."]
    return faults


def _is_weak(secret: str) -> bool:
    return (
        len(secret.encode()) < _SECRET_BYTES
        or len(set(secret)) < 8
        or any(weak in secret.lower() for weak in _WEAK_SECRETS)
    )


def _explain(faults: dict[str, list[str]]) -> str:
    lines = [f"  {name}: {' '.join(messages)}" for name, messages in sorted(faults.items())]
    return "\n".join(["These settings are missing or wrong (see .env.example for all of them):", *lines])
