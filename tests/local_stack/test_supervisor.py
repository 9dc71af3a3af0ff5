"""The supervisor: one at a time, restarts what dies, leaves nothing behind."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import pytest

from local_stack.pid_file import PidFile, started_at
from local_stack.probes import free_port, http_get
from tests.local_stack.common import LIMIT, ONLY_REDIS, occupied
from tests.support.waiting import wait_for

ROOT = Path(__file__).resolve().parent.parent.parent
SUPERVISE = """
import json, sys
from pathlib import Path
from local_stack.supervisor import Program, supervise
directory, configured, api, worker, prepare = json.loads(sys.argv[1])
programs = [Program("api", api), Program("worker", worker)]
sys.exit(supervise(Path(directory), configured, programs, prepare))
"""
SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
NOTHING = [sys.executable, "-c", ""]


def test_a_leftover_is_ended_but_not_an_innocent_with_its_pid(tmp_path: Path) -> None:
    with sleeper() as leftover, sleeper() as innocent:
        left = PidFile(tmp_path / "pids.json")
        left.add("leftover", leftover.pid)
        left.add("innocent", innocent.pid)
        entries = json.loads((tmp_path / "pids.json").read_text())
        entries["innocent"][1] += "0"
        (tmp_path / "pids.json").write_text(json.dumps(entries))

        assert PidFile(tmp_path / "pids.json").end_leftovers() == ["leftover"]
        assert leftover.wait(LIMIT) == -signal.SIGTERM
        assert innocent.poll() is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"redis": 1}', '{"redis": ["x", "y"]}'])
def test_a_broken_pid_file_is_no_obstacle(tmp_path: Path, text: str) -> None:
    (tmp_path / "pids.json").write_text(text)
    assert PidFile(tmp_path / "pids.json").end_leftovers() == []


@contextlib.contextmanager
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(SLEEP, start_new_session=True) as process:
        try:
            yield process
        finally:
            process.kill()


class Supervised:
    """A supervisor in a process of its own, with a Redis and with stand-ins for API and worker."""

    def __init__(self, directory: Path, **changes: Any) -> None:
        self.directory = directory / "local"
        self.port = changes.pop("port", None) or free_port()
        pages = directory / "pages"
        pages.mkdir(exist_ok=True)
        (pages / "readyz").write_text("{}")
        serve = ["-m", "http.server", str(self.port), "--bind", "127.0.0.1", "-d", str(pages)]
        plan = {"api": [sys.executable, *serve], "worker": SLEEP, "prepare": NOTHING, **changes}
        configured = {**os.environ, **ONLY_REDIS, "REDIS_HOST": "", "REDIS_URI": ""}
        configured |= {"PORT": str(self.port), "HOST": "", "REDIS_PORT": ""}
        argument = [str(self.directory), configured, plan["api"], plan["worker"], plan["prepare"]]
        self.process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISE, json.dumps(argument)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.end()

    def end(self) -> str:
        """Ask it to stop, as `kill` does. Returns what it printed."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.communicate(timeout=60)[0]

    def wait(self) -> Self:
        ready = self.directory / "stack.env"
        wait_for(lambda: ready.exists() or self.process.poll() is not None, "it is ready")
        assert self.process.poll() is None, self.end()
        return self

    def children(self) -> dict[str, tuple[int, str]]:
        entries: Mapping[str, Any] = json.loads((self.directory / "pids.json").read_text())
        return {name: (pid, start) for name, (pid, start) in entries.items()}


def alive(children: Mapping[str, tuple[int, str]]) -> list[str]:
    return [name for name, (pid, start) in children.items() if started_at(pid) == start]


def test_a_signal_stops_everything_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with Supervised(tmp_path) as supervised:
        children = supervised.wait().children()
        assert sorted(children) == ["api", "redis", "worker"]
        printed = supervised.end()
    assert supervised.process.returncode == 0
    assert f"http://127.0.0.1:{supervised.port}" in printed
    assert alive(children) == []
    assert not (supervised.directory / "stack.env").exists()


def test_nothing_is_left_behind_even_if_its_directory_was_removed(tmp_path: Path) -> None:
    with Supervised(tmp_path) as supervised:
        children = supervised.wait().children()
        shutil.rmtree(supervised.directory)
        supervised.end()
    assert supervised.process.returncode == 0
    assert alive(children) == []


