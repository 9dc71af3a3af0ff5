"""`gunicorn wsgi:app`: the application for production. Settings that are missing or wrong end it at once."""

import sys

from config.settings_reader import SettingsError
from server import create_app

try:
    app = create_app()
except SettingsError as error:
    sys.exit(str(error))
