"""Builds the function with Vercel's own program, and runs it as the platform does: by the runtime that the
build puts into it, which speaks over a socket and may be frozen as soon as it has said `end`."""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from local_stack.processes import Process
from local_stack.programs import ROOT
from tests.support import npm
from tests.support.client import Client
from tests.support.waiting import wait_for

Message = dict[str, Any]
T = TypeVar("T")

# What the platform sets by itself. The region is the function's.
PRESET: Final = {
    "VERCEL": "1",
    "VERCEL_REGION": "sfo1",
    "AWS_REGION": "us-west-1",
    "AWS_DEFAULT_REGION": "us-west-1",
    "HOME": "/tmp",
    "LANG": "en_US.UTF-8",
    "TZ": ":UTC",
}


class Build:
    """What `vercel build` makes of the folder that our program writes."""

    def __init__(self, home: Path) -> None:
        self.project, self.task = home / "orders-vercel", home / "task"
        self.python = python_312()
        command = [sys.executable, "-m", "deploy.vercel.bundle", str(self.project)]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        linked = self.project / ".vercel"
        linked.mkdir()
        (linked / "project.json").write_text('{"projectId": "prj_0", "orgId": "team_0", "settings": {}}')
        self._build(home)
        self.output = linked / "output"
        (folder,) = (self.output / "functions").glob("*.func")
        self.config: dict[str, Any] = json.loads((folder / ".vc-config.json").read_text())
        self._unpack(folder)

    def settings(self) -> dict[str, str]:
        """Those of vercel.json, which a deployment gives to its functions."""
        found: dict[str, str] = json.loads((self.project / "vercel.json").read_text())["env"]
        return found

    def files(self) -> set[str]:
        return {path.relative_to(self.task).as_posix() for path in self.task.rglob("*") if path.is_file()}

    def _build(self, home: Path) -> None:
        npm.install()
        programs = f"{Path(self.python).parent}:{Path(sys.executable).parent}"  # Python 3.12, and uv
        environment = {**os.environ, "VERCEL_TELEMETRY_DISABLED": "1"}
        environment["PATH"] = f"{programs}:{os.environ['PATH']}"
        command = [
            str(npm.FOLDER / ".bin" / "vercel"),
            "build",
            "--yes",
            f"--global-config={home / 'vercel'}",
        ]
        done = subprocess.run(
            command, cwd=self.project, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def _unpack(self, folder: Path) -> None:
        """All at its place in the function: what lies in its folder, and what its configuration names."""
        shutil.copytree(folder, self.task)
        for name, source in self.config["filePathMap"].items():
            (self.task / name).parent.mkdir(parents=True, exist_ok=True)
            os.link(self.project / source, self.task / name)


class Function:
    """One instance."""

    def __init__(self, build: Build, settings: Mapping[str, str], home: Path) -> None:
        self._messages: list[Message] = []
        self._told = threading.Lock()
        self._freezes = False
        self._requests = 0
        ipc = home / "ipc.sock"
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(ipc))
        self._listening.listen()
        module = build.config["handler"].rpartition(".")[0]
        own = {"VERCEL_IPC_PATH": str(ipc), "TMPDIR": str(home), "PATH": "/usr/bin:/bin"}
        self.process = Process(
            "function",
            [build.python, "-c", f"import {module}"],
            environment={**PRESET, **build.config["environment"], **build.settings(), **settings, **own},
            log=home / "function.log",
            home=build.task,
        ).start()
        threading.Thread(target=self._listen, daemon=True).start()

    def client(self, address: str) -> Client:
        """A client whose address is that, as the platform tells it."""
        wait_for(lambda: self._told_of("server-started") or not self.process.running, "the function")
        started = self._told_of("server-started")
        assert started, self.process.output()
        client = Client(f"http://127.0.0.1:{started['httpPort']}")
        client.session.headers.update({"X-Forwarded-For": address, "X-Forwarded-Proto": "https"})
        return client

    @contextmanager
    def frozen_after(self, send: Callable[[dict[str, str]], T]) -> Iterator[T]:
        """Send one request, with headers by which the platform knows it again. Within these lines the
        instance is frozen, from the moment in which it said that the request has ended."""
        self._requests += 1
        context = {"invocationId": "one", "requestId": self._requests}
        names = {
            "x-vercel-internal-invocation-id": "one",
            "x-vercel-internal-request-id": str(self._requests),
        }
        self._freezes = True
        answer = send(names)
        wait_for(lambda: self._told_of("end", context), "the end of the request")
        yield answer
        self._freezes = False
        self.process.send(signal.SIGCONT)

    def logged(self) -> str:
        """What it has written, as the platform gets it."""
        with self._told:
            lines = [m["payload"]["message"] for m in self._messages if m["type"] == "log"]
        return "".join(base64.b64decode(line).decode() for line in lines)

    def stop(self) -> None:
        self.process.kill()
        self._listening.close()

    def _told_of(self, kind: str, context: Message | None = None) -> Message | None:
        """The first message of a kind, about one request or about none."""
        with self._told:
            found = (m["payload"] for m in self._messages if m["type"] == kind)
            return next((payload for payload in found if payload.get("context") == context), None)

    def _listen(self) -> None:
        connection, _ = self._listening.accept()
        rest = b""
        with connection, suppress(OSError):  # it was killed
            while data := connection.recv(65536):
                *whole, rest = (rest + data).split(b"\0")
                for text in whole:
                    self._take(json.loads(text))

    def _take(self, message: Message) -> None:
        if message["type"] == "end" and self._freezes:
            self.process.send(signal.SIGSTOP)
        with self._told:
            self._messages.append(message)


def python_312() -> str:
    """A Python 3.12, which is what the function asks for: on PATH, of pyenv, or brought by uv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for candidate in (shutil.which("python3.12"), *pyenv.glob("versions/3.12.*/bin/python3.12")):
        if candidate and (found := _printed(str(candidate), "-c", "import sys; print(sys.executable)")):
            return found
    uv = str(Path(sys.executable).with_name("uv"))
    subprocess.run([uv, "python", "install", "3.12"], check=True)
    return _printed(uv, "python", "find", "3.12")


def _printed(*command: str) -> str:
    """What a program prints; nothing where it fails, as a version manager's stand-in does."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
