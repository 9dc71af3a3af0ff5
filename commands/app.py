"""The application that `flask` loads: the environment's settings, completed by a running local stack."""

import os
import sys
from pathlib import Path

from dotenv import load_dotenv
from flask import Flask

from config.settings import ROOT, SettingsError
from server import create_app


def create_cli_app() -> Flask:
    """Named in .flaskenv. gunicorn and the worker do not come here: production has its own settings."""
    local = Path(os.environ.get("LOCAL_DIR", ".local"))
    load_dotenv(ROOT / local / "stack.env")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    try:
        return create_app()
    except SettingsError as error:
        sys.exit(f"{error}\nFor the local stack, start it first in another terminal: make run")
