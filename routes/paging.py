"""Lists come in pages: `{data, hasMore, nextCursor}`. A cursor is the id of the last row seen."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import request
from marshmallow import Schema

from middleware.request_body import load


def query_arguments(schema: Schema) -> dict[str, Any]:
    """What the query string asks for. Raises ValidationFailed, also for an argument that is unknown."""
    return load(schema, request.args.to_dict())


def headers(schema: Schema) -> dict[str, Any]:
    """Those of the request's headers that the schema knows. Raises ValidationFailed."""
    known = [field.data_key or name for name, field in schema.fields.items()]
    return load(schema, {name: request.headers[name] for name in known if name in request.headers})


def page(rows: Sequence[Mapping[str, Any]], has_more: bool, cursor_field: str) -> dict[str, Any]:
    """The body of a page."""
    return {
        "data": rows,
        "hasMore": has_more,
        "nextCursor": str(rows[-1][cursor_field]) if has_more else None,
    }
