"""`flask ...`: what operators and developers type. Each command says what it did."""

from flask import Flask

from commands.index_commands import indexes
from commands.inventory_commands import inventory
from commands.order_commands import orders
from commands.user_commands import users


def init_app(app: Flask) -> None:
    for group in (indexes, inventory, orders, users):
        app.cli.add_command(group)
