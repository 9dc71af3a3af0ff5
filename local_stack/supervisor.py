"""`python server.py`: everything on this machine, with one command, until Ctrl-C.

Port of `npm start`, which left MongoDB, Redis, AWS and the worker to the reader.
In this order: lock, leftovers, servers, indexes and products, API and worker. Then it restarts
whatever dies.

Own code: honcho ends everything when one process ends, supervisor is a daemon with a file of its own that
starts the next process without asking whether the one before is ready, and circus brings pyzmq and tornado.
None finds and ends what a `kill -9` left behind.
"""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final, Never

from config.settings_reader import read_texts
from local_stack import faults
from local_stack.break_it import BreakIt
from local_stack.control import Control
from local_stack.greeting import greeting, say, short
from local_stack.keeper import Keeper
from local_stack.lock import only_one
from local_stack.probes import http_get, port_is_free
from local_stack.processes import Process, StackError, stop_together
from local_stack.stack import LocalStack
from local_stack.stop_request import Stopped, StopRequest

ROOT: Final = Path(__file__).resolve().parent.parent
_GRACE_SECONDS: Final = 40.0  # more than gunicorn and the worker take for themselves
_TICK_SECONDS: Final = 0.1
_REPORT_SECONDS: Final = 10.0
_LOG_COPY_BYTES: Final = 20_000_000
# Who looks at a dead letter, or kills a worker, does not want to wait for minutes.
_IMPATIENT: Final = {"QUEUE_VISIBILITY_SECONDS": "5"}


@dataclass(frozen=True)
class Program:
    name: str
    command: Sequence[str]


PROGRAMS: Final = (
    Program("api", (sys.executable, "-m", "gunicorn", "wsgi:app")),
    Program("worker", (sys.executable, "-m", "workers.order_worker")),
)
PREPARE: Final = (sys.executable, "-m", "local_stack.seed")


def main() -> int:
    os.chdir(ROOT)
    configured = read_texts()
    directory = ROOT / (configured.get("LOCAL_DIR") or ".local")
    return supervise(directory, configured)


def supervise(
    directory: Path,
    configured: Mapping[str, str],
    programs: Sequence[Program] = PROGRAMS,
    prepare: Sequence[str] = PREPARE,
) -> int:
    """Run it all until a signal or a hopeless failure. Returns the exit code."""
    try:
        supervisor = Supervisor(directory, configured, programs, prepare)
        with only_one(directory, f"http://{supervisor.host}:{supervisor.port}"):
            return supervisor.run()
    except StackError as error:
        say(str(error))
        return error.exit_code
    except OSError as error:
        if error.filename is None:
            raise
        say(_explain_unusable(error, directory))
        return 1


