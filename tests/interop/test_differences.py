"""examples/port_diff.py: one list of requests to a Node deployment and to this project, side by side."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local_stack.programs import ROOT
from tests.interop.conftest import Pair

ROWS = "port_differences.toml"
A_ROW = '\n[[row]]\nrequests = ["login"]\nwhat = "status: 200 → 204"\nwhy = "invented"\nledger = "-"\n'


def compared(pair: Pair, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(folder / "port_diff.py"), pair.node, pair.python]
    return subprocess.run(command, capture_output=True, check=False, text=True)


def test_every_difference_of_an_answer_from_nodes_is_told_of(pair: Pair) -> None:
    done = compared(pair, ROOT / "examples")

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr


@pytest.mark.parametrize("what", ["a difference", "a row"])
def test_a_difference_without_a_row_is_an_error_and_so_is_a_row_without_a_difference(
    pair: Pair, tmp_path: Path, what: str
) -> None:
    for file in (ROOT / "examples").glob("port_*"):
        shutil.copy(file, tmp_path)
    rows = (tmp_path / ROWS).read_text()
    # The row on the status of a registration that comes twice.
    without = re.sub(r"\[\[row\]\]\nrequests = \[.register again.\]\n.*\n.*\n.*\n", "", rows)
    (tmp_path / ROWS).write_text(without if what == "a difference" else rows + A_ROW)

    done = compared(pair, tmp_path)

    told = {
        "a difference": "Not explained: register again: status: 400 → 409",
        "a row": "No longer so: status: 200 → 204 (login)",
    }
    assert done.returncode == 1
    assert told[what] in done.stdout
