"""Production as the README has it: all settings in `.env`, in the names of either app, and no environment."""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from local_stack.probes import free_port
from local_stack.processes import Process
from local_stack.programs import ROOT, clean_environment, is_alive, python
from tests.support.client import Client
from tests.support.waiting import wait_for

NOT_COPIED = shutil.ignore_patterns(
    ".env", ".git", ".venv", ".local*", ".*_cache", "tests", "node_modules", "__pycache__"
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project's files, without the developer's `.env`."""
    made = tmp_path / "project"
    shutil.copytree(ROOT, made, ignore=NOT_COPIED)
    return made


def as_in_the_readme(settings: Mapping[str, str]) -> dict[str, str]:
    return dict(settings)


def as_in_the_node_code(settings: Mapping[str, str]) -> dict[str, str]:
    renamed = dict(settings)
    renamed["SQS_URL"] = renamed.pop("SQS_QUEUE_URL")
    renamed["REDIS_URI"] = f"redis://{renamed.pop('REDIS_HOST')}:{renamed.pop('REDIS_PORT')}"
    return {**renamed, "JWT_REFRESH_SECRET": settings["JWT_SECRET"][::-1]}


@contextmanager
def running(arguments: list[str], copy: Path) -> Iterator[Process]:
    # What `make run` prints is no log: its greeting has an address in it.
    output = copy / ("output.txt" if arguments == ["server.py"] else "output.log")
    child = python(arguments, clean_environment({}), output, copy).start()
    try:
        yield child
    finally:
        child.kill()


@pytest.mark.parametrize("names", [as_in_the_readme, as_in_the_node_code])
def test_with_all_settings_in_a_file_one_can_log_in_order_and_have_it_processed(
    settings: dict[str, str], copy: Path, names: type[dict[str, str]]
) -> None:
    port = free_port()
    own = {"HOST": "127.0.0.1", "PORT": str(port), "WEB_CONCURRENCY": "1", "BCRYPT_COST": "4"}
    write_dotenv(copy, {**names(settings), **own, "LOG_FORMAT": "json"})
    base = f"http://127.0.0.1:{port}"

    assert "p-dotenv" in flask(copy, "inventory", "set", "p-dotenv", "--stock", "5", "--price", "2")
    with running(["-m", "gunicorn", "wsgi:app"], copy) as api:
        wait_for(lambda: is_alive(port), "the API to start")
        assert api.output().count("Booting worker with pid") == 1
        assert f"Listening at: {base}" in api.output()
        user = Client(base).register()
        assert (
            user.post("/api/auth/refresh", {"refreshToken": user.tokens["refreshToken"]}).status_code == 200
        )
        order = user.order({"p-dotenv": 1}).json()
        with running(["-m", "workers.order_worker"], copy):
            assert user.ended(order["orderId"])["status"] == "Processed"


def test_make_run_reads_the_file_as_well(copy: Path, tmp_path: Path) -> None:
    port, local = free_port(), tmp_path / "elsewhere"
    write_dotenv(
        copy, {"PORT": str(port), "LOCAL_DIR": str(local), "WEB_CONCURRENCY": "1", "CURRENCY": "EUR"}
    )

    with running(["server.py"], copy) as child:
        wait_for(lambda: "\nReady." in child.output() or not child.running, "the system to be ready")
        assert child.running, child.output()
        assert child.output().count("Booting worker with pid") == 1
        order = Client(f"http://127.0.0.1:{port}").register().order({"mouse": 1}).json()
        assert order["currency"] == "EUR"
        assert (local / "stack.env").exists()
        assert "mouse" in flask(copy, "inventory", "show")
        assert child.stop(60) == 0


@pytest.mark.parametrize("arguments", [["-m", "gunicorn", "wsgi:app"], ["-m", "workers.order_worker"]])
def test_what_is_weak_or_wrong_in_the_file_ends_each_process_with_all_of_it(
    settings: dict[str, str], copy: Path, arguments: list[str]
) -> None:
    write_dotenv(copy, {**settings, "JWT_SECRET": "short", "WEB_CONCURRENCY": "x", "PORT": "http"})

    with running(arguments, copy) as child:
        wait_for(lambda: not child.running, "the process to end")
        output = child.output()

    for name in ("JWT_SECRET", "WEB_CONCURRENCY", "PORT"):
        assert output.count(f"  {name}: ") == 1, output
    assert "Traceback" not in output


def write_dotenv(copy: Path, values: Mapping[str, str]) -> None:
    (copy / ".env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))


def flask(copy: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "flask", *arguments]
    done = subprocess.run(
        command, cwd=copy, env=clean_environment({}), check=True, capture_output=True, text=True
    )
    return done.stdout
