""".pre-commit-config.yaml: `make lint` before each commit."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from local_stack.programs import ROOT
from tests.upkeep.programs import run

CONFIG = ROOT / ".pre-commit-config.yaml"
GOOD = '"""A module."""\n\nanswer: int = 42\n'
MISTAKES = {
    "ruff-check": '"""A module."""\n\nimport os\n\nanswer: int = 42\n',
    "ruff-format": '"""A module."""\n\nanswer: int=42\n',
    "mypy": '"""A module."""\n\nanswer: int = "42"\n',
}


def hooks() -> list[dict[str, Any]]:
    (repo,) = yaml.safe_load(CONFIG.read_text())["repos"]
    assert repo["repo"] == "local"
    return list(repo["hooks"])


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A small one with our settings and programs."""
    for name in (CONFIG.name, "pyproject.toml"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / ".gitignore").write_text(".venv\n.mypy_cache/\n.ruff_cache/\n")
    (tmp_path / "module.py").write_text(GOOD)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    return tmp_path


def run_hooks(repository: Path) -> dict[str, str]:
    """What each hook came to: Passed, Failed or Skipped."""
    done = run("pre-commit", "run", "--all-files", "--color=never", folder=repository)
    return dict(re.findall(r"^(\w[\w ]*?)\.{3,}.*?(\w+)$", done.stdout, re.M))


def test_pre_commit_understands_its_settings() -> None:
    done = run("pre-commit", "validate-config", str(CONFIG))

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_hooks_run_what_make_lint_runs() -> None:
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.M)
    assert recipe
    commands = [line.strip().replace("$(VENV)", ".venv") for line in recipe[1].splitlines()]

    assert [hook["entry"] for hook in hooks()] == [line for line in commands if not line.startswith("@")]


def test_each_hook_passes_what_is_right(repository: Path) -> None:
    assert run_hooks(repository) == {hook["name"]: "Passed" for hook in hooks()}


@pytest.mark.parametrize("hook", hooks(), ids=lambda hook: hook["id"])
def test_each_hook_stops_what_is_wrong(hook: dict[str, Any], repository: Path) -> None:
    (repository / "module.py").write_text(MISTAKES[hook["id"]])

    assert run_hooks(repository)[hook["name"]] == "Failed"
