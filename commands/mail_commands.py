"""`flask mails ...`."""

from collections.abc import Iterator
from datetime import datetime

import click

from commands.order_tables import mail_columns
from commands.parameters import MAX_LIMIT, When, limit_option
from commands.printing import Column, field, json_option, remark, rows
from commands.running import CommandGroup
from models import order_mail, user
from models.documents import MailState, Order
from models.order_shape import MAIL_STATES, obstacle, printable_id

_SUPPRESSED = (
    Column("EMAIL", field("email")),
    Column("REASON", field("mailSuppressed", "reason")),
    Column("SINCE (UTC)", field("mailSuppressed", "at")),
)

mails = CommandGroup("mails", help="Mails about orders, and what became of them.")

_since = click.option(
    "--since", type=When(), help="Only about orders made since then: 2h or 3d (ago), or a date or time."
)


@mails.command("list")
@click.option("--state", type=click.Choice(MAIL_STATES, case_sensitive=False), help="Only those.")
@_since
@limit_option
@json_option
def list_mails(state: MailState | None, since: datetime | None, limit: int, as_json: bool) -> None:
    """List mails by their orders, newest first. Times are in UTC."""
    found = list(order_mail.find_mails(state, since, limit + 1))
    rows(found[:limit], [] if as_json else mail_columns(found), as_json, none="No mails.")
    if len(found) > limit:
        remark(f"There are more than these {limit}: --limit shows up to {MAX_LIMIT}.")


@mails.command("retry")
@click.option("--state", type=click.Choice(["refused"]), required=True, help="Which: those that SES refused.")
@_since
@click.option("--yes", is_flag=True, help="Have the worker send them; else they are only counted.")
def retry(state: MailState, since: datetime | None, yes: bool) -> None:
    """Have the worker try refused mails again, once what SES minded is mended.

    Mails to customers whose accounts are deleted are left out.
    """
    found = due = 0
    for order in _sendable(state, since):
        found += 1
        due += yes and order_mail.request_mail(order) is not None
    if yes:
        click.echo(f"{due} due again; a worker sends them, as fast as SES lets it.")
    elif found:
        click.echo(f"{found} in all. With --yes they are sent again.")
    else:
        click.echo("There are none.")


@mails.command("suppressed")
@limit_option
@json_option
def list_suppressed(limit: int, as_json: bool) -> None:
    """List the customers who get no mails: theirs bounced, or they complained."""
    found = user.find_suppressed(limit + 1)
    rows(found[:limit], _SUPPRESSED, as_json, none="No address is suppressed.")
    if len(found) > limit:
        remark(f"There are more than these {limit}: --limit shows up to {MAX_LIMIT}.")


@mails.command("allow")
@click.argument("email")
def allow(email: str) -> None:
    """Send mails to an address again, once it is known to work.

    SES may keep the address on its own list; the AWS console shows that.
    """
    if not user.allow_mail(email):
        raise click.ClickException(f"No mail to {email} is suppressed. `flask mails suppressed` lists all.")
    click.echo(f"{email} gets mails again. `flask mails retry` sends those that were refused.")


def _sendable(state: MailState, since: datetime | None) -> Iterator[Order]:
    for order in order_mail.find_mails(state, since):
        reason = "it is put aside" if "putAside" in order else obstacle(order)
        if reason is not None:
            click.echo(f"Order {printable_id(order)}: left out, {reason}", err=True)
        elif order["mail"].get("reason") != order_mail.NO_CUSTOMER:
            yield order
