"""How a command runs: within the application, which is made when one runs and not before.

So `--help` needs no settings and no servers. What is missing or does not answer ends a command with a line.
"""

import logging
import sys
from collections.abc import Callable
from functools import update_wrapper
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from commands.faults import faults_as_lines
from config.resources import has_resources, resources
from config.settings import ROOT, Settings
from config.settings_reader import load_settings, read_texts

Function = Callable[..., Any]

_PATIENCE_SECONDS = 0.9  # a person sits in front of it: 3 s in all, with what it takes to start and to end


class CommandGroup(AppGroup):
    """A group whose commands run within the application. `database=False`: they do without MongoDB."""

    def __init__(self, *arguments: Any, database: bool = True, **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self._database = database

    def command(self, *arguments: Any, **attributes: Any) -> Callable[[Function], click.Command]:  # type: ignore[override]
        make = super().command(*arguments, with_appcontext=False, **attributes)
        return lambda function: make(in_application(function, self._database))


def in_application(function: Function, database: bool = True) -> Function:
    """The function, run within the application's context, once MongoDB has answered."""

    @click.pass_context
    def run(context: click.Context, /, *arguments: Any, **options: Any) -> Any:
        with faults_as_lines():
            if not current_app or not has_resources(current_app):
                context.with_resource(whole_app().app_context())
                # Else the driver waits for its monitors for a second.
                context.call_on_close(resources().mongodb.client.close)
            if database:
                resources().mongodb.ping(_PATIENCE_SECONDS)
            return context.invoke(function, *arguments, **options)

    return update_wrapper(run, function)


def whole_app() -> Flask:
    """The application with its settings and clients. Raises ClickException when they will not do."""
    from server import create_app  # here, as help should not wait for routes and AWS to be imported

    with faults_as_lines():
        app = create_app(_settings())
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(sys.stderr)  # what a command prints may be piped
    return app


def _settings() -> Settings:
    """The environment's settings and those of `.env`, completed by a running local stack."""
    local = ROOT / read_texts().get("LOCAL_DIR", Settings.model_fields["local_dir"].default)
    return load_settings(local / "stack.env", LOG_LEVEL="ERROR")
