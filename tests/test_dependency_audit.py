"""The audit of dependencies tells what pip-audit found."""

from typing import Any

from tests.dependency_audit import findings_of


def test_a_vulnerability_is_told_with_the_version_that_mends_it() -> None:
    found = {"id": "PYSEC-1", "fix_versions": ["2.0"], "description": "..."}
    dependencies: list[dict[str, Any]] = [
        {"name": "good", "version": "1.0", "vulns": []},
        {"name": "bad", "version": "1.0", "vulns": [found]},
    ]

    assert list(findings_of(dependencies)) == ["bad 1.0: PYSEC-1, mended in 2.0"]
