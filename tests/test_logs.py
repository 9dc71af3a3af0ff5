"""Log lines: JSON for machines, short lines for people, gunicorn's own in the same form."""

import json
import os
import re
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest

from local_stack.probes import free_port
from local_stack.processes import Process
from local_stack.programs import ROOT, clean_environment
from middleware.request_context import loggable
from tests.support.client import Client
from tests.support.system import running_api
from tests.support.waiting import wait_for

FAILS = """
import structlog
from utils import logs
logs.configure("{}", "INFO")
def log_in(password):
    raise ValueError("no")
try:
    log_in("hunter2" * 2)
except ValueError:
    structlog.get_logger().exception("unexpected_error")
"""


@pytest.fixture
def nowhere(settings: dict[str, str]) -> dict[str, str]:
    """Settings whose MongoDB is not there: what needs it is answered with 503."""
    return {**settings, "MONGO_URI": f"mongodb://127.0.0.1:{free_port()}/orders"}


def lines_of(child: Process) -> list[dict[str, Any]]:
    """All lines that are whole; each must be JSON."""
    return [json.loads(line) for line in child.output().rpartition("\n")[0].splitlines()]


def test_a_request_on_a_terminal_is_one_short_line_with_its_id_last(
    nowhere: dict[str, str], tmp_path: Path
) -> None:
    with running_api(nowhere, tmp_path / "api.log", LOG_FORMAT="console") as (base, child):
        good = Client(base).get("/api/auth/test").headers["X-Request-Id"]
        bad = Client(base).get("/api/inventory").headers["X-Request-Id"]
        wait_for(lambda: bad[:8] in child.output(), "the last line")

        time = r"^\d\d:\d\d:\d\d"
        for line in (
            rf"{time} GET /api/auth/test 200 \d+ ms request_id={good[:8]}$",
            rf"{time} \[warning\] GET /api/inventory 503 \d+ ms .*request_id={bad[:8]}$",
            rf"{time} Booting worker with pid: \d+$",
        ):
            assert re.search(line, child.output(), re.M), child.output()


def test_a_line_has_the_milliseconds_that_the_answer_took(settings: dict[str, str], tmp_path: Path) -> None:
    with running_api(settings, tmp_path / "api.log") as (base, child):
        started = time.monotonic()
        Client(base).register()
        most = (time.monotonic() - started) * 1000

        def logged() -> list[float]:
            return [line["ms"] for line in lines_of(child) if line.get("route", "").startswith("/api/auth")]

        wait_for(lambda: len(logged()) == 2, "the lines of the registration and of the login")
        assert all(ms > 0 for ms in logged()) and sum(logged()) <= most


def test_json_lines_have_the_path_of_a_404_and_a_warning_for_a_503(
    nowhere: dict[str, str], tmp_path: Path
) -> None:
    with running_api(nowhere, tmp_path / "api.log") as (base, child):
        sent = {
            Client(base).get(path).headers["X-Request-Id"]: path
            for path in ("/api/auth/test", "/api/order?token=secret", "/api/inventory")
        }
        told = wait_for(lambda: told_of(child, sent), "their lines")

    assert told["/api/auth/test"].items() >= {"level": "info", "status": 200}.items()
    assert "path" not in told["/api/auth/test"]
    assert told["/api/order?token=secret"].items() >= {"path": "/api/order", "status": 404}.items()
    assert told["/api/inventory"].items() >= {"level": "warning", "status": 503}.items()
    assert "secret" not in child.output()


def told_of(child: Process, sent: dict[str, str]) -> dict[str, dict[str, Any]] | None:
    """The line of each address that was sent, once all are there."""
    lines = [line for line in lines_of(child) if line.get("request_id") in sent]
    return {sent[line["request_id"]]: line for line in lines} if len(lines) == len(sent) else None


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/api/order", "/api/order"),
        ("/a\nb\x1b[31m", "/a%0Ab%1B%5B31m"),
        ("/größe xl", "/gr%C3%B6%C3%9Fe%20xl"),
        ("/users/carl@example.com/orders", "/users/***/orders"),
        ("/reset/eyJhbGciOiJIUzI1NiJ9.eyJ1c2VySWQiOiIxIn0.c2ln", "/reset/***"),
    ],
)
def test_nothing_in_a_path_can_do_harm_in_a_log(path: str, told: str) -> None:
    assert loggable(path) == told


def test_a_path_in_a_log_has_an_end() -> None:
    assert len(loggable("/x" * 10_000)) < 210


def test_gunicorns_own_lines_are_json_too(settings: dict[str, str], tmp_path: Path) -> None:
    with running_api(settings, tmp_path / "api.log", WEB_CONCURRENCY="1") as (_base, child):
        (booted,) = [line for line in lines_of(child) if line["event"].startswith("Booting worker")]
        os.kill(int(booted["event"].rpartition(" ")[2]), SIGKILL)
        wait_for(lambda: child.output().count("Booting worker") == 2, "another worker")
        errors = [line["event"] for line in lines_of(child) if line["level"] == "error"]

    assert any("SIGKILL" in error for error in errors), errors
    assert all({"event", "level", "timestamp"} <= line.keys() for line in lines_of(child))


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_traceback_in_a_log_shows_no_values(log_format: str) -> None:
    assert find_spec("rich"), "without rich, structlog prints no values anyway"

    done = subprocess.run(
        [sys.executable, "-c", FAILS.format(log_format)],
        cwd=ROOT,
        env=clean_environment({"PYTHONPATH": str(ROOT)}),
        capture_output=True,
        text=True,
        check=False,
    )

    assert "unexpected_error" in done.stdout, done.stderr
    assert "ValueError: no" in done.stdout
    assert "hunter2hunter2" not in done.stdout
