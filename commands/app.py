"""What `flask` loads: named in .flaskenv. gunicorn and the worker do not come here."""

import click
from flask import Flask

import commands
from commands.running import whole_app
from config.settings import ROOT


def create_cli_app() -> Flask:
    """An application of commands alone, which needs no settings: each makes the whole one when it runs.

    Flask's own commands (`run`, `routes`, `shell`) load the application themselves: they get the whole one.
    """
    context = click.get_current_context(silent=True)
    if context is not None and not isinstance(context.command, click.Group):
        return whole_app()
    app = Flask("order-processing", root_path=str(ROOT), static_folder=None)
    commands.init_app(app)
    return app
