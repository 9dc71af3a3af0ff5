"""The OpenAPI 3.1 document of an app, made by walking its routes."""

import re
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from marshmallow import Schema
from werkzeug.routing import Rule

from openapi import examples, problems
from openapi.fields import OF_WHOLE_SCHEMAS, teach
from openapi.operations import TAGS, Spec, documented_routes, operation, with_headers
from openapi.schemas import CHOICES
from openapi.traits import (
    HEADERS,
    OF_SCHEMAS,
    PARAMETERS,
    PATH_PARAMETERS,
)

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
        spec.path(path_of(rule), operations={method.lower(): operation(rule, view)})
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
        spec.components.response(name, with_headers(response))


def _parameters_of_schemas(converter: Any) -> dict[str, Spec]:
    """Those that a schema checks, as apispec reads them off it."""
    found = {}
    for name, (schema, field, place) in OF_SCHEMAS.items():
        drawn = {p["name"]: p for p in converter.schema2parameters(schema(), location=place)}
        found[name] = {key: value for key, value in drawn[field].items() if key != "required"}
    return found
