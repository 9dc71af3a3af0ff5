"""`flask ...`: what operators and developers type. Each command says what it did."""

from flask import Flask

from commands.audit_command import audit
from commands.index_commands import indexes
from commands.inventory_commands import inventory
from commands.mail_commands import mails
from commands.openapi_commands import openapi
from commands.order_commands import orders
from commands.queue_commands import queue
from commands.user_commands import users


def init_app(app: Flask) -> None:
    for command in (audit, indexes, inventory, mails, openapi, orders, queue, users):
        app.cli.add_command(command)