def test_what_it_added_can_be_read_in_a_second_terminal(tmp_path: Path) -> None:
    with Supervised(tmp_path) as supervised:
        published = supervised.wait().directory / "stack.env"
        names = [line.partition("=")[0] for line in published.read_text().splitlines()]
        assert {"REDIS_HOST", "REDIS_PORT", "JWT_SECRET", "HOST"} <= set(names)
        assert published.stat().st_mode & 0o777 == 0o600


def test_whatever_dies_is_started_again_and_nothing_else(tmp_path: Path) -> None:
    with Supervised(tmp_path) as supervised:
        supervised.wait()
        for name in ("api", "worker", "redis"):
            before = supervised.children()
            os.kill(before.pop(name)[0], signal.SIGKILL)
            wait_for(lambda: len(alive(supervised.children())) == 2, f"{name} is gone")
            wait_for(lambda: len(alive(supervised.children())) == 3, f"{name} is back")
            assert before.items() <= supervised.children().items()
        wait_for(lambda: http_get(supervised.port, "/readyz")[0] == 200, "the API answers")


def test_a_second_one_is_refused_and_told_where_the_first_is(tmp_path: Path) -> None:
    with Supervised(tmp_path) as first:
        first.wait()
        with Supervised(tmp_path) as second:
            second.process.wait(LIMIT)
            printed = second.end()
        assert second.process.returncode == 1
        assert f"pid {first.process.pid}, http://127.0.0.1:{first.port}" in printed
        assert len(alive(first.children())) == 3


def test_what_a_killed_supervisor_left_is_gone_after_the_next_start(tmp_path: Path) -> None:
    with Supervised(tmp_path) as killed:
        left = killed.wait().children()
        killed.process.kill()
        killed.process.wait(LIMIT)
        (killed.directory / "stack.env").unlink()  # for `wait` below to see the next one's
        with Supervised(tmp_path, port=killed.port) as following:
            following.wait()
            assert alive(left) == []
            assert len(alive(following.children())) == 3


@pytest.mark.parametrize("part", ["prepare", "api", "worker"])
def test_a_settings_error_ends_it_with_the_message_and_the_code(tmp_path: Path, part: str) -> None:
    wrong = [sys.executable, "-c", "import sys; print('SES_EMAIL: missing'); sys.exit(2)"]
    slow_api = {"api": SLEEP} if part == "worker" else {}
    with Supervised(tmp_path, **{**slow_api, part: wrong}) as supervised:
        supervised.process.wait(LIMIT)
        assert "SES_EMAIL: missing" in supervised.end()
        assert supervised.process.returncode == 2
        assert alive(supervised.children()) == []


def test_a_taken_port_is_told_with_the_way_out(tmp_path: Path) -> None:
    port = free_port()
    with occupied(port), Supervised(tmp_path, port=port) as supervised:
        supervised.process.wait(LIMIT)
        assert f"PORT={port + 1} make run" in supervised.end()
        assert supervised.process.returncode == 1


@pytest.mark.parametrize("in_the_way", ["local", "local/redis"])
def test_a_directory_that_cannot_be_written_to_is_told_in_a_sentence(tmp_path: Path, in_the_way: str) -> None:
    """A file stands where a directory must be: that stops root as well."""
    (tmp_path / in_the_way).parent.mkdir(exist_ok=True)
    (tmp_path / in_the_way).write_text("")
    with Supervised(tmp_path) as supervised:
        supervised.process.wait(LIMIT)
        printed = supervised.end()
    assert supervised.process.returncode == 1
    assert f"{in_the_way} cannot be used: File exists." in printed
    assert "LOCAL_DIR=/tmp/orders make run" in printed
    assert "Traceback" not in printed


def test_a_second_ctrl_c_does_not_wait_for_a_deaf_child(tmp_path: Path) -> None:
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True)"
    deaf = [sys.executable, "-c", f"{code}; time.sleep(600)"]
    with Supervised(tmp_path, worker=deaf) as supervised:
        children = supervised.wait().children()
        supervised.process.send_signal(signal.SIGINT)
        wait_for(lambda: "api" not in alive(children), "it is stopping")
        supervised.process.send_signal(signal.SIGINT)
        supervised.process.wait(LIMIT)  # less than the grace that a deaf child gets
    assert alive(children) == []
