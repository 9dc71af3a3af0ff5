"""/api/docs and /api/openapi.json: the documentation, made of the routes themselves."""

from importlib.resources import files
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, render_template, send_from_directory

from config.settings import ROOT
from middleware.auth_middleware import public
from openapi import document
from openapi.responses import responds, undocumented
from openapi.schemas import DocumentSchema
from openapi.traits import CONDITIONAL, WITHOUT_DATABASE
from routes.conditional import conditional
from utils import errors

docs = Blueprint("docs", __name__)

# The page runs scripts of this server alone, none that stands in the page, and no page may frame it.
# Swagger UI's icons are data: images, and it sets styles on its elements.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SWAGGER_UI = Path(str(files("flask_swagger_ui"))) / "dist"
_ASSETS = {
    "page.js": ROOT / "templates" / "docs",
    "page.css": ROOT / "templates" / "docs",
    "pages.css": ROOT / "templates" / "pages",
    "swagger-ui.css": _SWAGGER_UI,
    "swagger-ui-bundle.js": _SWAGGER_UI,
}


@docs.get("/openapi.json")
@responds(200, DocumentSchema, CONDITIONAL, WITHOUT_DATABASE)
@public
def show_document() -> Response:
    """Show this document."""
    made = current_app.extensions.get("openapi")
    if made is None:  # its routes are all there only now
        made = current_app.extensions["openapi"] = document.build(current_app)
    return conditional(jsonify(made))


@docs.get("/docs")
@responds(200, None, WITHOUT_DATABASE, media=["text/html"])
@public
def show_documentation() -> Any:
    """Show this documentation as a page on which every request can be tried."""
    return render_template("docs/page.html"), {"Content-Security-Policy": _POLICY}


@docs.get("/docs/<name>")
@undocumented
@public
def show_asset(name: str) -> Response:
    """A piece of the documentation page."""
    if name not in _ASSETS:
        raise errors.NotFound
    return send_from_directory(_ASSETS[name], name, max_age=3600)
