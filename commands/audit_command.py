"""`flask audit`."""

import sys

import click
from flask.cli import with_appcontext

from models.audit import findings


@click.command("audit")
@click.option("--full", is_flag=True, help="Read every order, not only those with open work.")
@with_appcontext
def audit(full: bool) -> None:
    """Check orders against stock, changing nothing. A line a finding; exit code 1 if there are any."""
    count = 0
    for finding in findings(full):
        click.echo(finding)
        count += 1
    if count:
        click.echo(f"{count} finding{'' if count == 1 else 's'}.", err=True)
        sys.exit(1)
    click.echo("All is well.")
