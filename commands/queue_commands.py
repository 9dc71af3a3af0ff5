"""`flask queue ...`."""

import click

from commands.printing import Column, field, json_option, rows
from commands.running import CommandGroup
from services import dead_letter_service

queue = CommandGroup("queue", database=False, help="The SQS queue and its dead letters.")

_COLUMNS = (
    Column("WAITING", field("waiting"), right=True),
    Column("IN FLIGHT", field("inFlight"), right=True),
    Column("DEAD", lambda counts: "no such queue" if counts["dead"] is None else counts["dead"], right=True),
)


@queue.command("status")
@json_option
def status(as_json: bool) -> None:
    """How many messages wait, are being worked on, and are dead."""
    counts = dead_letter_service.status()
    row = {"waiting": counts.waiting, "inFlight": counts.in_flight, "dead": counts.dead}
    rows([row], _COLUMNS, as_json, none="")


@queue.command("redrive")
def redrive() -> None:
    """Put dead messages back into the queue, to be tried again."""
    moved = dead_letter_service.redrive()
    click.echo(f"Moved {moved} message{'' if moved == 1 else 's'} back to the queue.")
