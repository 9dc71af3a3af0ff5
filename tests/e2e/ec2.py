"""What deploy/ec2/install.sh makes of a bare machine, in a folder of a test's own; and its programs, started
as systemd starts them: by the units' own command lines, with their directory, socket and call filter."""

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import boto3
from botocore.config import Config

from local_stack.processes import Process
from local_stack.programs import ROOT, clean_environment
from tests.e2e import site
from tests.support.checkout import copy_checkout
from tests.support.queues import make_queue

# systemd's part: the socket as file descriptor 3, and which process it is meant for.
_ACTIVATE: Final = """\
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])
"""


def own_settings(settings: Mapping[str, str], name: str) -> dict[str, str]:
    """What its user fills in: the local stack's servers, with a database and a queue of its own."""
    sqs: Any = boto3.client(
        "sqs",
        endpoint_url=settings["AWS_ENDPOINT_URL"],
        region_name=settings["AWS_REGION"],
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
        config=Config(proxies={}),
    )
    address = urlsplit(settings["MONGO_URI"])._replace(path=f"/{name}_{uuid4().hex[:8]}")
    own = {"MONGO_URI": urlunsplit(address), "SQS_QUEUE_URL": make_queue(sqs).url}
    own["REDIS_URI"] = f"redis://{settings['REDIS_HOST']}:{settings['REDIS_PORT']}/1"  # limits of its own
    quick = {"BCRYPT_COST": "4", "SWEEP_SECONDS": "0.5", "SQS_WAIT_SECONDS": "1", "WEB_CONCURRENCY": "2"}
    needed = {key: value for key, value in settings.items() if key not in ("JWT_SECRET", "REDIS_HOST")}
    return {**needed, **own, **quick}


class Installation:
    """A checkout that install.sh was run in. `settings` are those that its user fills in.

    `app` is the folder of the version that the units name.
    """

    def __init__(self, home: Path, settings: Mapping[str, str]) -> None:
        self.app, self.root, self.run = home / "orders", home / "root", home / "run"
        self.state = home / "state"
        self.run.mkdir()
        copy_checkout(self.app)
        self.printed = self.install()
        self.settings_file = self.root / "etc/orders/orders.env"
        self.set(**settings)

    def set(self, **settings: str) -> None:
        """Edit the settings: of two lines about one, the last holds, and an empty one takes it away."""
        with self.settings_file.open("a") as file:
            file.writelines(f"{name}={value}\n" for name, value in settings.items())

    def install(self) -> str:
        # Which installer, and where it finds packages here and whom it trusts.
        installers = {
            name: os.environ[name] for name in os.environ if name.startswith(("UV", "PIP_", "SSL_"))
        }
        environment = clean_environment({"DESTDIR": str(self.root), **installers})
        command = ["sh", "deploy/ec2/install.sh", "orders.test"]
        done = subprocess.run(
            command, cwd=self.app, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def install_beside(self, name: str, change: Callable[[Path], object]) -> None:
        """Another version in a folder of its own, which the units name from now on."""
        self.app = copy_checkout(self.app.with_name(name))
        change(self.app)
        self.install()

    def unit(self, name: str) -> Path:
        return self.root / "etc/systemd/system" / name

    def command(self, service: str) -> list[str]:
        """A service's ExecStart, as `commands` has it."""
        (command,) = self.commands(service, "ExecStart")
        return command

    def commands(self, service: str, key: str) -> list[list[str]]:
        """Those of a service, under its call filter. Its state has a folder here, as systemd makes one."""
        text = self.unit(service).read_text()
        lines = re.findall(rf"^{key}=(.+)$", text, re.MULTILINE)
        for name in re.findall(r"^StateDirectory=(.+)$", text, re.MULTILINE):
            (self.state / name).mkdir(parents=True, exist_ok=True)
            lines = [line.replace(f"/var/lib/{name}", f"{self.state}/{name}") for line in lines]
        confined = [sys.executable, "-m", "tests.e2e.confined", str(self.unit(service))]
        return [[*confined, *shlex.split(line)] for line in lines]

    def environment(self, **more: str) -> dict[str, str]:
        """As bare as systemd's; the settings are in the file alone."""
        return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), **more}

    def do(self, service: str) -> subprocess.CompletedProcess[str]:
        """Run a oneshot service to its end."""
        return self._run(self.command(service))

    def reload(self, web: Process) -> subprocess.CompletedProcess[str]:
        """`systemctl reload orders-web`: its commands one after the other, until one fails."""
        for command in self.commands("orders-web.service", "ExecReload"):
            done = self._run([part.replace("$MAINPID", str(web.pid)) for part in command])
            if done.returncode:
                break
        return done

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.app,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def flask(self, *arguments: str) -> str:
        """An operator's command, as the printed steps have it."""
        command = [str(self.app / ".venv/bin/flask"), *arguments]
        environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        done = subprocess.run(
            command, cwd=self.app, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def service(self, name: str) -> Iterator[Process]:
        """A service that listens on nothing."""
        process = self.started(name)
        try:
            yield process
        finally:
            process.kill()

    def started(self, name: str) -> Process:
        log = self.run / f"{name}-{uuid4().hex[:8]}.log"
        return Process(
            name, self.command(name), environment=self.environment(), log=log, home=self.app
        ).start()

    def web(self, listening: socket.socket, **changes: str) -> Process:
        """The API on a socket that is open already, as systemd starts it again."""
        return self._web(listening, self.command("orders-web.service"), **changes)

    def activated_web(self, listening: socket.socket) -> Process:
        """The same, by systemd's own program, which starts it when the first request comes."""
        activate = shutil.which("systemd-socket-activate") or "systemd-socket-activate"
        given = [f"-E{name}={value}" for name, value in self.environment().items()]
        return self._web(listening, [activate, *given, *self.command("orders-web.service")])

    def _web(self, listening: socket.socket, command: list[str], **changes: str) -> Process:
        fd = listening.fileno()
        return Process(
            "web",
            [sys.executable, "-c", _ACTIVATE, str(fd), *command],
            environment=self.environment(**changes),
            log=self.run / f"web-{uuid4().hex[:8]}.log",
            home=self.app,
            pass_fds=(fd,),
        ).start()


@contextmanager
def nginx(installed: Installation, upstream: Path) -> Iterator[int]:
    """The site that install.sh wrote, on a port of 127.0.0.1, in front of that socket. Yields the port."""
    home = installed.run
    here = {
        "listen 80;": "listen 127.0.0.1:PORT;",
        "    listen [::]:80;\n": "",
        "unix:/run/orders/web.sock": f"unix:{upstream}",
        "/var/log/nginx/orders.log": f"{home}/access.log",
    }
    text = (installed.root / "etc/nginx/conf.d/orders.conf").read_text()
    with site.nginx(text, here, home, installed.environment()) as port:
        yield port
