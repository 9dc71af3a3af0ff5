"""`flask indexes create`."""

import click

from commands.running import CommandGroup
from models.indexes import create_all

indexes = CommandGroup("indexes", help="The indexes of the database.")


@indexes.command("create")
def create() -> None:
    """Make all indexes that are missing. Safe to run again; needed once before production."""
    create_all()
    click.echo("All indexes are there.")
