"""One operation of the OpenAPI document: what a route's decorators, its docstring and its schemas say."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Protocol, cast

from flask import Flask
from marshmallow import Schema
from werkzeug.routing import Rule

from openapi import examples, problems
from openapi.links import LINKS
from openapi.responses import Responses
from openapi.traits import CONDITIONAL, PATH_PARAMETERS, REFRESH_TOKEN, WITHOUT_DATABASE
from utils import errors

Spec = dict[str, Any]

# By blueprint, in the order in which they are shown.
TAGS = {
    "auth": ("Authentication", "Accounts and tokens."),
    "orders": ("Orders", "Place orders and see what became of them."),
    "inventory": ("Inventory", "What is in stock, and at what price."),
    "home": ("Start page", "Where a browser begins."),
    "health": ("Operations", "For whoever runs this."),
    "docs": ("Documentation", "This document."),
    "problems": ("Errors", "What each error means, and what to do about it."),
    "mailbox": ("Local stack", "Only where the local stack runs."),
}
_FAILS_ON = {
    "user": (errors.TokenMissing, errors.TokenInvalid, errors.TokenExpired),
    "admin": (errors.TokenMissing, errors.TokenInvalid, errors.TokenExpired, errors.Forbidden),
}
_BODY_ERRORS = (
    errors.InvalidJson,
    errors.ValidationFailed,
    errors.UnsupportedMediaType,
    errors.PayloadTooLarge,
)


class DocumentedView(Protocol):
    """A view with what its decorators have noted on it: `responds`, `requires_user` and others, `accepts`."""

    __name__: str
    __doc__: str | None
    responses: Responses
    who: str
    body_optional: bool


def documented_routes(app: Flask) -> Iterator[tuple[Rule, str, DocumentedView]]:
    """Every route of the API with its method, in the order of TAGS."""
    order = list(TAGS)
    views = [(rule, app.view_functions[rule.endpoint]) for rule in app.url_map.iter_rules()]
    documented = [(rule, view) for rule, view in views if vars(view)["responses"] is not None]
    for rule, view in sorted(documented, key=lambda found: order.index(blueprint_of(found[0]))):
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method, cast(DocumentedView, view)


def blueprint_of(rule: Rule) -> str:
    """The blueprint of a route."""
    return str(rule.endpoint).partition(".")[0]


def operation(rule: Rule, view: DocumentedView) -> Spec:
    declared = view.responses
    name = _camel_case(view.__name__)
    summary, _, description = (view.__doc__ or "").partition("\n")
    operation: Spec = {
        "operationId": name,
        "tags": [TAGS[blueprint_of(rule)][0]],
        "summary": summary.rstrip("."),
        "description": " ".join(description.split()) or summary,
        "parameters": _parameters(rule, declared),
        "responses": _responses(name, view, declared),
        "security": _security(view, declared),
    }
    schema = getattr(view, "body_schema", None)
    operation |= {"requestBody": _body(schema, view)} if schema else {}
    return operation


def _responses(name: str, view: DocumentedView, declared: Responses) -> dict[str, Any]:
    found: dict[str, Any] = {**_successes(name, declared), **_failures(view, declared)}
    for status, response in found.items():
        links = LINKS.get((name, status))
        with_headers(response).update({"links": links} if links else {})
    return {**found, **{name: name for name in problems.of_no_route()}}


def with_headers(response: Spec) -> Spec:
    """Names of headers become references to them."""
    names = [*response.get("headers", []), "X-Request-Id"]
    response["headers"] = {header: {"$ref": f"#/components/headers/{header}"} for header in names}
    return response


def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _parameters(rule: Rule, declared: Responses) -> list[Any]:
    path = [PATH_PARAMETERS[argument] for argument in sorted(rule.arguments)]
    in_path = [{**parameter, "example": examples.PARAMETERS[parameter["name"]]} for parameter in path]
    names = [name for trait in declared.traits for name in trait.takes]
    return [*in_path, *names, "X-Request-Id"]


def _body(schema: Schema, view: DocumentedView) -> Spec:
    content = {"schema": schema, "example": examples.BODIES[type(schema)]}
    required = not view.body_optional
    return {"required": required, "content": {"application/json": content}}


def _security(view: DocumentedView, declared: Responses) -> list[Spec]:
    """Empty says that anyone may, rather than nothing at all."""
    if REFRESH_TOKEN in declared.traits:
        return [{"refreshToken": []}, {}]  # it may come in the body instead
    return [{"accessToken": []}] if view.who in _FAILS_ON else []


def _successes(name: str, declared: Responses) -> dict[str, Spec]:
    headers = [header for trait in declared.traits for header in trait.gives]
    found = {str(status): _success(status, name, declared, headers) for status in declared.statuses}
    if CONDITIONAL in declared.traits:
        found["304"] = {"description": "What you have still holds.", "headers": headers}
    return found


def _success(status: int, name: str, declared: Responses, headers: list[str]) -> Spec:
    response: Spec = {"description": HTTPStatus(status).phrase, "headers": headers}
    if declared.media:
        response["content"] = {media: _content(media, name, declared) for media in declared.media}
    return response


def _content(media: str, name: str, declared: Responses) -> Spec:
    if declared.schema is None or media != "application/json":
        return {"schema": {"type": "string"}}
    example = examples.OF_OPERATIONS.get(name) or examples.BODIES[declared.schema]
    return {"schema": declared.schema, "example": example}


def _failures(view: DocumentedView, declared: Responses) -> dict[str, Spec]:
    kinds = [*declared.errors, *_FAILS_ON.get(view.who, ())]
    kinds += [kind for trait in declared.traits for kind in trait.errors]
    if hasattr(view, "body_schema"):
        kinds += _BODY_ERRORS
    if WITHOUT_DATABASE not in declared.traits:
        kinds.append(errors.ServiceUnavailable)
    return problems.responses(kinds)
