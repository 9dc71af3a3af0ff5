"""Production: a setting that is missing or weak ends each process at once, with a list of all faults."""

import os
import re
import subprocess
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from dotenv import dotenv_values

from config import aws, env_example, settings_reader
from config.settings import Settings
from config.settings_reader import SettingsError, check_settings, load_settings
from local_stack.programs import ROOT, clean_environment

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
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
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
    assert read(**names).redis_address == uri


def test_the_queue_is_named_as_in_the_readme_or_as_in_the_node_code() -> None:
    other = "https://sqs.example.com/1/other"

    assert read().sqs_queue_url == GOOD["SQS_QUEUE_URL"]
    assert read(SQS_URL=other).sqs_queue_url == GOOD["SQS_QUEUE_URL"]
    assert read(SQS_URL=other, SQS_QUEUE_URL="").sqs_queue_url == other


def test_a_region_that_the_platform_preset_is_told_when_the_queue_is_elsewhere() -> None:
    """Vercel sets AWS_REGION to its own."""
    queue = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"

    assert read(AWS_REGION="eu-west-1", SQS_QUEUE_URL=queue).sqs_queue_url == queue
    with pytest.raises(SettingsError, match="SQS_QUEUE_URL: This queue is in eu-west-1"):
        read(AWS_REGION="us-east-1", SQS_QUEUE_URL=queue)


def test_refresh_tokens_have_a_secret_of_their_own_made_of_the_other_unless_one_is_set() -> None:
    made = read().refresh_secret
    assert made != SECRET
    assert made == read().refresh_secret == read(JWT_OTHER_SECRET=SECRET).other_refresh_secret
    assert made != read(JWT_SECRET=SECRET[::-1]).refresh_secret
    assert read(JWT_REFRESH_SECRET=SECRET[::-1]).refresh_secret == SECRET[::-1]


def test_a_weak_secret_can_be_allowed() -> None:
    allowed = read(JWT_SECRET="your_secret_key", ALLOW_WEAK_JWT_SECRET="true")

    assert allowed.jwt_secret.get_secret_value() == "your_secret_key"


