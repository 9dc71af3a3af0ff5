"""The bundles for Elastic Beanstalk: built, unpacked, and run by their own Procfile and option settings."""

import re
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.elastic_beanstalk.bundle import ENVIRONMENTS
from local_stack.probes import free_port
from local_stack.processes import Process
from local_stack.programs import ROOT, clean_environment, is_alive
from tests.support.client import Client
from tests.support.system import QUICK
from tests.support.waiting import wait_for

# What Beanstalk takes: a name of its own for each process, and no comment.
_LINE = re.compile(r"([A-Za-z0-9_-]+): (\S.*)")
# Port 9 of this machine, where nothing listens.
_DOWN = {
    "MONGO_URI": "mongodb://127.0.0.1:9/orders",
    "REDIS_HOST": "127.0.0.1",
    "REDIS_PORT": "9",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "SQS_QUEUE_URL": "http://127.0.0.1:9/1/orders",
}


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each environment's bundle, written by the command and unpacked where Beanstalk would."""
    home = tmp_path_factory.mktemp("beanstalk")
    found = {}
    for name in ENVIRONMENTS:
        file = home / f"{name}.zip"
        command = [sys.executable, "-m", "deploy.elastic_beanstalk.bundle", name, str(file)]
        subprocess.run(command, cwd=ROOT, check=True)
        found[name] = home / name / "current"
        with zipfile.ZipFile(file) as bundle:
            bundle.extractall(found[name])
    return found


def procfile(bundle: Path) -> list[tuple[str, str]]:
    lines = [_LINE.fullmatch(line) for line in (bundle / "Procfile").read_text().splitlines()]
    return [(line[1], line[2]) for line in lines if line] if all(lines) else []


def options(bundle: Path) -> dict[str, dict[str, Any]]:
    """Option settings by namespace."""
    found: dict[str, dict[str, Any]] = {}
    for file in (bundle / ".ebextensions").glob("*.config"):
        found.update(yaml.safe_load(file.read_text())["option_settings"])
    return found


def properties(bundle: Path) -> dict[str, str]:
    """The environment properties that the bundle sets."""
    return options(bundle).get("aws:elasticbeanstalk:application:environment", {})


@contextmanager
def started(bundle: Path, settings: Mapping[str, str]) -> Iterator[Process]:
    """The Procfile's one line, with Beanstalk's environment: its properties, and programs of its own venv."""
    ((_name, command),) = procfile(bundle)
    environment = clean_environment({**QUICK, **properties(bundle), **settings})
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    program, *arguments = shlex.split(command)
    process = Process(
        "web",
        ["/usr/bin/env", program, *arguments],
        environment=environment,
        log=bundle.parent / "web.log",
        home=bundle,
    ).start()
    try:
        yield process
    finally:
        process.kill()


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_bundle_has_what_beanstalk_reads_at_its_root_and_nothing_that_is_not_to_leave_the_house(
    bundles: dict[str, Path], name: str
) -> None:
    names = {
        path.relative_to(bundles[name]).as_posix() for path in bundles[name].rglob("*") if path.is_file()
    }

    assert {"Procfile", "requirements.txt", "constraints.txt", ".ebextensions/orders.config"} <= names
    first = {entry.partition("/")[0] for entry in names}
    assert not first & {"tests", "local_stack", "deploy", "docs", "examples", "benchmarks", ".git", ".ci"}
    assert not [entry for entry in names if ".env" in entry or "__pycache__" in entry or ".local" in entry]


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_first_line_of_a_procfile_is_web_and_all_option_settings_are_texts(
    bundles: dict[str, Path], name: str
) -> None:
    assert [process for process, _ in procfile(bundles[name])] == ["web"]
    assert options(bundles[name])
    for namespace, settings in options(bundles[name]).items():
        assert namespace.startswith("aws:")
        assert all(isinstance(value, str) for value in settings.values()), namespace
    size = sum(len(f"{key}={value}") for key, value in properties(bundles[name]).items())
    assert size < 1024  # of 4,096 bytes, which the user's own properties share


def test_the_load_balancer_asks_livez(bundles: dict[str, Path]) -> None:
    asked = options(bundles["web"])["aws:elasticbeanstalk:environment:process:default"]

    assert (asked["HealthCheckPath"], asked["MatcherHTTPCode"]) == ("/livez", "200")
    assert properties(bundles["web"])["PORT"] == "8000"


def test_the_health_path_is_200_while_mongodb_redis_and_sqs_are_down(
    bundles: dict[str, Path], settings: dict[str, str]
) -> None:
    port = str(free_port())
    with started(bundles["web"], {**settings, **_DOWN, "PORT": port}) as process:
        wait_for(lambda: is_alive(int(port)) or not process.running, "the API")
        assert process.running, process.output()
        client = Client(f"http://127.0.0.1:{port}")
        assert client.get("/livez").status_code == 200
        assert client.get("/readyz").status_code == 503
        assert client.get("/api/orders/1", token="").status_code == 401


def test_an_order_goes_through_both_environments(
    bundles: dict[str, Path], settings: dict[str, str], product: Any
) -> None:
    """Placed in the web environment, processed and mailed in the worker's."""
    port = str(free_port())
    with (
        started(bundles["web"], {**settings, "PORT": port}) as web,
        started(bundles["worker"], settings) as worker,
    ):
        wait_for(lambda: is_alive(int(port)) or not web.running, "the API")
        user = Client(f"http://127.0.0.1:{port}").register()
        order_id = user.order({product(5): 1}).json()["orderId"]
        assert user.ended(order_id)["status"] == "Processed"
        assert worker.running
        assert worker.stop(60) == 0
        assert web.stop(60) == 0


def test_commands_run_in_the_bundle(bundles: dict[str, Path], settings: dict[str, str]) -> None:
    """As the bundle's own container command does."""
    (config,) = (bundles["web"] / ".ebextensions").glob("*.config")
    (line,) = yaml.safe_load(config.read_text())["container_commands"].values()
    activate, command = line["command"].split(" && ")
    assert activate == "source /var/app/venv/*/bin/activate"

    program, *arguments = shlex.split(command)
    done = subprocess.run(
        [str(Path(sys.executable).with_name(program)), *arguments],
        cwd=bundles["web"],
        env=clean_environment(settings),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
