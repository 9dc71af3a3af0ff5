"""The application that `flask` loads: the environment's settings, completed by a running local stack."""

import os
import sys
from pathlib import Path

from dotenv import dotenv_values
from flask import Flask

from config.settings import ROOT, SettingsError
from server import create_app


def create_cli_app() -> Flask:
    """Named in .flaskenv. gunicorn and the worker do not come here: production has its own settings."""
    local = Path(os.environ.get("LOCAL_DIR", ".local"))
    for name, value in dotenv_values(ROOT / local / "stack.env").items():
        if value and not os.environ.get(name):  # an empty line in .env is no setting
            os.environ[name] = value
    os.environ.setdefault("LOG_LEVEL", "ERROR")  # logs go where the output of a command goes
    try:
        return create_app()
    except SettingsError as error:
        sys.exit(f"{error}\nFor the local stack, start it first in another terminal: make run")
