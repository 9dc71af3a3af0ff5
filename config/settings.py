"""Every setting, declared once: names, type, bounds, default, meaning, and whether it is a secret.

The names are those of the Node project's README; the names that its code read instead (`SQS_URL`,
`REDIS_URI`, `JWT_REFRESH_SECRET`) are understood too. config/settings_reader.py reads them;
`.env.example` is made of these declarations by config/env_example.py.

pydantic checks types and bounds, tells all faults at once, and has secrets that do not print.
"""

import hmac
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from config import setting_checks as checks

ROOT = Path(__file__).parent.parent

Seconds = Annotated[float, Field(ge=0.1)]


def refresh_secret_of(secret: str) -> str:
    """Another secret, made of this one. Under the same one the Node app, whose middleware looks at the
    signature alone, would take a refresh token for an access token, for as long as it lives."""
    return hmac.digest(secret.encode(), b"refresh tokens", "sha256").hex()


Port = Annotated[int, Field(ge=0, le=65535)]
Origins = Annotated[tuple[str, ...], BeforeValidator(checks.split_at_commas), AfterValidator(checks.origins)]
HttpAddress = Annotated[str, AfterValidator(checks.address("http", "https"))]


class _Section(BaseModel):
    """Settings that stand together in `.env.example`, under the docstring. A field's name in capitals is the
    setting's name. Examples are for those without a default, and where the default is to leave it out.
    """

    model_config = ConfigDict(
        alias_generator=str.upper,
        populate_by_name=True,
        frozen=True,
        hide_input_in_errors=True,
        allow_inf_nan=False,
    )


