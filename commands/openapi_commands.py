"""`flask openapi write`."""

import json
from typing import Any

import click
from flask import current_app

from commands.running import CommandGroup
from config.settings import ROOT
from openapi import document

FILE = ROOT / "docs" / "openapi.json"

openapi = CommandGroup("openapi", database=False, help="The OpenAPI document.")


@openapi.command("write")
def write() -> None:
    """Write docs/openapi.json, after a change of routes or schemas. A test fails while it is stale."""
    if "mailbox" not in current_app.blueprints:
        raise click.ClickException("Run it beside `make run`: /dev/mailbox is documented too.")
    FILE.write_text(as_text(document.build(current_app)))
    click.echo(f"Wrote {FILE.relative_to(ROOT)}.")


def as_text(made: dict[str, Any]) -> str:
    """The document as it is checked in: sorted by nothing but the routes, readable in a diff."""
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"
