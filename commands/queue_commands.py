"""`flask queue ...`."""

import click
from flask.cli import AppGroup

from services import dead_letter_service
from services.aws_queue_service import QueueError

queue = AppGroup("queue", help="The SQS queue and its dead letters.")


@queue.command("status")
def status() -> None:
    """How many messages wait, are being worked on, and are dead."""
    try:
        counts = dead_letter_service.status()
    except QueueError as error:
        raise click.ClickException(f"SQS does not answer: {error}") from error
    dead = "no dead-letter queue" if counts.dead is None else f"dead {counts.dead}"
    click.echo(f"waiting {counts.waiting}, in flight {counts.in_flight}, {dead}")


@queue.command("redrive")
def redrive() -> None:
    """Put dead messages back into the queue, to be tried again."""
    try:
        moved = dead_letter_service.redrive()
    except QueueError as error:
        raise click.ClickException(f"Not all could be moved: {error}") from error
    click.echo(f"Moved {moved} message{'' if moved == 1 else 's'} back to the queue.")