class Needed(_Section):
    """needed in production"""

    mongo_uri: Annotated[SecretStr, AfterValidator(checks.address("mongodb", "mongodb+srv"))] = Field(
        description="Where the data is. Without a database in it: `test`, as mongoose has it.",
        examples=["mongodb://localhost:27017/orders"],
    )
    jwt_secret: SecretStr = Field(
        description="Signs tokens: at least 32 random characters, such as from `openssl rand -hex 32`.",
    )
    jwt_refresh_secret: SecretStr | None = Field(
        None, description="Signs refresh tokens; one that is made of JWT_SECRET does where it is missing."
    )
    jwt_other_secret: SecretStr | None = Field(
        None, description="Accepted as well: the next JWT_SECRET before it is changed, the last one after it."
    )
    jwt_other_refresh_secret: SecretStr | None = Field(
        None, description="The same for JWT_REFRESH_SECRET; one of JWT_OTHER_SECRET where it is missing."
    )
    redis_uri: Annotated[SecretStr, AfterValidator(checks.address("redis", "rediss"))] | None = Field(
        None,
        description="Instead of REDIS_HOST and REDIS_PORT, as the Node code has it.",
        examples=["redis://localhost:6379"],
    )
    redis_host: str = Field(
        "", validate_default=True, description="The cache's host.", examples=["localhost"]
    )
    redis_port: Annotated[int, Field(ge=1, le=65535)] = Field(6379, description="Its port.")
    aws_region: str = Field(description="The region of the queue and of SES.", examples=["us-east-1"])
    sqs_queue_url: HttpAddress = Field(
        validation_alias=AliasChoices("SQS_QUEUE_URL", "SQS_URL"),
        description="The queue's address. SQS_URL, as the Node code has it, will do.",
        examples=["https://sqs.us-east-1.amazonaws.com/123456789012/orders"],
    )
    ses_email: Annotated[str, AfterValidator(checks.email)] = Field(
        description="The sender of the mails, verified in SES.", examples=["orders@example.com"]
    )

    @field_validator("jwt_secret", "jwt_refresh_secret", "jwt_other_secret", "jwt_other_refresh_secret")
    @classmethod
    def _strong(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value and not info.data.get("allow_weak_jwt_secret") and checks.is_weak(value.get_secret_value()):
            raise ValueError(
                "Too weak: use at least 32 random characters, such as the output of `openssl rand -hex 32`."
            )
        return value

    @field_validator("sqs_queue_url")
    @classmethod
    def _in_our_region(cls, value: str, info: ValidationInfo) -> str:
        """Vercel and Lambda preset AWS_REGION to where they run: it is set, and may be the wrong one."""
        found = re.fullmatch(r"https://sqs\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?/.*", value)
        if found and info.data.get("aws_region", found[1]) != found[1]:
            raise ValueError(f"This queue is in {found[1]}, and AWS_REGION says another region.")
        return value

    @field_validator("redis_host")
    @classmethod
    def _host_or_uri(cls, value: str, info: ValidationInfo) -> str:
        if not value and info.data.get("redis_uri", "faulty") is None:
            raise ValueError("Needed, and not set (or set REDIS_URI).")
        return value

    @property
    def refresh_secret(self) -> str:
        """JWT_REFRESH_SECRET, or one that is made of JWT_SECRET where it is missing."""
        if self.jwt_refresh_secret:
            return self.jwt_refresh_secret.get_secret_value()
        return refresh_secret_of(self.jwt_secret.get_secret_value())

    @property
    def other_secret(self) -> str | None:
        """JWT_OTHER_SECRET."""
        return self.jwt_other_secret.get_secret_value() if self.jwt_other_secret else None

    @property
    def other_refresh_secret(self) -> str | None:
        """JWT_OTHER_REFRESH_SECRET, or one that is made of JWT_OTHER_SECRET where it is missing."""
        if self.jwt_other_refresh_secret:
            return self.jwt_other_refresh_secret.get_secret_value()
        return refresh_secret_of(self.other_secret) if self.other_secret else None

    @property
    def redis_address(self) -> str:
        """REDIS_URI, or the one made of REDIS_HOST and REDIS_PORT."""
        if self.redis_uri:
            return self.redis_uri.get_secret_value()
        return f"redis://{self.redis_host}:{self.redis_port}/0"


class Aws(_Section):
    """AWS: without keys, boto3 finds a role"""

    aws_access_key_id: str | None = Field(None, description="Together with its secret, or neither.")
    aws_secret_access_key: SecretStr | None = Field(
        None, validate_default=True, description="The key's secret."
    )
    aws_session_token: SecretStr | None = Field(
        None, description="The third part of the keys of an assumed role, or of SSO."
    )
    aws_endpoint_url: HttpAddress | None = Field(None, description="Another AWS, such as a local one.")

    @field_validator("aws_secret_access_key")
    @classmethod
    def _both_keys(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if bool(value) != bool(info.data.get("aws_access_key_id")):
            raise ValueError("Set it together with AWS_ACCESS_KEY_ID, or neither (a role).")
        return value


class Api(_Section):
    """the API"""

    port: Port = Field(3000, description="The port to listen on.")
    host: str = Field("0.0.0.0", description="The address to listen on.")
    web_concurrency: Annotated[int, Field(ge=1, le=1000)] = Field(2, description="How many processes.")
    web_connections: Annotated[int, Field(ge=10)] = Field(
        10_000, description="How many connections each keeps open at most."
    )
    max_waiters: Annotated[int, Field(ge=0)] = Field(
        500, description="How many requests of a process may wait at once (`Prefer: wait`)."
    )
    publish: Literal["background", "before_close"] = Field(
        "background",
        description="When SQS is told of an order: background, or before_close where processes are frozen.",
    )
    metrics: bool = Field(
        True, description="false closes /metrics: where processes come and go and share no numbers."
    )
    access_token_seconds: Annotated[int, Field(ge=1)] = Field(
        3600, description="How long an access token lives."
    )
    refresh_token_seconds: Annotated[int, Field(ge=1)] = Field(
        7 * 24 * 3600, description="How long a refresh token lives."
    )
    jwt_leeway_seconds: Annotated[int, Field(ge=0, le=300)] = Field(
        5, description="By how much the clocks of hosts that make and check tokens may differ."
    )
    bcrypt_cost: Annotated[int, Field(ge=4, le=16)] = Field(
        12, description="The cost of password hashes; weaker ones are renewed at login."
    )
    ratelimit_enabled: bool = Field(
        True, description="Limits of how often one may log in and so on; false for load tests only."
    )
    orders_per_minute: Annotated[int, Field(ge=1)] = Field(
        60, description="How many orders a user may send a minute: about each goes a mail."
    )
    cancels_per_minute: Annotated[int, Field(ge=1)] = Field(
        20, description="How many a user may cancel a minute."
    )
    mails_waiting_per_user: Annotated[int, Field(ge=1)] = Field(
        100, description="How many orders of a user may wait, for a worker or for SES, before the next one."
    )
    trusted_proxies: Annotated[int, Field(ge=0)] = Field(
        0, description="How many proxies in front set X-Forwarded-For."
    )
    client_timeout_seconds: Seconds = Field(
        10, description="Within which a request must arrive in full, and its answer be read."
    )
    cors_origins: Origins = Field(
        (),
        description="Pages elsewhere that may call the API, by commas; none by default.",
        examples=["http://localhost:5173"],
    )
    currency: Annotated[str, AfterValidator(checks.currency)] | None = Field(
        None, description="ISO 4217 code, for new orders and their mails.", examples=["EUR"]
    )
    board_for_admins: bool = Field(
        False, description="true shows the board at /dev to admins, who log in on its page."
    )
    mailbox_url: HttpAddress | None = Field(
        None,
        description="Mails of a local SES; turns /dev/mailbox on, for this machine: never in production.",
    )
    break_it_url: Annotated[str, AfterValidator(checks.on_this_machine)] | None = Field(
        None,
        description="Where the local stack has something broken on purpose; `make run` sets it, nobody else.",
    )


class WorkerSettings(_Section):
    """the worker"""

    worker_threads: Annotated[int, Field(ge=1, le=100)] = Field(
        8, description="How many threads work on orders."
    )
    mail_threads: Annotated[int, Field(ge=1, le=100)] = Field(
        4, description="How many send mails: apart, so that an SES that hangs holds no order up."
    )
    worker_grace_seconds: Annotated[float, Field(ge=0)] = Field(
        25, description="How long what runs may take to finish at SIGTERM."
    )
    worker_metrics_port: Port = Field(0, description="A port for the worker's own /metrics; 0 for none.")
    worker_metrics_host: str = Field(
        "127.0.0.1", description="The address for it: who may scrape it is up to you."
    )
    sqs_wait_seconds: Annotated[int, Field(ge=1, le=20)] = Field(
        20, description="How long one receive waits for messages."
    )
    queue_visibility_seconds: Annotated[int, Field(ge=1, le=43_200)] = Field(
        60, description="A message that its worker did not finish comes again after this."
    )
    ses_max_send_rate: Annotated[float, Field(ge=0.01)] = Field(
        14, description="How many mails a second this worker may send."
    )
    ses_configuration_set: str = Field(
        "", description="The configuration set of SES that publishes what becomes of mails; none by default."
    )
    ses_events_queue_url: HttpAddress | None = Field(
        None, description="The queue to which SES publishes that, through SNS."
    )
    fulfilment: str = Field(
        "services.fulfilment:do_nothing",
        description="Your business step, package.module:function (docs/FULFILMENT.md).",
    )
    fulfilment_threads: Annotated[int, Field(ge=1, le=100)] = Field(
        8, description="How many of these run at once: apart, so that one that hangs holds no order up."
    )
    fulfilment_seconds: Seconds = Field(
        900, description="A step that runs for longer has failed, and its thread is given up."
    )
    fulfilment_lease_seconds: Annotated[float, Field(ge=0.5)] = Field(
        60, description="A step whose worker died is tried again after this. It is renewed while a step runs."
    )


class Times(_Section):
    """times of the protocol, in seconds"""

    intent_seconds: Seconds = Field(60, description="An order that is not decided yet expires after this.")
    ring_seconds: Seconds = Field(
        30, description="An accepted order for which no message came is looked at after this."
    )
    sweep_seconds: Annotated[float, Field(ge=0.05)] = Field(
        5, description="How often due orders are looked for."
    )
    audit_seconds: Seconds = Field(
        60, description="How often stray reservations are looked for, and how late the oldest work is."
    )
    mail_retry_seconds: Seconds = Field(
        600, description="A mail that may have been sent is sent again after this."
    )


class Logs(_Section):
    """logs and traces"""

    log_format: Literal["json", "console"] = Field(
        "json", description="json for machines, console for people."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR."
    )
    otel_exporter_otlp_endpoint: Annotated[HttpAddress, AfterValidator(checks.can_be_traced)] | None = Field(
        None,
        description="Where traces are sent, by OTLP over HTTP; needs requirements-tracing.txt.",
        examples=["http://127.0.0.1:4318"],
    )
    log_copy: Annotated[Path, AfterValidator(checks.appendable)] | None = Field(
        None, description="A file for the same lines, as JSON; the board shows them with their order."
    )


class Local(_Section):
    """this machine, and `make run`"""

    allow_weak_jwt_secret: bool = Field(
        False, description="true lets a weak JWT_SECRET pass: never in production."
    )
    local_dir: str = Field(".local", description="Where the servers that it starts keep their data.")


SECTIONS: tuple[type[_Section], ...] = (Needed, Aws, Api, WorkerSettings, Times, Logs, Local)


# The last is checked first: `_strong` asks whether a weak secret is allowed.
class Settings(Logs, Times, WorkerSettings, Api, Aws, Needed, Local):
    """All of them. Times are in seconds; secrets are read by `get_secret_value()`, and do not print."""
