"""deploy/containers, as docs/DEPLOY.md has it, without an engine: built, started, and ordered from."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest
import requests

from local_stack.pid_file import PidFile
from local_stack.probes import LOCALHOST, accepts, free_port, http_get
from local_stack.processes import Process
from local_stack.programs import ROOT, clean_environment
from local_stack.redis import Redis
from tests.deploy.containers import HERE, Image, services
from tests.e2e import site
from tests.e2e.programs import install_if_missing
from tests.support.client import Client
from tests.support.waiting import wait_for

GRACE = 40


class Containers:
    """compose.yaml's services on this machine, each with a port of 127.0.0.1 for its name and port there."""

    def __init__(self, image: Image, mongo: str, home: Path) -> None:
        self.image, self.home, self._mongo = image, home, mongo
        self._addresses = ("web:3000", "worker:9101", "aws:4566", "valkey:6379")
        self._ports = {address.partition(":")[0]: free_port() for address in self._addresses}

    def port(self, service: str) -> int:
        return self._ports[service]

    def settings(self, service: str) -> dict[str, str]:
        """A service's environment, but for addresses and ports."""
        found: dict[str, str] = dict(services()[service]["environment"])
        for address in self._addresses:
            here = f"{LOCALHOST}:{self.port(address.partition(':')[0])}"
            found = {name: text.replace(address, here) for name, text in found.items()}
        if service == "aws":
            return found
        own = {"PORT": str(self.port("web")), "HOST": LOCALHOST, "MONGO_URI": self._mongo}
        if service == "worker":
            own |= {"WORKER_METRICS_PORT": str(self.port("worker")), "WORKER_METRICS_HOST": LOCALHOST}
        return {**found, **own}

    def is_healthy(self, service: str, port: int | None = None) -> bool:
        """What its health check says, asked on its port here or on another."""
        _, *words = services()[service]["healthcheck"]["test"]
        command = [
            re.sub(r"http://127\.0\.0\.1:\d+", f"http://{LOCALHOST}:{port or self.port(service)}", word)
            for word in words
        ]
        if service in ("web", "worker"):
            return self.image.run(*command, settings=self.settings(service)).returncode == 0
        if command[0] == "python":
            command[0] = sys.executable
        return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0

    @contextmanager
    def ours(self, name: str) -> Iterator[Process]:
        """web or worker, until it is healthy."""
        command = services()[name].get("command") or self.image.default_command()
        process = self.image.start(name, command, self.settings(name))
        try:
            wait_for(lambda: self.is_healthy(name) or not process.running, name)
            assert process.running, process.output()
            yield process
        finally:
            process.kill()

    @contextmanager
    def valkey(self) -> Iterator[None]:
        program, *_ = Redis(self.home, self.port("valkey"), PidFile(self.home / "pids.json"), {}).command()
        _, *arguments = services()["valkey"]["command"]
        listen = ["--bind", LOCALHOST, "--port", str(self.port("valkey")), "--dir", str(self.home)]
        command = [program, *arguments, *listen]
        environment = clean_environment({})
        process = Process("valkey", command, environment=environment, log=self.home / "valkey.log").start()
        try:
            wait_for(lambda: accepts(self.port("valkey")) or not process.running, "valkey")
            assert process.running, process.output()
            yield
        finally:
            process.kill()

    @contextmanager
    def aws(self) -> Iterator[None]:
        """The package in place of its image. It finds no script in this machine's folders, so we run it."""
        own = {"GATEWAY_PORT": str(self.port("aws")), "BIND_HOST": LOCALHOST, "MINISTACK_HOST": LOCALHOST}
        own |= {"SFTP_ENABLED": "0", "IOT_MTLS_ENABLED": "0", "DOCKER_HOST": "unix:///nonexistent"}
        environment = clean_environment({**self.settings("aws"), **own, "TMPDIR": str(self.home)})
        command = [sys.executable, "-m", "ministack"]
        process = Process("aws", command, environment=environment, log=self.home / "aws.log").start()
        try:
            wait_for(lambda: http_get(self.port("aws"), "/_ministack/health")[0] == 200, "ministack")
            self._make_stack()
            yield
        finally:
            process.kill()

    def _make_stack(self) -> None:
        folder = self.home / "ready.d"
        folder.mkdir()
        for mount in services()["aws"]["volumes"]:
            source, target, mode = mount.split(":")
            assert (str(Path(target).parent), mode) == ("/docker-entrypoint-initaws.d/ready.d", "ro")
            shutil.copy(HERE / source, folder / Path(target).name)
        given = {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://{LOCALHOST}:{self.port('aws')}",
            "MINISTACK_INIT_SCRIPT_DIR": str(folder),
        }
        (script,) = folder.glob("*.py")
        subprocess.run([sys.executable, str(script)], env=clean_environment(given), check=True, timeout=120)

    @contextmanager
    def nginx(self) -> Iterator[str]:
        """What the stage proxy makes of the site, in front of web. Yields the address."""
        made = self.image.site()
        here = {
            "    listen [::]:8080;\n": "",
            "listen 8080;": "listen 127.0.0.1:PORT;",
            "server web:3000": f"server {LOCALHOST}:{self.port('web')}",
            "/var/log/nginx/access.log": f"{self.home}/access.log",
        }
        with site.nginx(made, here, self.home, clean_environment({})) as port:
            self._ports["nginx"] = port
            wait_for(lambda: self.is_healthy("nginx"), "nginx")
            yield f"http://{LOCALHOST}:{port}"


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """Not in pytest's folder, into which only its owner gets."""
    with tempfile.TemporaryDirectory(prefix="orders-image-") as folder:
        Path(folder).chmod(0o755)
        yield Image(Path(folder))


