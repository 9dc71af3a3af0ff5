"""Production: a setting that is missing or weak ends each process at once, with a list of all faults."""

import os
import subprocess
import sys
from unittest.mock import patch

import pytest

from config.settings import Settings, SettingsError, load_settings
from tests.support.system import ROOT, clean_environment

GUNICORN = ["-m", "gunicorn", "wsgi:app"]
WORKER = ["-m", "workers.order_worker"]

SECRET = "d41d8cd98f00b204e9800998ecf8427e"
GOOD = {
    "MONGO_URI": "mongodb://db-1.internal,db-2.internal:27018/orders?replicaSet=rs0",
    "JWT_SECRET": SECRET,
    "REDIS_HOST": "redis.internal",
    "AWS_REGION": "eu-central-1",
    "SQS_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/orders",
    "SES_EMAIL": "orders@example.com",
}
# Set and empty means missing, and no `.env` of a developer fills it in.
ELSEWHERE = dict.fromkeys(
    ["REDIS_URI", "REDIS_PORT", "SQS_URL", "JWT_REFRESH_SECRET", "ALLOW_WEAK_JWT_SECRET"], ""
)
ELSEWHERE |= dict.fromkeys(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"], "")


def run(arguments: list[str], **changes: str) -> tuple[int, str]:
    """Exit code and output of a process of the app. A healthy server would be ended by the limit."""
    environment = clean_environment({**GOOD, **ELSEWHERE, "PORT": "0", **changes})
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("process", [GUNICORN, WORKER], ids=["gunicorn", "worker"])
def test_a_process_without_settings_ends_at_once_and_names_them_all(process: list[str]) -> None:
    code, output = run(process, **dict.fromkeys(GOOD, ""))

    assert code not in (0, None)
    assert output.count("These settings are missing or wrong") == 1
    for name in GOOD:
        assert f"  {name}: " in output
    assert "Traceback" not in output


@pytest.mark.parametrize("process", [GUNICORN, WORKER], ids=["gunicorn", "worker"])
def test_a_process_with_a_weak_secret_ends_at_once_and_does_not_repeat_it(process: list[str]) -> None:
    code, output = run(process, JWT_SECRET="your_secret_key", SES_EMAIL="nobody")

    assert code not in (0, None)
    assert "JWT_SECRET: Too weak" in output
    assert "SES_EMAIL: " in output
    assert "your_secret_key" not in output
    assert "Traceback" not in output


def read(**changes: str) -> Settings:
    """The settings, read in this process."""
    with patch.dict(os.environ, {**GOOD, **ELSEWHERE, **changes}, clear=True):
        return load_settings()


@pytest.mark.parametrize(
    ("names", "uri"),
    [
        ({}, "redis://redis.internal:6379/0"),
        ({"REDIS_PORT": "7000"}, "redis://redis.internal:7000/0"),
        (
            {"REDIS_HOST": "", "REDIS_URI": "rediss://:pass@redis.internal/1"},
            "rediss://:pass@redis.internal/1",
        ),
        ({"REDIS_URI": "redis://other.internal"}, "redis://other.internal"),
    ],
)
def test_redis_is_named_by_host_and_port_or_by_its_uri(names: dict[str, str], uri: str) -> None:
    assert read(**names).redis_uri == uri


def test_the_queue_is_named_as_in_the_readme_or_as_in_the_node_code() -> None:
    other = "https://sqs.example.com/1/other"

    assert read().sqs_queue_url == GOOD["SQS_QUEUE_URL"]
    assert read(SQS_URL=other).sqs_queue_url == GOOD["SQS_QUEUE_URL"]
    assert read(SQS_URL=other, SQS_QUEUE_URL="").sqs_queue_url == other


def test_refresh_tokens_have_the_same_secret_unless_one_is_set() -> None:
    assert read().jwt_refresh_secret == SECRET
    assert read(JWT_REFRESH_SECRET=SECRET[::-1]).jwt_refresh_secret == SECRET[::-1]


def test_a_weak_secret_can_be_allowed() -> None:
    assert read(JWT_SECRET="your_secret_key", ALLOW_WEAK_JWT_SECRET="true").jwt_secret == "your_secret_key"


# One process tells all of these: each fault is on its own line.
FAULTY = {
    "MONGO_URI": "localhost:27017",
    "REDIS_HOST": "",
    "REDIS_PORT": "70000",
    "SQS_QUEUE_URL": "orders",
    "SES_EMAIL": "orders",
    "AWS_ACCESS_KEY_ID": "alone",
    "ACCESS_TOKEN_SECONDS": "0",
    "REFRESH_TOKEN_SECONDS": "a week",
    "BCRYPT_COST": "3",
    "RATELIMIT_ENABLED": "perhaps",
    "TRUSTED_PROXIES": "-1",
    "LOG_FORMAT": "xml",
    "LOG_LEVEL": "loud",
    "SQS_WAIT_SECONDS": "21",
    "WORKER_THREADS": "0",
    "JWT_REFRESH_SECRET": "short",
}


def test_all_kinds_of_faults_are_told_at_once() -> None:
    code, output = run(WORKER, **FAULTY)

    assert code == 1
    for name in FAULTY:
        assert output.count(f"  {name}: ") == 1, output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    "uri",
    ["mongodb://", "mongodb://[::1", "mongodb://db:port/orders", "mongodb://a,,b", "http://db", "mongodb:db"],
)
def test_an_address_that_is_none_is_told_as_all_other_faults(uri: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(MONGO_URI=uri, SES_EMAIL="")

    assert "  MONGO_URI: Must start with mongodb:// or mongodb+srv://" in str(refused.value)
    assert "  SES_EMAIL: " in str(refused.value)


@pytest.mark.parametrize(
    "secret",
    [
        "x" * 31,
        SECRET[:31],
        "ab" * 40,
        "correct-horse-battery-changeme-0123",
        "My-Jwt_Secret-0123456789-abcdefghi",
    ],
)
def test_a_secret_is_refused_that_is_short_monotonous_or_well_known(secret: str) -> None:
    with pytest.raises(SettingsError, match="JWT_SECRET: Too weak"):
        read(JWT_SECRET=secret)
    with pytest.raises(SettingsError, match="JWT_REFRESH_SECRET: Too weak"):
        read(JWT_REFRESH_SECRET=secret)
