"""examples/ and the demo, run as a newcomer runs them."""

import re
import shutil
import subprocess
import sys

import pytest

from local_stack.programs import ROOT, clean_environment

EXAMPLES = ROOT / "examples"


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a program of examples/, which must be there to run it."""
    assert shutil.which(command[0]), f"Install {command[0]}: this example cannot run without it."
    environment = clean_environment({"NO_PROXY": "127.0.0.1"})
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    "command",
    [["bash", "order.sh"], [sys.executable, "order.py"], ["node", "order.mjs"]],
    ids=["curl", "python", "javascript"],
)
def test_a_client_in_ten_lines_orders_and_sees_it_processed(shop: str, command: list[str]) -> None:
    program, file = command

    done = run(program, str(EXAMPLES / file), shop)

    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"Order [0-9a-f]{24} is Processed\.\n", done.stdout)


def test_the_demo_tells_the_whole_story(shop: str) -> None:
    done = run(sys.executable, str(EXAMPLES / "demo.py"), shop)

    assert done.returncode == 0, done.stderr
    story = re.sub(r"\s+", " ", done.stdout)
    for scene in (
        "201 CREATED",
        '"status": "Processed"',
        "Status Update",
        '"code": "out_of_stock"',
        "The remedy",
        "Idempotent-Replayed: true",
        '"code": "idempotency_key_reused"',
        "This refresh token was used or revoked.",
    ):
        assert scene in story, done.stdout
    assert "\033" not in done.stdout, "colour, though nobody looks"


def test_the_demo_says_what_to_start_when_nothing_runs() -> None:
    done = run(sys.executable, str(EXAMPLES / "demo.py"), "http://127.0.0.1:1")

    assert done.returncode == 1
    assert "make run" in done.stderr
