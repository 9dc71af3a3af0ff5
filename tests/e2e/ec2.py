"""What deploy/ec2/install.sh makes of a bare machine, in a folder of a test's own; and its programs, started
as systemd starts them: by the units' own command lines, with their directory, socket and call filter."""

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from local_stack.probes import accepts, free_port
from local_stack.processes import Process
from local_stack.programs import ROOT, clean_environment
from tests.support.checkout import copy_checkout
from tests.support.waiting import wait_for

# systemd's part: the socket as file descriptor 3, and which process it is meant for.
_ACTIVATE: Final = """\
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])
"""


class Installation:
    """A checkout that install.sh was run in. `settings` are those that its user fills in."""

    def __init__(self, home: Path, settings: Mapping[str, str]) -> None:
        self.app, self.root, self.run = home / "orders", home / "root", home / "run"
        self.state = home / "state"
        self.run.mkdir()
        copy_checkout(self.app)
        self.printed = self.install()
        self.settings_file = self.root / "etc/orders/orders.env"
        with self.settings_file.open("a") as file:
            file.writelines(f"{name}={value}\n" for name, value in settings.items())

    def install(self) -> str:
        environment = clean_environment({"DESTDIR": str(self.root), "UV": os.environ.get("UV", "uv")})
        command = ["sh", "deploy/ec2/install.sh", "orders.test"]
        done = subprocess.run(
            command, cwd=self.app, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def unit(self, name: str) -> Path:
        return self.root / "etc/systemd/system" / name

    def command(self, service: str) -> list[str]:
        """A service's ExecStart, under its call filter. Its state has a folder here, as systemd makes one."""
        text = self.unit(service).read_text()
        (line,) = re.findall(r"^ExecStart=(.+)$", text, re.MULTILINE)
        for name in re.findall(r"^StateDirectory=(.+)$", text, re.MULTILINE):
            (self.state / name).mkdir(parents=True, exist_ok=True)
            line = line.replace(f"/var/lib/{name}", f"{self.state}/{name}")
        confined = [sys.executable, "-m", "tests.e2e.confined", str(self.unit(service))]
        return [*confined, *shlex.split(line)]

    def environment(self, **more: str) -> dict[str, str]:
        """As bare as systemd's; the settings are in the file alone."""
        return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), **more}

    def do(self, service: str) -> subprocess.CompletedProcess[str]:
        """Run a oneshot service to its end."""
        return subprocess.run(
            self.command(service),
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
        log = self.run / f"{name}.log"
        process = Process(
            name, self.command(name), environment=self.environment(), log=log, home=self.app
        ).start()
        try:
            yield process
        finally:
            process.kill()

    def web(self, listening: socket.socket, **changes: str) -> Process:
        """The API on a socket that is open already, as systemd starts it again."""
        fd = listening.fileno()
        command = [sys.executable, "-c", _ACTIVATE, str(fd), *self.command("orders-web.service")]
        return Process(
            "web",
            command,
            environment=self.environment(**changes),
            log=self.run / "web.log",
            home=self.app,
            pass_fds=(fd,),
        ).start()


@contextmanager
def nginx(installed: Installation, upstream: Path) -> Iterator[int]:
    """The site that install.sh wrote, on a port of 127.0.0.1, in front of that socket. Yields the port."""
    port, home = free_port(), installed.run
    site = home / "site.conf"
    text = (installed.root / "etc/nginx/conf.d/orders.conf").read_text()
    for original, here in (
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("    listen [::]:80;\n", ""),
        ("unix:/run/orders/web.sock", f"unix:{upstream}"),
        ("/var/log/nginx/orders.log", f"{home}/access.log"),
    ):
        assert original in text
        text = text.replace(original, here)
    site.write_text(text)
    whole = home / "nginx.conf"
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")  # all are made, used or not
    folders = "".join(f"{kind}_temp_path {home}/{kind};" for kind in kinds)
    user = "" if os.geteuid() else "user root; "  # who else starts it gets a warning for that line
    whole.write_text(
        f"{user}daemon off; pid {home}/nginx.pid; error_log {home}/nginx-error.log;\n"
        f"events {{}}\nhttp {{ {folders} include {site}; }}\n"
    )
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program
    command = [program, "-c", str(whole), "-e", f"{home}/nginx-error.log"]
    check = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert check.returncode == 0 and "warn" not in check.stderr, check.stderr
    process = Process("nginx", command, environment=installed.environment(), log=home / "nginx.log").start()
    try:
        wait_for(lambda: accepts(port), "nginx")
        yield port
    finally:
        process.stop(10)
