"""deploy/containers as it stands: linters, and that its parts fit together. tests/e2e builds and runs it."""

import re
from itertools import chain
from pathlib import Path

import pytest
import yaml
from packaging.utils import canonicalize_name

from config.settings import Settings
from config.settings_reader import check_settings
from deploy.elastic_beanstalk.bundle import contents
from local_stack.programs import ROOT
from tests.deploy.containers import COMPOSE, DOCKERFILE, HERE, copied, services, stages, value
from tests.test_requirements import installed_by
from tests.upkeep.programs import run

IGNORE = DOCKERFILE.with_name("Dockerfile.dockerignore")
OURS = ("web", "worker")


def test_hadolint_finds_no_fault_with_the_dockerfile() -> None:
    done = run("hadolint", str(DOCKERFILE))

    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [(":3.13-slim-trixie AS orders", " AS orders", "DL3006"), ("USER 10001:10001", "USER root", "DL3002")],
)
def test_hadolint_finds_a_fault(right: str, wrong: str, rule: str, tmp_path: Path) -> None:
    assert right in DOCKERFILE.read_text()
    (tmp_path / "Dockerfile").write_text(DOCKERFILE.read_text().replace(right, wrong))

    assert rule in run("hadolint", str(tmp_path / "Dockerfile")).stdout


def test_compose_is_as_its_specification_says() -> None:
    done = run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE))

    assert done.returncode == 0, done.stdout


def test_the_image_holds_the_program_that_beanstalk_gets() -> None:
    """One list of what is production, so that no folder is forgotten in one of them."""
    sources = set(chain.from_iterable(names for names, _ in copied("build")))
    packed = {name.split("/")[0] for path, name in contents("web") if path == ROOT / name}

    assert sources - {"deploy/containers/requirements.lock"} == packed - {
        "requirements.txt",
        "constraints.txt",
    }


def test_the_engine_sees_what_is_copied_and_nothing_else() -> None:
    first, *seen = [line for line in IGNORE.read_text().splitlines() if line and not line.startswith("#")]
    sources = set(chain.from_iterable(names for stage in stages() for names, _ in copied(stage)))

    assert first == "*" and seen.pop() == "**/__pycache__"
    assert {line.removeprefix("!") for line in seen} == sources
    assert all(line.startswith("!") and (ROOT / line[1:]).exists() for line in seen)


def test_the_image_runs_as_a_user_without_a_name_that_owns_nothing() -> None:
    uid, _, gid = value("orders", "USER").partition(":")

    assert min(int(uid), int(gid)) >= 10_000
    assert not [step for step in stages()["orders"] if "--chown" in step.text or step.keyword == "RUN"]


@pytest.mark.parametrize("name", OURS)
def test_our_services_can_write_nothing_but_tmp_and_gain_no_right(name: str) -> None:
    service = services()[name]

    assert service["read_only"] and service["tmpfs"] == ["/tmp"]
    assert service["cap_drop"] == ["ALL"] and service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", OURS)
def test_what_runs_has_the_time_to_finish(name: str) -> None:
    """A long poll and the grace of the worker; gunicorn's 25 s."""
    grace = int(re.fullmatch(r"(\d+)s", services()[name]["stop_grace_period"])[1])  # type: ignore[index]
    settings = Settings.model_construct()

    assert grace > max(settings.worker_grace_seconds, settings.sqs_wait_seconds) + 10


@pytest.mark.parametrize("name", OURS)
def test_each_setting_is_one_and_they_are_all_that_is_needed(name: str) -> None:
    given = services()[name]["environment"]

    assert all(isinstance(text, str) for text in given.values())
    assert {key.lower() for key in given} <= Settings.model_fields.keys()
    assert check_settings(given).trusted_proxies == (1 if name == "web" else 0)


def test_each_service_says_whether_it_is_well_and_comes_again() -> None:
    for name, service in services().items():
        assert service["healthcheck"]["test"][0] == "CMD", name
        assert service["restart"] == "unless-stopped", name
        waits = service.get("depends_on", {}).values()
        assert all(needed["condition"] == "service_healthy" for needed in waits), name


def test_only_nginx_and_the_local_aws_are_open_and_to_this_machine_alone() -> None:
    open_ports = {name: service["ports"] for name, service in services().items() if "ports" in service}

    assert open_ports == {"nginx": ["127.0.0.1:8080:8080"], "aws": ["127.0.0.1:4566:4566"]}


def test_ministack_is_the_one_of_the_local_stack() -> None:
    (pin,) = re.findall(r"^ministack==(.*)$", (ROOT / "requirements-local.txt").read_text(), re.M)

    assert services()["aws"]["image"].rpartition(":")[2] == pin


def test_each_image_names_a_version() -> None:
    images = [step.text.split()[0] for steps in stages().values() for step in steps if step.keyword == "FROM"]
    images += [service["image"] for service in services().values() if "build" not in service]

    assert len(images) == 6
    assert all(re.fullmatch(r"[\w./-]+:\d+\.\d+[\w.-]*", image) for image in images), images


def test_the_lock_has_the_versions_of_constraints_and_hashes_for_each() -> None:
    every = re.findall(r"^(\S+)==(\S+)((?:.*\\\n)+.*)", (HERE / "requirements.lock").read_text(), re.M)
    locked = [found for found in every if "sys_platform == 'win32'" not in found[2]]
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = [line.split("==") for line in lines if "==" in line]
    known = {canonicalize_name(name): version for name, version in pinned}

    assert installed_by(["requirements.txt"]) <= {name for name, _, _ in locked}
    assert {name: version for name, version, _ in locked}.items() <= known.items()
    assert all("--hash=sha256:" in rest for _, _, rest in locked)


def test_github_does_what_the_page_says() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    job = workflow["jobs"]["containers"]
    page = (ROOT / "docs" / "DEPLOY.md").read_text().partition("## Containers")[2].partition("\n## ")[0]
    steps = re.findall(r"^   ((?:echo|docker|curl|examples).*)$", page, re.M)

    assert len(steps) == 7 and f"export COMPOSE_FILE={job['env']['COMPOSE_FILE']}" in page
    done = [line for step in job["steps"] for line in step.get("run", "").splitlines()]
    assert [line for line in done if line in steps] == steps
