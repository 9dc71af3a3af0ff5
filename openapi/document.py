"""The OpenAPI 3.1 document of an app, made by walking its routes."""

import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from marshmallow import Schema
from werkzeug.routing import Rule

from openapi import examples, problems
from openapi.fields import OF_WHOLE_SCHEMAS, teach
from openapi.links import LINKS
from openapi.responses import Responses
from openapi.schemas import CHOICES
from openapi.traits import (
    CONDITIONAL,
    HEADERS,
    OF_SCHEMAS,
    PARAMETERS,
    PATH_PARAMETERS,
    REFRESH_TOKEN,
    WITHOUT_DATABASE,
)
from utils import errors

Spec = dict[str, Any]
View = Callable[..., Any]

# By blueprint, in the order in which they are shown.
TAGS = {
    "auth": ("Authentication", "Accounts and tokens."),
    "orders": ("Orders", "Place orders and see what became of them."),
    "inventory": ("Inventory", "What is in stock, and at what price."),
    "home": ("Start page", "Where a browser begins."),
    "health": ("Operations", "For whoever runs this."),
    "docs": ("Documentation", "This document."),
    "problems": ("Errors", "What each error means, and what to do about it."),
    "dev": ("Local stack", "Only where the local stack runs."),
}
DESCRIPTION = """\
An order is accepted once all its items are reserved, and processed in the background. A mail tells the end.

- **Errors** are `application/problem+json` (RFC 9457): `code` is for programs, `detail` says what to \
do next, and `type` leads to a page that explains it. `4XX` and `5XX` stand for those that are of no route \
in particular.
- **Repeating** a POST is safe with an `Idempotency-Key`.
- **Waiting** for the end of an order: `Prefer: wait=N`.
- **Lists** come in pages: send `nextCursor` as `?cursor=` while `hasMore`.
- **Trying it** at /api/docs: register, log in, and the page is authorized.
"""
CONTACT = {"name": "Whoever runs this server"}
LICENSE = {"name": "MIT", "identifier": "MIT"}
_ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")  # `<order_id>`, `<product:product_id>`
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


def documented_routes(app: Flask) -> Iterator[tuple[Rule, str, View]]:
    """Every route of the API with its method, in the order of TAGS."""
    order = list(TAGS)
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: order.index(_blueprint(rule))):
        view: View = app.view_functions[rule.endpoint]
        if view.responses is not None:  # type: ignore[attr-defined]
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method, view


def _blueprint(rule: Rule) -> str:
    """The blueprint of a route."""
    return str(rule.endpoint).partition(".")[0]


def build(app: Flask) -> Spec:
    """The document. Needs an app context."""
    plugin = MarshmallowPlugin(schema_name_resolver=_name_of)
    spec = APISpec(
        "Order processing",
        "1.0.0",
        "3.1.1",
        plugins=[plugin],
        info={"description": DESCRIPTION, "contact": CONTACT, "license": LICENSE},
        servers=[{"url": "/"}],
        tags=[{"name": name, "description": text} for name, text in TAGS.values()],
    )
    teach(plugin)
    _add_components(spec, plugin.converter)
    for rule, method, view in documented_routes(app):
        spec.path(path_of(rule), operations={method.lower(): _operation(rule, view)})
    for schema, keywords in OF_WHOLE_SCHEMAS.items():
        spec.components.schemas[_name_of(schema)].update(keywords)
    return spec.to_dict()


def path_of(rule: Rule) -> str:
    """A rule as OpenAPI writes it: /api/orders/{orderId}."""
    return _ARGUMENT.sub(lambda found: f"{{{PATH_PARAMETERS[found[1]]['name']}}}", rule.rule)


def _name_of(schema: type[Schema] | Schema) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return kind.__name__.removesuffix("Schema")


def _add_components(spec: APISpec, converter: Any) -> None:
    for scheme, text in (("accessToken", "`token`"), ("refreshToken", "`refreshToken`")):
        description = f"The {text} of POST /api/auth/login."
        spec.components.security_scheme(
            scheme, {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": description}
        )
    for name, words in CHOICES.items():
        spec.components.schema(name, {"type": "string", "enum": list(words)})
    spec.components.schema("Problem", schema=problems.ProblemSchema)
    kinds = list(problems.all_kinds())
    codes = sorted({kind.code for kind in kinds})
    spec.components.schemas["Problem"]["properties"]["code"]["enum"] = codes
    for kind in kinds:
        spec.components.example(kind.code, {"value": problems.example(kind)})
    for name, parameter in {**PARAMETERS, **_parameters_of_schemas(converter)}.items():
        sample = {"example": examples.PARAMETERS[name]} if name in examples.PARAMETERS else {}
        spec.components.parameter(name, parameter["in"], {**parameter, **sample})
    for name, header in HEADERS.items():
        spec.components.header(name, header)
    for name, response in problems.of_no_route().items():
        spec.components.response(name, _with_headers(response))


def _parameters_of_schemas(converter: Any) -> dict[str, Spec]:
    """Those that a schema checks, as apispec reads them off it."""
    found = {}
    for name, (schema, field, place) in OF_SCHEMAS.items():
        drawn = {p["name"]: p for p in converter.schema2parameters(schema(), location=place)}
        found[name] = {key: value for key, value in drawn[field].items() if key != "required"}
    return found


def _operation(rule: Rule, view: View) -> Spec:
    declared: Responses = view.responses  # type: ignore[attr-defined]
    name = _camel_case(view.__name__)
    summary, _, description = (view.__doc__ or "").partition("\n")
    operation: Spec = {
        "operationId": name,
        "tags": [TAGS[_blueprint(rule)][0]],
        "summary": summary.rstrip("."),
        "description": " ".join(description.split()) or summary,
        "parameters": _parameters(rule, declared),
        "responses": _responses(name, view, declared),
        "security": _security(view, declared),
    }
    schema = getattr(view, "body_schema", None)
    operation |= {"requestBody": _body(schema, view)} if schema else {}
    return operation


def _responses(name: str, view: View, declared: Responses) -> dict[str, Any]:
    found: dict[str, Any] = {**_successes(name, declared), **_failures(view, declared)}
    for status, response in found.items():
        links = LINKS.get((name, status))
        _with_headers(response).update({"links": links} if links else {})
    return {**found, **{name: name for name in problems.of_no_route()}}


def _with_headers(response: Spec) -> Spec:
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


def _body(schema: Schema, view: View) -> Spec:
    content = {"schema": schema, "example": examples.BODIES[type(schema)]}
    required = not view.body_optional  # type: ignore[attr-defined]
    return {"required": required, "content": {"application/json": content}}


def _security(view: View, declared: Responses) -> list[Spec]:
    """Empty says that anyone may, rather than nothing at all."""
    if REFRESH_TOKEN in declared.traits:
        return [{"refreshToken": []}, {}]  # it may come in the body instead
    return [{"accessToken": []}] if view.who in _FAILS_ON else []  # type: ignore[attr-defined]


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


def _failures(view: View, declared: Responses) -> dict[str, Spec]:
    kinds = [*declared.errors, *_FAILS_ON.get(view.who, ())]  # type: ignore[attr-defined]
    kinds += [kind for trait in declared.traits for kind in trait.errors]
    if hasattr(view, "body_schema"):
        kinds += _BODY_ERRORS
    if WITHOUT_DATABASE not in declared.traits:
        kinds.append(errors.ServiceUnavailable)
    return problems.responses(kinds)
