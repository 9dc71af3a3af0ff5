"""`flask users ...`."""

import sys
import warnings
from getpass import GetPassWarning
from typing import Any

import click
from marshmallow import ValidationError

from commands.parameters import MAX_LIMIT, limit_option
from commands.printing import Column, field, json_option, remark, rows
from commands.running import CommandGroup
from config.resources import resources
from models import ended_tokens, token_family, user
from models.credentials import NewUserSchema
from models.documents import User
from utils import passwords

users = CommandGroup("users", help="Accounts.")

_COLUMNS = (
    Column("EMAIL", field("email")),
    Column("ROLE", lambda account: account.get("role") or "user"),
    Column("REGISTERED (UTC)", field("createdAt")),
    Column("USER ID", field("_id")),
)


@users.command("list")
@click.option("--email", metavar="PART", help="Only those whose address contains this, in any case.")
@limit_option
@json_option
def list_users(email: str | None, limit: int, as_json: bool) -> None:
    """List accounts, newest first."""
    found = user.find_latest(limit + 1, email)
    rows(found[:limit], _COLUMNS, as_json, none="No accounts.")
    if len(found) > limit:
        remark(f"There are more than these {limit}: --limit shows up to {MAX_LIMIT}.")


@users.command("promote")
@click.argument("email")
def promote(email: str) -> None:
    """Make a user an admin, who may set stock over the API. Holds at once, no new login needed."""
    if not user.promote(email):
        raise _nobody(email)
    click.echo(f"{email} is an admin now.")


@users.command("demote")
@click.argument("email")
def demote(email: str) -> None:
    """Make an admin a user like all others. Holds at once."""
    if not user.demote(email):
        raise _nobody(email)
    click.echo(f"{email} is no admin now.")


@users.command("set-password")
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, one line.")
def set_password(email: str, password_stdin: bool) -> None:
    """Set a user's password, which is asked for twice, and end all logins of the account."""
    account = registered(email)
    password = _one_line() if password_stdin else _asked_for()
    try:
        NewUserSchema(only=["password"]).load({"password": password})
    except ValidationError as error:
        faults: Any = error.messages
        raise click.ClickException(f"This password will not do: {' '.join(faults['password'])}") from error
    hashed = passwords.hash_password(password, resources().settings.bcrypt_cost)
    if not user.change_password(account, hashed):
        raise click.ClickException(f"The account of {email} has been changed just now. Look, and try again.")
    ended_tokens.end(ended_tokens.of_epoch(account["_id"], user.token_epoch(account)))
    token_family.revoke_all(account["_id"])
    click.echo(f"{email} has a new password and must log in again. Every login ends within a second.")


def registered(email: str) -> User:
    """The account with this address, in any case. Raises ClickException when there is none."""
    account = user.find_by_email(email)
    if account is None:
        raise _nobody(email)
    return account


def _nobody(email: str) -> click.ClickException:
    return click.ClickException(
        f"Nobody is registered as {email}. `flask users list --email PART` finds accounts."
    )


def _asked_for() -> str:
    """The password, typed twice and not shown. Raises ClickException where that cannot be."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", GetPassWarning)
        try:
            return str(click.prompt("New password", hide_input=True, confirmation_prompt="The same again"))
        except GetPassWarning as warning:
            raise click.ClickException("No terminal to ask on. Use --password-stdin.") from warning


def _one_line() -> str:
    """The first line of standard input, without its end. Raises ClickException when it is no text."""
    try:
        return sys.stdin.readline().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise click.ClickException("The password on standard input is not valid UTF-8.") from error