# One process tells all of these: each fault is on its own line.
FAULTY = {
    "MONGO_URI": "localhost:27017",
    "REDIS_HOST": "",
    "REDIS_PORT": "70000",
    "SQS_QUEUE_URL": "orders",
    "SES_EMAIL": "orders",
    "AWS_SECRET_ACCESS_KEY": "alone",
    "ACCESS_TOKEN_SECONDS": "0",
    "REFRESH_TOKEN_SECONDS": "a week",
    "BCRYPT_COST": "3",
    "RATELIMIT_ENABLED": "perhaps",
    "TRUSTED_PROXIES": "-1",
    "LOG_FORMAT": "xml",
    "LOG_LEVEL": "loud",
    "SQS_WAIT_SECONDS": "21",
    "WORKER_THREADS": "0",
    "WEB_CONCURRENCY": "x",
    "PORT": "http",
    "CLIENT_TIMEOUT_SECONDS": "inf",
    "CORS_ORIGINS": "http://localhost:5173/, shop.example.com",
    "CURRENCY": "euro",
    "AWS_ENDPOINT_URL": "localhost",
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


NODE_NAMES = {
    "SQS_QUEUE_URL": "",
    "SQS_URL": "https://sqs.example.com/1/node",
    "REDIS_HOST": "",
    "REDIS_URI": "redis://node.internal",
}


def test_a_name_in_the_environment_goes_before_the_other_name_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("SQS_QUEUE_URL=https://file.example.com/1/q\nREDIS_URI=redis://file\n")
    monkeypatch.setattr(settings_reader, "ROOT", tmp_path)
    here = {name: text for name, text in GOOD.items() if name != "SQS_QUEUE_URL"}

    with patch.dict(os.environ, {**here, "SQS_URL": NODE_NAMES["SQS_URL"]}, clear=True):
        found = load_settings()

    assert found.sqs_queue_url == NODE_NAMES["SQS_URL"]
    assert found.redis_address == "redis://redis.internal:6379/0"


def test_an_empty_variable_hides_the_line_of_the_file_and_an_empty_line_is_no_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("MAILBOX_URL=http://file\nPORT=\nHOST=127.0.0.1\n")
    (tmp_path / "stack.env").write_text("HOST=0.0.0.0\nPORT=4000\nMAILBOX_URL=http://stack\n")
    monkeypatch.setattr(settings_reader, "ROOT", tmp_path)

    with patch.dict(os.environ, {**GOOD, "MAILBOX_URL": " "}, clear=True):
        alone, beside = load_settings(), load_settings(tmp_path / "stack.env")

    assert (alone.mailbox_url, alone.port, alone.host) == (None, 3000, "127.0.0.1")
    assert (beside.mailbox_url, beside.port, beside.host) == ("http://stack", 4000, "127.0.0.1")


def test_reading_leaves_the_environment_as_it_is() -> None:
    with patch.dict(os.environ, {**GOOD, **ELSEWHERE}, clear=True):
        before = dict(os.environ)
        load_settings()
        assert dict(os.environ) == before


SECRETS = {
    "MONGO_URI": "mongodb://shop:hunter2hunter2@db.internal/orders",
    "JWT_SECRET": SECRET,
    "JWT_REFRESH_SECRET": SECRET[::-1],
    "REDIS_URI": "redis://:hunter3hunter3@redis.internal",
    "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI",
    "AWS_SESSION_TOKEN": "FwoGZXIvYXdzE",
}
HIDDEN = [
    "hunter2hunter2", SECRET, SECRET[::-1], "hunter3hunter3", "wJalrXUtnFEMI", "FwoGZXIvYXdzE"
]  # fmt: skip


def test_no_secret_is_in_what_settings_print() -> None:
    settings = read(**SECRETS)

    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"

    assert [secret for secret in HIDDEN if secret in shown] == []


def test_no_secret_is_in_what_is_said_of_faults() -> None:
    wrong = {name: f"nonsense {text}" for name, text in SECRETS.items() if name.endswith("URI")}

    with pytest.raises(SettingsError) as refused:
        read(**{**SECRETS, **wrong, "AWS_ACCESS_KEY_ID": "", "JWT_SECRET": SECRET[:20]})

    told = "".join(traceback.format_exception(refused.value))
    assert [secret for secret in [*HIDDEN, SECRET[:20]] if secret in told] == []


def test_the_keys_of_an_assumed_role_reach_the_clients_whole() -> None:
    clients: Iterable[Any] = aws.make_clients(read(**SECRETS))
    for client in clients:
        keys = client._request_signer._credentials.get_frozen_credentials()
        assert keys.token == SECRETS["AWS_SESSION_TOKEN"]
        assert (keys.access_key, keys.secret_key) == ("AKIAEXAMPLE", "wJalrXUtnFEMI")


def test_the_example_file_is_made_of_the_declarations() -> None:
    assert env_example.FILE.read_text() == env_example.text(), "Run `python -m config.env_example`."


def test_every_line_of_the_example_file_is_right_without_its_hash_but_for_the_secret_that_must_be_made(
    tmp_path: Path,
) -> None:
    lines = env_example.text().splitlines()
    settings = [line.removeprefix("# ") for line in lines if re.match("# [A-Z_0-9]+=", line)]
    file = tmp_path / "uncommented"
    file.write_text("\n".join(settings))
    names = {line.partition("=")[0] for line in settings}
    assert names == {name.upper() for name in Settings.model_fields}

    with pytest.raises(SettingsError) as refused:
        check_settings({name: text for name, text in dotenv_values(file).items() if text})

    assert str(refused.value).splitlines()[1:] == ["  JWT_SECRET: Needed, and not set."]
    file.write_text("\n".join([*settings, f"JWT_SECRET={SECRET}"]))
    made = check_settings({name: text for name, text in dotenv_values(file).items() if text})
    defaults = {
        name: field.default for name, field in Settings.model_fields.items() if not field.is_required()
    }
    shown = {name for name in defaults if Settings.model_fields[name].examples}
    assert {name: getattr(made, name) for name in defaults if name not in shown} == {
        name: default for name, default in defaults.items() if name not in shown
    }
