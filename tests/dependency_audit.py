"""`python -m tests.dependency_audit`: known vulnerabilities of what constraints.txt pins, by pip-audit.

It asks a database on the internet. Where none can be reached it says so and is content: that is no finding.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parent.parent
_COMMAND = (
    "pip_audit",
    "--format=json",
    "--progress-spinner=off",
    "--timeout=10",
    "--disable-pip",
    "--no-deps",
)


def main() -> int:
    arguments = [sys.executable, "-m", *_COMMAND, "-r", "constraints.txt"]
    run = subprocess.run(arguments, cwd=_ROOT, capture_output=True, text=True, check=False)
    try:
        dependencies: list[dict[str, Any]] = json.loads(run.stdout)["dependencies"]
    except (ValueError, KeyError):
        print(f"Dependencies not audited: {(run.stderr.strip().splitlines() or ['no answer'])[-1]}")
        return 0
    audited = [dependency for dependency in dependencies if "vulns" in dependency]
    if not audited:
        print("Dependencies not audited: no database of vulnerabilities can be reached from here.")
        return 0
    findings = list(findings_of(audited))
    print("\n".join(findings) or f"{len(audited)} dependencies audited: no known vulnerability.")
    return 1 if findings else 0


def findings_of(dependencies: list[dict[str, Any]]) -> Iterator[str]:
    """A line for each vulnerability: what has it, its id, and the versions that mend it."""
    for dependency in dependencies:
        for found in dependency["vulns"]:
            mended = ", ".join(found["fix_versions"]) or "no version yet"
            yield f"{dependency['name']} {dependency['version']}: {found['id']}, mended in {mended}"


if __name__ == "__main__":
    sys.exit(main())
