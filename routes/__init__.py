"""The blueprints: a route reads as a contract. Who may, what comes in, what goes out."""

from flask import Flask

from config.resources import resources_of
from routes.auth_routes import auth
from routes.board_routes import board, local_board
from routes.break_it_routes import break_it
from routes.converters import ProductIdConverter
from routes.docs_routes import docs
from routes.health_routes import health
from routes.home_routes import home
from routes.inventory_routes import inventory
from routes.mailbox_routes import mailbox
from routes.order_routes import orders
from routes.problem_routes import problem_pages


def init_app(app: Flask) -> None:
    """Mount the blueprints where the Node app's server.js has them."""
    app.url_map.converters["product"] = ProductIdConverter
    app.register_blueprint(auth, url_prefix="/api/auth")
    app.register_blueprint(orders, url_prefix="/api/orders")
    app.register_blueprint(inventory, url_prefix="/api/inventory")
    app.register_blueprint(health)
    app.register_blueprint(home)
    app.register_blueprint(docs, url_prefix="/api")
    app.register_blueprint(problem_pages, url_prefix="/problems")
    settings = resources_of(app).settings
    if settings.mailbox_url or settings.board_for_admins:
        app.register_blueprint(board, url_prefix="/dev")
    if settings.mailbox_url:
        app.register_blueprint(local_board, url_prefix="/dev")
        app.register_blueprint(mailbox, url_prefix="/dev/mailbox")
    if settings.break_it_url:
        app.register_blueprint(break_it, url_prefix="/dev/break")
