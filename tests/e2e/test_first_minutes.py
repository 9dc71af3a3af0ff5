"""The README's quick start, the greeting of `make run` and the demo: pasted and run as they stand."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_stack.probes import free_port
from local_stack.programs import ROOT
from tests.e2e.programs import install_if_missing
from tests.support.made import nothing_configured, running

README_ADDRESS = "http://127.0.0.1:3000"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return nothing_configured(tmp_path_factory.mktemp("first"))


@pytest.fixture(scope="module")
def started(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What `make run` printed when all was up."""
    with running(environment, tmp_path_factory.mktemp("run") / "output.txt") as (_base, greeting):
        yield greeting


@pytest.fixture(params=["bash", "zsh"])
def shell(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    for program in (name, "curl"):
        install_if_missing(program, program)
    return name


def paste(shell: str, block: str, home: Path, port: str) -> subprocess.CompletedProcess[str]:
    """Typed into an interactive shell of somebody who has no settings. curl goes to `port` for port 3000."""
    there = f"127.0.0.1:{port}"
    (home / ".curlrc").write_text(f'connect-to = "127.0.0.1:3000:{there}"\n')
    (home / ".zshrc").touch()  # without one, zsh asks a newcomer what to put there
    environment = {"HOME": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin", "TERM": "dumb"}
    return subprocess.run(
        [shell, "-i"],
        input=block,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def quick_start() -> str:
    """The block of the README that orders something, to the letter."""
    section = (ROOT / "README.md").read_text().partition("## Quick start")[2]
    (block,) = (b for b in re.findall(r"```sh\n(.*?)```", section, re.S) if "/api/orders" in b)
    assert README_ADDRESS in block
    return str(block)


def commands_of(greeting: str) -> str:
    """The commands that the greeting ends with."""
    told = greeting.partition("in a second terminal:\n")[2]
    match = re.match(r"(?:\n|  .*\n)+", told)
    assert match, greeting
    return match[0]


def last_answer(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The last JSON that was printed."""
    assert "curl:" not in done.stderr, done.stderr
    answers = [line for line in done.stdout.splitlines() if line.startswith("{")]
    assert answers, done.stdout + done.stderr
    last: dict[str, Any] = json.loads(answers[-1])
    return last


@pytest.mark.usefixtures("started")
def test_the_quick_start_ends_with_a_processed_order_the_second_time_as_well(
    shell: str, environment: dict[str, str], tmp_path: Path
) -> None:
    for _ in range(2):
        done = paste(shell, quick_start(), tmp_path, environment["PORT"])

        order = last_answer(done)
        assert order["status"] == "Processed"
        assert [item["productId"] for item in order["items"]] == ["keyboard", "mouse"]
        assert "Is it running?" not in done.stdout


def test_the_quick_start_says_so_once_when_nothing_runs(shell: str, tmp_path: Path) -> None:
    done = paste(shell, quick_start(), tmp_path, str(free_port()))

    assert done.stderr.count("curl: (7)") == 1, done.stderr
    assert done.stdout.splitlines()[-1] == "Is it running? Start it first, in another terminal: make run"
    assert "{" not in done.stdout


def test_the_greeting_ends_with_three_commands_that_lead_to_an_order(
    shell: str, started: str, environment: dict[str, str], tmp_path: Path
) -> None:
    commands = commands_of(started)
    assert commands.count("curl ") == 3
    assert f"http://127.0.0.1:{environment['PORT']}/" in commands

    order = last_answer(paste(shell, commands, tmp_path, environment["PORT"]))

    assert order["status"] == "Processed"


@pytest.mark.usefixtures("started")
def test_the_demo_finds_what_runs_and_goes_around_a_proxy(environment: dict[str, str]) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    changed = {**environment, "PORT": "", "http_proxy": nowhere, "HTTP_PROXY": nowhere}

    done = subprocess.run(
        [sys.executable, "examples/demo.py"],
        cwd=ROOT,
        env=changed,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert f"That was it. Every route, with examples: http://127.0.0.1:{environment['PORT']}" in done.stdout


def test_the_demo_goes_to_the_port_that_is_given(environment: dict[str, str]) -> None:
    port = str(free_port())

    done = subprocess.run(
        [sys.executable, "examples/demo.py"],
        cwd=ROOT,
        env={**environment, "PORT": port},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert f"Nothing answers at http://127.0.0.1:{port}. Start it first" in done.stderr
