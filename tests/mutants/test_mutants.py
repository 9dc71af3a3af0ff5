"""What `make mutants` chooses and reports. The run itself takes hours, and is started by hand."""

from collections import Counter
from pathlib import Path

import pytest

from local_stack.programs import ROOT
from tests.mutants import report
from tests.mutants.attempt import kills_of
from tests.mutants.chosen import files_for, names_for, path_of
from tests.mutants.session import ROOMS, Mutant, Session

MODULES = sorted(
    str(path.relative_to(ROOT))
    for room in ROOMS
    for path in (ROOT / room).glob("*.py")
    if path.stem != "__init__"
)
DIFF = """\
--- mutation diff ---
--- a/models/user.py
+++ b/models/user.py
@@ -1,2 +1,2 @@
 def f():
-    return 1
+    return 2
"""


@pytest.mark.parametrize("module", MODULES)
def test_for_each_module_there_are_tests_to_try_first(module: str) -> None:
    missing = [name for name in names_for(module) if not (ROOT / path_of(name)).exists()]

    assert not missing


def test_tests_that_killed_before_are_tried_first_and_each_once(tmp_path: Path) -> None:
    kills = tmp_path / "kills.jsonl"
    kills.write_text(
        '{"module": "models/user.py", "test": "tests/api/test_twins.py::test_x[1]"}\n'
        '{"module": "models/user.py", "test": "tests/api/test_twins.py::test_y"}\n'
        '{"module": "models/user.py", "test": "tests/test_logs.py::test_z"}\n'
        '{"module": "models/order.py", "test": "tests/orders/test_list.py::test_z"}\n'
    )

    files = files_for("models/user.py", kills_of(kills, "models/user.py"))

    assert files[:3] == ["tests/api/test_twins.py", "tests/test_logs.py", "tests/api/test_register.py"]
    assert len(files) == len(set(files))
    assert "tests/orders/test_list.py" in files, "which is tried on every mutant"


def test_a_module_without_a_row_is_a_clear_error() -> None:
    with pytest.raises(KeyError, match=r"No row of chosen\.toml fits models/new\.py"):
        files_for("models/new.py", Counter())


class Finished(Session):
    """One survivor with a reason, one without, one mutant that was killed and one that is yet to come."""

    def mutants(self) -> list[Mutant]:
        other = DIFF.replace("return", "yield")
        return [
            Mutant("models/order.py", 1, "core/X", "killed", DIFF),
            Mutant("models/user.py", 1, "core/X", "survived", DIFF),
            Mutant("models/user.py", 1, "core/X", "survived", other),
            Mutant("models/user.py", 1, "core/X", "", ""),
        ]


def test_the_report_counts_by_module_and_names_each_survivor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reasons = tmp_path / "survivors.toml"
    reasons.write_text('["models/user.py"]\n"return 1" = "It is the same."\n')
    monkeypatch.setattr(report, "PAGE", tmp_path / "page.md")
    monkeypatch.setattr(report, "_REASONS", reasons)

    text = report.write_report(Finished(tmp_path)).read_text()

    assert "of 4 mutants 3 were tried, drawn at random, and 33 % were killed\n(7 to 60 % of all" in text
    assert "| models/order.py | 1 | 1 | 0 | 100 % |" in text
    assert "| models/user.py | 3 | 2 | 2 | 0 % |" in text
    assert "| all | 4 | 3 | 2 | 33 % |" in text
    assert "- `return 1` → `return 2`: It is the same." in text
    assert "- `yield 1` → `yield 2`: *No reason yet" in text
