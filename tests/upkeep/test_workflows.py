""".github: valid, safe by zizmor, and in step with what `.ci/run` and README.md say."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from local_stack.programs import ROOT
from tests.upkeep.programs import run

GITHUB = ROOT / ".github"
WORKFLOW = GITHUB / "workflows" / "ci.yml"
ZIZMOR = ("--offline", "--persona=pedantic", "--no-progress", "--quiet")


@pytest.fixture(scope="module")
def jobs() -> dict[str, Any]:
    workflow: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text())
    return workflow["jobs"]  # type: ignore[no-any-return]


def commands_of(job: dict[str, Any]) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


@pytest.mark.parametrize(
    ("schema", "file"),
    [("vendor.github-workflows", WORKFLOW), ("vendor.dependabot", GITHUB / "dependabot.yml")],
    ids=["workflow", "dependabot"],
)
def test_what_github_reads_is_as_its_schema_says(schema: str, file: Path) -> None:
    done = run("check-jsonschema", "--builtin-schema", schema, str(file))

    assert done.returncode == 0, done.stdout


def test_zizmor_finds_nothing_in_what_github_reads() -> None:
    done = run("zizmor", *ZIZMOR, str(GITHUB))

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("safe", "unsafe"),
    [
        ("permissions: {}", "permissions: write-all"),
        ("persist-credentials: false", "fetch-depth: 1"),
        (r"@[0-9a-f]{40} # (v\S+)", r"@\1"),
        ("run: make test", "run: echo ${{ github.head_ref }}"),
    ],
    ids=["permissions", "credentials", "pins", "templates"],
)
def test_zizmor_finds_what_is_not_safe(safe: str, unsafe: str, tmp_path: Path) -> None:
    text, changed = re.subn(safe, unsafe, WORKFLOW.read_text())
    assert changed
    shutil.copytree(GITHUB, tmp_path / ".github")
    (tmp_path / ".github" / "workflows" / "ci.yml").write_text(text)

    assert run("zizmor", *ZIZMOR, str(tmp_path)).returncode > 10  # below that, it could not look


def test_each_action_is_pinned_by_commit_and_names_its_release() -> None:
    used = re.findall(r"uses: (.*)", WORKFLOW.read_text())

    assert used
    assert not [
        action for action in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)
    ]


def test_each_job_ends_in_time_and_may_read_the_code_alone(jobs: dict[str, Any]) -> None:
    for name, job in jobs.items():
        assert job["timeout-minutes"] <= 60, name
        assert job["permissions"] == {"contents": "read"}, name


@pytest.mark.parametrize("name", ["local-stack", "mongodb"])
def test_each_python_that_install_takes_runs_all_that_ci_runs(jobs: dict[str, Any], name: str) -> None:
    installer = (ROOT / "local_stack" / "install.sh").read_text()
    taken = set(re.findall(r"python3\.\d+", re.search(r"for python in (.*); do", installer)[1]))  # type: ignore[index]

    assert {f"python{version}" for version in jobs[name]["strategy"]["matrix"]["python"]} == taken
    assert jobs[name]["env"]["PYTHON"] == "python${{ matrix.python }}"
    assert ".ci/run" in commands_of(jobs[name])


def test_the_job_with_mongodb_names_the_one_that_it_starts(jobs: dict[str, Any]) -> None:
    started = "\n".join(commands_of(jobs["mongodb"]))

    assert jobs["mongodb"]["env"]["MONGO_URI"] == "mongodb://127.0.0.1:27017/orders?replicaSet=rs0"
    assert "--publish 127.0.0.1:27017:27017" in started and "--replSet rs0" in started


def test_what_jobs_start_is_there(jobs: dict[str, Any]) -> None:
    commands = "\n".join(command for job in jobs.values() for command in commands_of(job))
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.M))

    assert set(re.findall(r"^make (\w+)", commands, re.M)) <= targets
    scripts = re.findall(r"^[\w.]+/[\w./]+", commands, re.M)
    assert scripts and all((ROOT / script).stat().st_mode & 0o100 for script in scripts)
