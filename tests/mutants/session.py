"""One run over all mutants, kept in .mutants/: clones to change, servers for their tests, the results so far.

A run can be stopped at any time and taken up again, also on other code: see kept.py.
"""

import fcntl
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import tomli_w

from local_stack.probes import accepts, free_port
from local_stack.programs import ROOT, clean_environment
from local_stack.stack import LocalStack
from tests.mutants.kept import LATER, keep, take_over
from tests.support.waiting import wait_for

HOME: Final = ROOT / ".mutants"
ROOMS: Final = ("models", "controllers", "workers", "services", "middleware", "utils")
_SETTINGS: Final = Path(__file__).with_name("settings.toml")
_END_SECONDS: Final = 3.0
_GREATEST_NUMBER: Final = 2.0


class Mutant(NamedTuple):
    module: str
    line: int
    operator: str
    outcome: str  # "killed", "survived", "incompetent"; "" is yet to come
    diff: str


class Session:
    def __init__(self, home: Path = HOME) -> None:
        self.home = home
        self.results = home / "results.sqlite"
        self.settings = home / "settings.toml"
        self._code = home / "code"
        self._commit = home / "commit"

    def open(self) -> None:
        """Make the list of mutants of the committed code, or take up the one that is there."""
        code = _git("rev-parse", *(f"HEAD:{room}" for room in ROOMS))
        if self._code.exists() and self._code.read_text() == code:
            with sqlite3.connect(self.results) as results:
                results.execute(f"DELETE FROM work_results WHERE output = '{LATER}'")
            return
        if self._code.exists():
            self.keep()  # of a run that did not come to its end
        self.forget()
        self.home.mkdir(exist_ok=True)
        self._write_settings([])
        _cosmic_ray("init", str(self.settings), str(self.results), cwd=ROOT)
        _run("cosmic_ray.tools.filters.operators_filter", str(self.results), str(self.settings), cwd=ROOT)
        self._leave_out_numbers()
        self._commit.write_text(_git("rev-parse", "--short", "HEAD"))
        print(
            f"{take_over(self.results, self.commit()):,} mutants stand in lines that have been tried before."
        )
        self._code.write_text(code)

    def _leave_out_numbers(self) -> None:
        """0, 1 and 2 are made greater by one; that they are made smaller is noticed by the same tests. That a
        greater one is greater by one changes nothing that anybody was promised: 601 s for 600."""
        sources: dict[str, list[str]] = {}
        with sqlite3.connect(self.results) as results:
            for job_id, module, line, start, end, occurrence in results.execute(
                "SELECT job_id, module_path, start_pos_row, start_pos_col, end_pos_col, occurrence"
                " FROM mutation_specs WHERE operator_name = 'core/NumberReplacer'"
            ).fetchall():
                if module not in sources:
                    sources[module] = (ROOT / module).read_text().splitlines()
                number = sources[module][line - 1][start:end]
                if occurrence % 2 == 1 or float(number) > _GREATEST_NUMBER:
                    results.execute(
                        "INSERT OR IGNORE INTO work_results (job_id, worker_outcome) VALUES (?, 'SKIPPED')",
                        (job_id,),
                    )

    def commit(self) -> str:
        """The commit whose code is changed."""
        return self._commit.read_text() if self._commit.exists() else "unknown"

    def keep(self) -> None:
        """Write down what came out, for sessions on other code and on other machines."""
        keep(self.results, self.commit())

    def forget(self) -> None:
        """Begin anew; what `keep` wrote stays."""
        shutil.rmtree(self.home, ignore_errors=True)

    def take_survivors(self) -> int:
        """Have those that survived tried again, and no others this time. Returns how many."""
        with sqlite3.connect(self.results) as results:
            results.execute(
                "INSERT OR IGNORE INTO work_results (job_id, worker_outcome, output)"
                f" SELECT job_id, 'SKIPPED', '{LATER}' FROM mutation_specs"
            )
            return results.execute("DELETE FROM work_results WHERE test_outcome = 'SURVIVED'").rowcount

    def mutants(self) -> list[Mutant]:
        """All of them but those that settings.toml leaves out."""
        with sqlite3.connect(f"file:{self.results}?mode=ro", uri=True) as results:
            rows = results.execute(
                "SELECT module_path, start_pos_row, operator_name, lower(coalesce(test_outcome, '')), diff"
                " FROM mutation_specs LEFT JOIN work_results USING (job_id)"
                f" WHERE coalesce(worker_outcome, '') != 'SKIPPED' OR output = '{LATER}'"
                " ORDER BY module_path, start_pos_row, start_pos_col, operator_name"
            )
            return [Mutant(*row) for row in rows]

    @contextmanager
    def running(self, at_once: int, seconds: int) -> Iterator[subprocess.Popen[bytes]]:
        """Cosmic Ray at work, with so many clones and stacks; so many seconds for the tests of one mutant."""
        with (self.home / "lock").open("w") as lock, ExitStack() as stack:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                sys.exit("Another `make mutants` is at work here.")
            ports = [free_port() for _ in range(at_once)]
            for number, port in enumerate(ports):
                stack.enter_context(self._worker(number, port, seconds))
            self._write_settings([f"http://127.0.0.1:{port}" for port in ports])
            command = [sys.executable, "-m", "cosmic_ray.cli", "exec", str(self.settings), str(self.results)]
            yield stack.enter_context(_ended(subprocess.Popen(command, cwd=ROOT)))

    @contextmanager
    def _worker(self, number: int, port: int, seconds: int) -> Iterator[None]:
        clone, servers = self.home / f"clone-{number}", self.home / f"stack-{number}"
        _clone(clone)
        shutil.rmtree(servers, ignore_errors=True)
        with LocalStack(servers, {}) as stack:
            stack.publish()
            with (servers / "stack.env").open("a") as file:
                file.write("WEB_CONCURRENCY=1\n")  # a second one takes 2 s to start, and shows little
            environment = clean_environment(
                {
                    "MUTANTS_KILLS": str(self.home / "kills.jsonl"),
                    "MUTANTS_SECONDS": str(seconds),
                    "TEST_STACK": str(servers / "stack.env"),
                    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # none is needed, and they take 2 s
                }
            )
            command = [sys.executable, "-m", "tests.mutants.worker", str(port)]
            with (servers / "worker.log").open("ab") as log:
                process = subprocess.Popen(command, cwd=clone, env=environment, stdout=log, stderr=log)
            with _ended(process):
                wait_for(lambda: accepts(port), f"the worker, see {servers}/worker.log")
                yield

    def _write_settings(self, urls: list[str]) -> None:
        settings: dict[str, Any] = tomllib.loads(_SETTINGS.read_text())
        settings["cosmic-ray"]["test-command"] = f"{sys.executable} -m tests.mutants.attempt"
        settings["cosmic-ray"]["distributor"]["http"]["worker-urls"] = urls
        self.settings.write_text(tomli_w.dumps(settings))


def _clone(path: Path) -> None:
    """The committed state. Its bytecode is checked by content: by date and size, a mutant looks unchanged."""
    if not path.exists():
        _git("clone", "--quiet", str(ROOT), str(path))
    _git("fetch", "--quiet", "origin", _git("rev-parse", "HEAD"), cwd=path)
    _git("reset", "--quiet", "--hard", "FETCH_HEAD", cwd=path)
    arguments = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash", "."]
    subprocess.run(arguments, cwd=path, check=True)


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:  # it waits for a test
            process.kill()
            process.wait()


def _git(*arguments: str, cwd: Path = ROOT) -> str:
    done = subprocess.run(["git", *arguments], cwd=cwd, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _cosmic_ray(*arguments: str, cwd: Path) -> None:
    _run("cosmic_ray.cli", *arguments, cwd=cwd)


def _run(module: str, *arguments: str, cwd: Path) -> None:
    subprocess.run([sys.executable, "-m", module, *arguments], cwd=cwd, check=True)
