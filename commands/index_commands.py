"""`flask indexes create`."""

import sys

import click

from commands.running import CommandGroup
from models import books
from models import indexes as model

indexes = CommandGroup("indexes", help="The indexes of the database.")


@indexes.command("create")
def create() -> None:
    """Make all indexes that are missing. Safe to run again; needed once before production.

    A line an index; exit code 1 if one is still missing at the end.
    """
    failed = 0
    for outcome in model.create():
        click.echo(f"{outcome.name}: {outcome.state}")
        for line in outcome.why:
            click.echo(f"    {line}")
        failed += outcome.state == "failed"
    adopted = books.adopt()
    if adopted:
        products = f"{adopted} product{'' if adopted == 1 else 's'}"
        click.echo(f"Counted the books of {products} that another program made.")
    if failed:
        click.echo(f"{failed} missing. Mend what is said above, and run this again.", err=True)
        sys.exit(1)
    click.echo("All indexes are there.")
