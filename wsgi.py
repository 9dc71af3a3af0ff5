"""`gunicorn wsgi:app`: the application for production. Settings that are missing or wrong end it at once.

`app` stands at the left margin: Vercel reads this file without running it, and finds no app in a `try`.
"""

import sys

from flask import Flask

from config.kept_settings import kept_settings
from config.settings_reader import SettingsError
from server import create_app


def _create_app() -> Flask:
    try:
        return create_app(kept_settings())
    except SettingsError as error:
        sys.exit(str(error))


app = _create_app()
