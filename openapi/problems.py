"""Errors in the document: one Problem schema (RFC 9457), and per status the codes that can come."""

import json
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from itertools import groupby
from typing import Any

from marshmallow import fields

from models.order import NewOrderSchema
from openapi import examples
from openapi.schemas import (
    DependenciesSchema,
    FieldErrorSchema,
    ResponseSchema,
    ShortageSchema,
    missing_indexes,
)
from utils import errors
from utils.error_handler import problem
from utils.errors import ApiError

Spec = dict[str, Any]
Kind = type[ApiError]

MEDIA = "application/problem+json"

_HEADERS: dict[Kind, str] = {
    errors.Unauthorized: "WWW-Authenticate",
    errors.OutOfStock: "Idempotent-Replayed",
    errors.RequestInProgress: "Retry-After",
    errors.RateLimited: "Retry-After",
    errors.ServiceUnavailable: "Retry-After",
}


class ProblemSchema(ResponseSchema):
    type = fields.String(
        required=True,
        metadata={"format": "uri-reference", "description": "The address of a page that explains it."},
    )
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata={"description": "What to do next."})
    code = fields.String(required=True)
    message = fields.String(
        required=True,
        metadata={"description": "For clients of the Node app: its own words, or the detail again."},
    )
    requestId = fields.String(required=True)
    errors = fields.List(fields.Nested(FieldErrorSchema), metadata={"description": "What is wrong where."})
    shortages = fields.List(fields.Nested(ShortageSchema), metadata={"description": "With out_of_stock."})
    remedies = fields.List(
        fields.Nested(NewOrderSchema),
        metadata={"description": "With out_of_stock: the largest order that would fit now, ready to send."},
    )
    available = fields.Integer(
        metadata={"description": "With stock_too_low and stock_too_high: what is free to sell."}
    )
    expectedTotal = fields.Float(metadata={"description": "With total_mismatch."})
    dependencies = fields.Nested(DependenciesSchema, metadata={"description": "With 503 on /readyz."})
    missingIndexes = missing_indexes()


def all_kinds(base: Kind = ApiError) -> Iterator[Kind]:
    """Every error class that has a code of its own."""
    if "code" in vars(base):
        yield base
    for kind in base.__subclasses__():
        yield from all_kinds(kind)


def sample(kind: Kind) -> ApiError:
    """An error of this kind."""
    return examples.ERRORS.get(kind) or kind()


def example(kind: Kind) -> Spec:
    """What an error of this kind looks like. Needs an app context."""
    return {**problem(sample(kind)), "requestId": examples.REQUEST_ID}


def as_answer(kind: Kind) -> str:
    """The example as it comes over the wire, but for the spaces in it."""
    headers = {"Content-Type": MEDIA, **sample(kind).headers}
    head = [f"HTTP/1.1 {kind.status} {HTTPStatus(kind.status).phrase}", *map(": ".join, headers.items())]
    return "\n".join([*head, "", json.dumps(example(kind), indent=2)])


def responses(kinds: Iterable[Kind]) -> dict[str, Spec]:
    """The answers to these errors, by status."""
    ordered = sorted(set(kinds), key=lambda kind: (kind.status, kind.code))
    by_status = groupby(ordered, key=lambda kind: kind.status)
    return {str(status): _response(HTTPStatus(status).phrase, list(group)) for status, group in by_status}


def of_no_route() -> dict[str, Spec]:
    """The answers to errors that come from no route in particular, by the range of their status."""
    return {
        "4XX": _response("No such address or method", [errors.NotFound, errors.MethodNotAllowed]),
        "5XX": _response("A fault of ours", [ApiError]),
    }


def _response(phrase: str, kinds: Iterable[Kind]) -> Spec:
    """The codes stand in the description and, for programs, as the names of the examples.

    The schema is Problem itself: of one made for each list of codes, clients get a model each.
    """
    headers = {name for kind in kinds for base, name in _HEADERS.items() if issubclass(kind, base)}
    codes = sorted({kind.code for kind in kinds})
    return {
        "description": f"{phrase}: {', '.join(codes)}",
        "headers": sorted(headers),
        "content": {
            MEDIA: {
                "schema": ProblemSchema,
                "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in codes},
            }
        },
    }
