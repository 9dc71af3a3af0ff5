"""What the stack adds to the settings, and what it leaves alone."""

from pathlib import Path

import pytest

from local_stack.processes import StackError
from local_stack.stack import LocalStack
from tests.local_stack.common import ELSEWHERE, ONLY_REDIS


@pytest.mark.parametrize(
    ("missing", "started"),
    [
        ([], []),
        (["REDIS_HOST"], ["redis"]),
        (["SQS_QUEUE_URL"], ["aws"]),
        (["MONGO_URI", "REDIS_HOST"], ["mongo", "redis"]),
    ],
)
def test_only_what_is_not_configured_is_started(
    tmp_path: Path, missing: list[str], started: list[str]
) -> None:
    configured = {**ELSEWHERE, **dict.fromkeys(missing, "")}
    with LocalStack(tmp_path, configured) as stack:
        assert list(stack.servers) == started
        assert stack.settings.keys().isdisjoint(ELSEWHERE.keys() - set(missing))
        assert set(missing) <= stack.settings.keys()


def test_the_names_that_the_node_code_read_count_as_configured(tmp_path: Path) -> None:
    configured = {
        "MONGO_URI": ELSEWHERE["MONGO_URI"],
        "REDIS_URI": "redis://127.0.0.1:1",
        "SQS_URL": ELSEWHERE["SQS_QUEUE_URL"],
    }
    with LocalStack(tmp_path, configured) as stack:
        assert stack.servers == {}


def test_what_the_developer_set_wins(tmp_path: Path) -> None:
    with LocalStack(tmp_path, {**ELSEWHERE, "HOST": "0.0.0.0", "JWT_SECRET": "mine"}) as stack:
        assert stack.settings == {"LOG_FORMAT": "console", "ALLOW_WEAK_JWT_SECRET": "true"}


def test_the_jwt_secret_is_kept_and_private(tmp_path: Path) -> None:
    with LocalStack(tmp_path, ELSEWHERE) as first, LocalStack(tmp_path, ELSEWHERE) as second:
        secret = first.settings["JWT_SECRET"]
        assert len(bytes.fromhex(secret)) == 32
        assert second.settings["JWT_SECRET"] == secret
    assert (tmp_path / "jwt_secret").stat().st_mode & 0o777 == 0o600


def test_a_proxy_is_not_asked_for_this_machine(tmp_path: Path) -> None:
    proxy = {"HTTP_PROXY": "http://proxy.example:8080", "NO_PROXY": "example.com"}
    with LocalStack(tmp_path, {**ELSEWHERE, **proxy}) as stack:
        assert stack.settings["NO_PROXY"] == "example.com,127.0.0.1"


def test_half_an_aws_configuration_is_refused(tmp_path: Path) -> None:
    configured = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    with pytest.raises(StackError, match="SQS_QUEUE_URL"):
        LocalStack(tmp_path, configured).start()


def test_a_server_that_cannot_start_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "redis").write_text("in the way")
    stack = LocalStack(tmp_path, ONLY_REDIS)
    with pytest.raises(FileExistsError):
        stack.start()
    assert not any(server.process.running for server in stack.servers.values())
