"""The bill of materials lists what production consists of, and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy import sbom
from local_stack.programs import ROOT
from tests.test_requirements import installed_by


@pytest.fixture(scope="module")
def text() -> str:
    bom = sbom.bill_of(sbom.requirements_of(ROOT / "requirements.txt"))
    return JsonV1Dot6(bom).output_as_string()


@pytest.fixture(scope="module")
def versions(text: str) -> dict[str, str]:
    return {part["name"]: part["version"] for part in json.loads(text)["components"]}


def test_it_is_cyclonedx(text: str) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_it_lists_all_that_requirements_bring_along_and_nothing_else(versions: dict[str, str]) -> None:
    assert versions.keys() == installed_by(["requirements.txt"])


def test_its_versions_are_those_that_are_pinned(versions: dict[str, str]) -> None:
    pins = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line]
    pinned = dict(line.split("==") for line in pins)
    known = {canonicalize_name(name): version for name, version in pinned.items()}

    assert versions.items() <= known.items()


def test_each_package_has_a_licence_and_what_it_needs(text: str) -> None:
    bom: dict[str, Any] = json.loads(text)
    needs = {part["ref"].partition("==")[0]: part.get("dependsOn", []) for part in bom["dependencies"]}

    assert not [part["name"] for part in bom["components"] if not part.get("licenses")]
    assert {need.partition("==")[0] for need in needs["flask-limiter"]} >= {"limits", "flask"}
    assert len(needs["orders"]) == len(sbom.requirements_of(ROOT / "requirements.txt"))


def test_an_extra_brings_along_what_it_needs() -> None:
    plain, extra = (
        {part.name for part in sbom.bill_of([Requirement(text)]).components}
        for text in ("requests", "requests[socks]")
    )
    assert extra - plain == {"pysocks"}


def test_the_command_writes_it_where_git_does_not_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sbom.FILE.name in (ROOT / ".gitignore").read_text().splitlines()
    monkeypatch.setattr(sbom, "FILE", tmp_path / "sbom.cdx.json")

    assert sbom.main() == 0
    written = json.loads((tmp_path / "sbom.cdx.json").read_text())
    assert capsys.readouterr().out == f"sbom.cdx.json: {len(written['components'])} packages.\n"
