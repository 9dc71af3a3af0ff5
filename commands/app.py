"""The application that `flask` loads: the environment's settings, completed by a running local stack."""

import sys

from flask import Flask

from config.settings import ROOT, Settings
from config.settings_reader import SettingsError, load_settings, read_texts
from server import create_app


def create_cli_app() -> Flask:
    """Named in .flaskenv. gunicorn and the worker do not come here: production has its own settings."""
    local = ROOT / read_texts().get("LOCAL_DIR", Settings.model_fields["local_dir"].default)
    try:
        return create_app(load_settings(local / "stack.env", LOG_LEVEL="ERROR"))
    except SettingsError as error:
        sys.exit(f"{error}\nFor the local stack, start it first in another terminal: make run")
