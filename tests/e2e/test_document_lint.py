"""Two linters of OpenAPI documents, with the rules that they recommend: not one error, not one warning."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from commands.openapi_commands import FILE
from tests.support import npm


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    npm.install()


def lint(where: Path, *command: str) -> Any:
    """Run a linter where no configuration is but what the test wrote. Returns its report."""
    quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    program = str(npm.FOLDER / ".bin" / command[0])
    done = subprocess.run(
        [program, *command[1:], str(FILE)],
        cwd=where,
        env={**os.environ, **quiet},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def test_redocly_finds_nothing(tmp_path: Path) -> None:
    report = lint(tmp_path, "redocly", "lint", "--extends=recommended", "--format=json")

    assert report["problems"] == []
    assert report["totals"] == {"errors": 0, "warnings": 0, "ignored": 0}


def test_spectral_finds_nothing(tmp_path: Path) -> None:
    (tmp_path / "ruleset.yaml").write_text("extends: ['spectral:oas']\n")

    assert lint(tmp_path, "spectral", "lint", "--quiet", "--ruleset=ruleset.yaml", "--format=json") == []


def test_a_linter_that_finds_nothing_has_looked(tmp_path: Path) -> None:
    """So that the two tests above cannot pass on linters that do not look."""
    (tmp_path / "ruleset.yaml").write_text("rules: {all: {given: $.info, then: {function: falsy}}}\n")

    found = lint(tmp_path, "spectral", "lint", "--quiet", "--ruleset=ruleset.yaml", "--format=json")
    assert [problem["code"] for problem in found] == ["all"]