class Supervisor:
    def __init__(
        self,
        directory: Path,
        configured: Mapping[str, str],
        programs: Sequence[Program],
        prepare: Sequence[str],
    ) -> None:
        self.stop_request = StopRequest()
        self.stack = LocalStack(directory, configured, self.stop_request.check)
        self.port = _port(configured.get("PORT") or "3000")
        self.host = _reachable(configured.get("HOST") or "127.0.0.1")
        self._programs = programs
        self._prepare = prepare
        self._environment: dict[str, str] = {}
        self._processes: list[Process] = []
        self._keepers: list[Keeper] = []
        self._control = Control()

    def run(self) -> int:
        self.stop_request.listen()
        self._claim_port()
        try:
            self._start_servers()
            self._prepare_database()
            self._start_programs()
            self._await_ready()
            self._watch()
        except Stopped:
            return 0
        finally:
            self._stop()

    def _claim_port(self) -> None:
        self.stack.pids.end_leftovers()  # one of them may be on it
        if not port_is_free(self.port, self.host):
            raise StackError(
                f"Port {self.port} is taken by another program. Choose another: PORT={self.port + 1} make run"
            )

    def _start_servers(self) -> None:
        say("Starting the servers that are not configured ...")
        settings = self.stack.start()
        for server in self.stack.servers.values():
            say(f"  {server.title} on 127.0.0.1:{server.port}")
            self._keepers.append(Keeper(server.process, server.start))
        own = {"PORT": str(self.port), "BREAK_IT_URL": self._control.url}
        log_copy = {"LOG_COPY": str(self._log_copy())}
        self._environment = {**_IMPATIENT, **log_copy, **self.stack.configured, **settings, **own}

    def _log_copy(self) -> Path:
        """What the board shows of the log; begun anew where it has grown."""
        path = self.stack.directory / "logs" / "orders.jsonl"
        path.parent.mkdir(exist_ok=True)
        if path.exists() and path.stat().st_size > _LOG_COPY_BYTES:
            path.replace(path.with_suffix(".old.jsonl"))
        return path

    def _prepare_database(self) -> None:
        """Indexes always; demo products only into a database of our own."""
        say("Preparing the database ...")
        demo = ["--demo"] if "mongo" in self.stack.servers else []
        process = self._process(Program("prepare", (*self._prepare, *demo)))
        process.start()
        while process.running:
            self._tick()
        process.kill()  # it has ended; this forgets its pid
        if process.exit_code:
            raise StackError("Preparing the database failed; see above.", max(process.exit_code, 1))

    def _start_programs(self) -> None:
        say("Starting the API and the worker ...")
        for program in self._programs:
            process = self._process(program)
            process.start()
            self._keepers.append(Keeper(process, process.start))
        keepers = {keeper.process.name: keeper for keeper in self._keepers}
        self._control.start(BreakIt(faults.of_stack(self.stack, keepers)))

    def _await_ready(self) -> None:
        next_report = time.monotonic() + _REPORT_SECONDS
        while True:
            status, body = http_get(self.port, "/readyz", self.host)
            if status == HTTPStatus.OK:
                break
            self._refuse_the_hopeless()
            if time.monotonic() > next_report:
                next_report += _REPORT_SECONDS
                say(f"Still waiting; /readyz says: {body.decode(errors='replace') or 'nothing'}")
            self._tick()
        self.stack.publish()
        mailbox = "MAILBOX_URL" in self._environment
        say(greeting(self.host, self.port, self.stack.directory, mailbox))

    def _refuse_the_hopeless(self) -> None:
        """A program that never came up does not get better by starting it for ever."""
        for keeper in self._keepers:
            if keeper.is_hopeless():
                name, code = keeper.process.name, max(keeper.process.exit_code or 1, 1)
                raise StackError(f"The {name} does not start; see its message above.", code)

    def _watch(self) -> Never:
        while True:
            self._tick()

    def _tick(self) -> None:
        self.stop_request.check()
        self._control.tend()
        for keeper in self._keepers:
            keeper.tend()
        time.sleep(_TICK_SECONDS)

    def _stop(self) -> None:
        self.stop_request.stopping = True
        say("Stopping; Ctrl-C again ends everything at once ...")
        self._control.stop()
        stop_together(self._processes, _GRACE_SECONDS, self.stop_request.hurried)
        self.stack.stop(self.stop_request.hurried)
        say(f"Stopped. Data is kept in {short(self.stack.directory)}.")

    def _process(self, program: Program) -> Process:
        name, command = program.name, program.command
        process = Process(name, command, self.stack.pids, environment=self._environment)
        self._processes.append(process)
        return process


def _explain_unusable(error: OSError, directory: Path) -> str:
    return (
        f"{short(Path(error.filename))} cannot be used: {error.strerror}. The servers keep their data in "
        f"{short(directory)}: make it a directory that you may write to, or name another: "
        "LOCAL_DIR=/tmp/orders make run"
    )


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise StackError(f"PORT={text} is not a port. Take a number from 1024 to 65535.")
    return int(text)


def _reachable(host: str) -> str:
    """Where we ourselves reach what listens on `host`."""
    return "127.0.0.1" if host in ("0.0.0.0", "::") else host


if __name__ == "__main__":
    sys.exit(main())
