"""deploy/containers without an engine: the Dockerfile's own steps, done in a folder instead of an image, and
what stands in it started by compose.yaml's own commands, as a user without any rights."""

import json
import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from local_stack.processes import Process
from local_stack.programs import ROOT

HERE: Final = ROOT / "deploy" / "containers"
DOCKERFILE: Final = HERE / "Dockerfile"
COMPOSE: Final = HERE / "compose.yaml"
_PATHS: Final = re.compile(r"(?<![\w.:])/(?=(?:opt|srv|etc|tmp)/)")  # such as stand in RUN and COPY
_JWT_SECRET: Final = secrets.token_hex(32)


class Step(NamedTuple):
    keyword: str
    text: str


@cache
def stages() -> dict[str, list[Step]]:
    """The steps of each stage, by its name."""
    found: dict[str, list[Step]] = {}
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    for line in filter(str.strip, text.splitlines()):
        keyword, _, rest = line.partition(" ")
        if keyword == "FROM":
            found[rest.rpartition(" ")[2]] = steps = []
        steps.append(Step(keyword, rest))
    return found


def value(stage: str, keyword: str) -> str:
    """Of an instruction that stands there once."""
    (text,) = [step.text for step in stages()[stage] if step.keyword == keyword]
    return text


def copied(stage: str) -> list[tuple[list[str], str]]:
    """The sources of each COPY, and where they go; not those from other stages."""
    found = []
    for step in stages()[stage]:
        words = [word for word in step.text.split() if not word.startswith("--chown=")]
        if step.keyword == "COPY" and not words[0].startswith("--from="):
            found.append((words[:-1], words[-1]))
    return found


def services() -> dict[str, dict[str, Any]]:
    """compose.yaml's, without the one variable that its user gives."""
    text = re.sub(r"\$\{JWT_SECRET:[^}]*}", _JWT_SECRET, COMPOSE.read_text())
    assert "${" not in text
    found: dict[str, dict[str, Any]] = yaml.safe_load(text)["services"]
    return found


class Image:
    """The stages build and orders, which have one base, in the folder `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.build("build")
        workdir, venv = value("orders", "WORKDIR"), "/opt/venv"
        taken = [step.text for step in stages()["orders"] if step.keyword == "COPY"]
        assert taken == [f"--from=build {path} {path}" for path in (venv, workdir)]
        self.app = self.root / workdir[1:]
        self.free = self.root / "tmp"  # the tmpfs
        self.free.chmod(0o1777)

    def build(self, stage: str) -> None:
        """Do a stage's steps, with the folder's paths for those of an image."""
        here = self.root
        (self.root / "tmp").mkdir(exist_ok=True)
        for keyword, text in stages()[stage]:
            if keyword == "WORKDIR":
                here = self._inside(text)
                here.mkdir(parents=True)
            elif keyword == "COPY":
                words = [word for word in text.split() if not word.startswith("--chown=")]
                _copy(words[:-1], self._inside(words[-1]) if words[-1].startswith("/") else here / words[-1])
            elif keyword == "RUN":
                command = _PATHS.sub(f"{self.root}/", text)
                self._run_as_builder(command, here)
            else:
                assert keyword in ("FROM", "ENV", "USER", "EXPOSE", "CMD"), keyword

    def environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        """The image's own, and a container's settings; no other."""
        own = dict(pair.split("=", 1) for pair in shlex.split(value("orders", "ENV")))
        own["PATH"] = _PATHS.sub(f"{self.root}/", own["PATH"]).replace("$PATH", "/usr/bin:/bin")
        return {**own, "LANG": "C.UTF-8", "TMPDIR": str(self.free), **settings}

    def command(self, *words: str) -> list[str]:
        """A command as the image's user, without rights to gain any, as cap_drop and no-new-privileges have
        it. Who is not root here is no other user, but none of root's either."""
        if os.geteuid():
            return ["/usr/bin/env", *words]
        uid, _, gid = value("orders", "USER").partition(":")
        user = [f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--bounding-set=-all"]
        return ["/usr/bin/setpriv", *user, "--no-new-privs", "--pdeathsig=TERM", *words]

    def run(self, *words: str, settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """`docker compose exec`, to its end."""
        return subprocess.run(
            self.command(*words),
            cwd=self.app,
            env=self.environment(settings),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def default_command(self) -> list[str]:
        found: list[str] = json.loads(value("orders", "CMD"))
        return found

    def site(self) -> str:
        """nginx's configuration, as the stage proxy makes it."""
        self.build("proxy")
        ((_, to),) = copied("proxy")
        return self._inside(to).read_text()

    def start(self, name: str, words: list[str], settings: Mapping[str, str]) -> Process:
        log = self.root / f"{name}.log"
        return Process(
            name, self.command(*words), environment=self.environment(settings), log=log, home=self.app
        ).start()

    def _inside(self, path: str) -> Path:
        return self.root / path[1:]

    def _run_as_builder(self, command: str, here: Path) -> None:
        done = subprocess.run(
            ["sh", "-euc", command],
            cwd=here,
            env=self._builders(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def _builders(self) -> dict[str, str]:
        """`python` and `pip` as the base image has them."""
        programs = self.root / "base"
        programs.mkdir(exist_ok=True)
        for name, program in (("python", python_for_all()), ("pip", Path(sys.executable).with_name("pip"))):
            if not (programs / name).exists():
                (programs / name).symlink_to(program)
        return {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}


def _copy(sources: list[str], to: Path) -> None:
    """As COPY does: the content of a folder, a file by its name. The checkout is the context."""
    for source in sources:
        path = ROOT / source
        if path.is_dir():
            shutil.copytree(path, to, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
            continue
        is_folder = to.is_dir() or len(sources) > 1
        to.mkdir(parents=True, exist_ok=True) if is_folder else to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, to / path.name if is_folder else to)


def python_for_all() -> str:
    """A Python that the image's user may run: root's own may lie where nobody else gets."""
    own = Path(sys.executable).resolve()
    if os.geteuid() == 0 and any(not folder.stat().st_mode & 0o001 for folder in own.parents):
        found = [shutil.which(f"python3.{minor}", path="/usr/local/bin:/usr/bin") for minor in (13, 12, 11)]
        assert any(found), "Install a Python that not only root may run (Debian: apt-get install python3)."
        return next(program for program in found if program)
    return str(own)
