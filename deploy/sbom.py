"""`python -m deploy.sbom`, or `make sbom`: writes sbom.cdx.json, a bill of materials in CycloneDX JSON.

It lists what requirements.txt brings into production on this platform and Python, by what is installed, with
licences and with who needs whom. No network is asked. pip-audit, which can write one too, lists only what its
database answered about; cyclonedx-py lists a whole environment, and that of a developer has linters in it.
"""

import re
import sys
from collections.abc import Iterator
from importlib.metadata import distribution, requires
from pathlib import Path
from typing import Final

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, License
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).parents[1]
FILE: Final = ROOT / "sbom.cdx.json"


def requirements_of(file: Path) -> list[Requirement]:
    """What a requirements file names for this platform."""
    lines = [line.partition(" #")[0] for line in file.read_text().splitlines() if re.match(r"\w", line)]
    named = [Requirement(line) for line in lines]
    return [requirement for requirement in named if not requirement.marker or requirement.marker.evaluate()]


def bill_of(wanted: list[Requirement]) -> Bom:
    """All that these bring along. PackageNotFoundError when one is not installed."""
    bom, needs = Bom(), _gather(wanted)
    parts = {name: _component(name) for name in needs}
    bom.components.update(parts.values())
    bom.metadata.component = Component(name="orders", type=ComponentType.APPLICATION, bom_ref="orders")
    bom.register_dependency(bom.metadata.component, [parts[_name(each)] for each in wanted])
    for name, needed in needs.items():
        bom.register_dependency(parts[name], [parts[other] for other in needed])
    return bom


def _gather(wanted: list[Requirement]) -> dict[str, set[str]]:
    """Each package that these bring along, and the packages that it needs."""
    found: dict[str, set[str]] = {}
    asked: set[tuple[str, frozenset[str]]] = set()
    waiting = list(wanted)
    while waiting:
        requirement = waiting.pop()
        question = (_name(requirement), frozenset(requirement.extras))
        if question not in asked:
            asked.add(question)
            needed = list(_needs_of(requirement))
            found.setdefault(_name(requirement), set()).update(map(_name, needed))
            waiting += needed
    return found


def _needs_of(requirement: Requirement) -> Iterator[Requirement]:
    """What an installed package needs, with the extras that are asked of it."""
    extras = requirement.extras or {""}
    for needed in map(Requirement, requires(requirement.name) or ()):
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
            yield needed


def _name(requirement: Requirement) -> str:
    return canonicalize_name(requirement.name)


def _component(name: str) -> Component:
    found = distribution(name)
    return Component(
        name=name,
        version=found.version,
        description=found.metadata["Summary"],
        purl=PackageURL("pypi", None, name, found.version),
        bom_ref=f"{name}=={found.version}",
        licenses=list(_licences(name)),
    )


def _licences(name: str) -> Iterator[License]:
    """The SPDX expression; from before there was one, a name, or what the classifiers say."""
    metadata = distribution(name).metadata.json
    text = str(metadata.get("license_expression") or metadata.get("license") or "")
    if text and "\n" not in text:
        yield LicenseFactory().make_from_string(text)
        return
    for classifier in metadata.get("classifier", ()):
        if classifier.startswith("License :: OSI Approved :: "):
            yield DisjunctiveLicense(name=classifier.rpartition(" :: ")[2])


def main() -> int:
    bom = bill_of(requirements_of(ROOT / "requirements.txt"))
    FILE.write_text(JsonV1Dot6(bom).output_as_string(indent=2) + "\n")
    print(f"{FILE.name}: {len(bom.components)} packages.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
