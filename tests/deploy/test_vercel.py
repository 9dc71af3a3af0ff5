"""The folder for Vercel: written, and written anew. tests/e2e builds it and calls the function."""

import json
import subprocess
import sys
from pathlib import Path

from config.settings import Settings
from deploy import program
from deploy.vercel.bundle import contents
from local_stack.programs import ROOT

OWN = {"vercel.json", "pyproject.toml", ".python-version", "requirements.lock"}


def write(folder: Path) -> set[str]:
    """The names of the files in it."""
    subprocess.run([sys.executable, "-m", "deploy.vercel.bundle", str(folder)], cwd=ROOT, check=True)
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_folder_holds_the_program_and_what_vercel_reads(tmp_path: Path) -> None:
    assert write(tmp_path / "new") == {name for _, name in program.files()} | OWN
    assert {name for _, name in contents()} >= {"wsgi.py", "templates/mail/order_status.txt"}


def test_written_anew_it_keeps_its_project_and_loses_what_the_program_lost(tmp_path: Path) -> None:
    first = write(tmp_path)
    (tmp_path / ".vercel").mkdir()
    (tmp_path / ".vercel" / "project.json").write_text("{}")
    (tmp_path / "routes" / "gone.py").touch()

    assert write(tmp_path) == first | {".vercel/project.json"}


def test_what_does_not_hold_there_is_off(tmp_path: Path) -> None:
    write(tmp_path)
    settings = json.loads((tmp_path / "vercel.json").read_text())["env"]

    assert {name.lower() for name in settings} <= Settings.model_fields.keys()
    assert settings == {
        "PUBLISH": "before_close",
        "MAX_WAITERS": "0",
        "METRICS": "false",
        "TRUSTED_PROXIES": "0",
    }
