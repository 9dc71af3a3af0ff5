"""/: where a browser begins, and what it asks for by itself. The Node app answered 404 to both."""

from typing import Any

from flask import Blueprint, Response, current_app, send_from_directory, url_for

from config.settings import ROOT
from middleware.auth_middleware import public
from openapi.responses import HTML, JSON, responds, undocumented
from openapi.schemas import HomeSchema
from openapi.traits import WITHOUT_DATABASE
from routes.pages import page, preferred

home = Blueprint("home", __name__)

# Name in the JSON, endpoint, name and text on the page. What is not mounted is left out.
_LINKS = (
    ("documentation", "docs.show_documentation", "Documentation", "Every route, to be tried in the browser."),
    ("board", "board.show_board", "Board", "Orders, stock, queue and workers, live."),
    ("mailbox", "mailbox.show_mailbox", "Mailbox", "The mails sent so far: this is a local stack."),
    ("health", "health.readyz", "Health", "Whether all is there that it needs."),
    ("openapi", "docs.show_document", "OpenAPI document", "For programs that make clients and tests."),
)


@home.get("/")
@responds(200, HomeSchema, WITHOUT_DATABASE, media=[JSON, HTML])
@public
def show_home() -> Any:
    """Show what this is and where to go on: JSON, or a page for `Accept: text/html`, as browsers send it.

    JSON for curl's `*/*`, too: whoever wants a page says so, and this is an API.
    """
    links = [
        {"key": key, "href": url_for(endpoint), "name": name, "text": text}
        for key, endpoint, name, text in _LINKS
        if endpoint in current_app.view_functions
    ]
    if preferred(JSON, HTML) == HTML:
        return page("pages/home.html", links=links)
    answer = {"name": "Order processing", **{link["key"]: link["href"] for link in links}}
    return answer, {"Vary": "Accept"}


@home.get("/favicon.ico")
@undocumented
@public
def show_icon() -> Response:
    """The icon that browsers ask for beside any page."""
    return send_from_directory(ROOT / "templates" / "pages", "icon.png", max_age=86400)
