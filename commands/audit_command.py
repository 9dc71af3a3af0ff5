"""`flask audit`."""

import sys

import click

from commands.printing import json_line, json_option, remark
from commands.running import in_application
from models.audit import findings


@click.command("audit")
@click.option("--full", is_flag=True, help="Read every order, not only those with open work.")
@json_option
@in_application
def audit(full: bool, as_json: bool) -> None:
    """Check orders against stock, changing nothing. A line a finding; exit code 1 if there are any."""
    count = 0
    for finding in findings(full):
        click.echo(json_line({"finding": finding}) if as_json else finding)
        count += 1
    if count:
        remark(f"{count} finding{'' if count == 1 else 's'}.")
        sys.exit(1)
    click.echo("All is well.", err=as_json)