@pytest.fixture(scope="module")
def system(image: Image, settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Containers:
    for program, package in (("nginx", "nginx-light"), ("wget", "wget")):
        if not shutil.which(program, path="/usr/sbin:/usr/bin:/bin"):
            install_if_missing(program, package)
    mongo = urlunsplit(urlsplit(settings["MONGO_URI"])._replace(path=f"/containers_{uuid4().hex[:8]}"))
    return Containers(image, mongo, tmp_path_factory.mktemp("containers"))


def test_an_order_goes_through_nginx_web_queue_worker_and_mail(system: Containers, image: Image) -> None:
    """By the commands of docs/DEPLOY.md; and all of it ends in good order within the grace."""
    with ExitStack() as stack:
        stack.enter_context(system.valkey())
        stack.enter_context(system.aws())
        web = stack.enter_context(system.ours("web"))
        worker = stack.enter_context(system.ours("worker"))
        base = stack.enter_context(system.nginx())
        for command in (
            ("flask", "indexes", "create"),
            ("flask", "inventory", "set", "keyboard", "--stock", "100", "--price", "79.90"),
        ):
            done = image.run(*command, settings=system.settings("web"))
            assert done.returncode == 0, done.stdout + done.stderr
        assert requests.get(f"{base}/readyz", timeout=30).status_code == 200

        done = subprocess.run(
            ["bash", str(ROOT / "examples" / "order.sh"), base],
            env=clean_environment({"NO_PROXY": LOCALHOST}),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert re.fullmatch(r"Order \w+ is Processed\.\n", done.stdout), done.stdout + done.stderr
        mailed = f"http://{LOCALHOST}:{system.port('aws')}/_ministack/ses/messages"
        mails = wait_for(lambda: requests.get(mailed, timeout=30).json()["messages"], "the mail")
        assert len(mails) == 1 and done.stdout.split()[1] in str(mails)
        for path in ("/metrics", "/dev/mailbox"):
            assert requests.get(base + path, timeout=30).status_code == 404
        assert Client(base).get("/api/orders", token="").status_code == 401

        assert (worker.stop(GRACE), web.stop(GRACE)) == (0, 0), worker.output() + web.output()
    assert "_failed" not in worker.output() and "_down" not in worker.output()


def test_a_service_that_is_not_there_is_not_healthy(system: Containers) -> None:
    nobodys = free_port()

    assert not [name for name in ("web", "worker", "nginx", "aws") if system.is_healthy(name, nobodys)]


def test_what_the_image_runs_as_cannot_change_the_program(image: Image) -> None:
    if os.geteuid():
        pytest.skip("The image's user is another one for root alone.")
    changed = image.run("touch", "wsgi.py", "/opt/venv/bin/gunicorn", settings={})

    assert changed.stderr.count("Permission denied") == 1 and changed.returncode
    assert image.run("id", "-u", settings={}).stdout == "10001\n"


def test_the_lock_is_what_requirements_and_constraints_give(tmp_path: Path) -> None:
    """By what `make lock` runs. The old lock is there too: what it knows stays, though there be new files."""
    for name in ("requirements.txt", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    lock = tmp_path / "deploy/containers/requirements.lock"
    lock.parent.mkdir(parents=True)
    shutil.copy(HERE / "requirements.lock", lock)
    recipe = re.search(r"^lock:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.M)
    assert recipe
    command = recipe[1].replace("@$(VENV)/bin", str(Path(sys.executable).parent))

    subprocess.run(["sh", "-euc", command], cwd=tmp_path, check=True)

    assert lock.read_text() == (HERE / "requirements.lock").read_text()
