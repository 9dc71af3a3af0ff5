"""`flask users ...`."""

import click
from flask.cli import AppGroup

from models import user

users = AppGroup("users", help="Accounts.")


@users.command("promote")
@click.argument("email")
def promote(email: str) -> None:
    """Make a user an admin, who may set stock over the API. Holds at once, no new login needed."""
    if not user.promote(email):
        raise click.ClickException(f"Nobody is registered as {email}.")
    click.echo(f"{email} is an admin now.")
