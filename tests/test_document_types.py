"""mypy finds a field, a word or a value that no document has: in the code as in tests/types/mistakes.py."""

import re
import subprocess
import sys

from local_stack.programs import ROOT

MISTAKES = ROOT / "tests" / "types" / "mistakes.py"


def test_each_mistake_about_a_document_is_found_and_nothing_else() -> None:
    lines = MISTAKES.read_text().splitlines()
    wrong = {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}

    found = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict-equality", "--follow-imports=silent", str(MISTAKES)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    named = {int(number) for number in re.findall(r"mistakes\.py:(\d+): error", found.stdout)}
    assert len(wrong) == 18
    assert named == wrong, found.stdout + found.stderr
