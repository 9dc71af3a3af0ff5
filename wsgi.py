"""`gunicorn wsgi:app`: the application for production. Settings that are missing or wrong end it at once.

`app` stands at the left margin: Vercel reads this file without running it, and finds no app in a `try`.
"""

import sys

from flask import Flask

from config.kept_settings import kept_settings
from config.settings_reader import SettingsError, load_settings
from server import create_app
from utils import tracing


def _create_app() -> Flask:
    try:
        settings = kept_settings() or load_settings()
    except SettingsError as error:
        sys.exit(str(error))
    tracing.start("orders-api", settings.otel_exporter_otlp_endpoint)
    made = create_app(settings)
    tracing.watch(made)
    return made


app = _create_app()
