"""Lists come in pages: `{data, hasMore, nextCursor}`. A cursor is the id of the last row seen."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flask import request

from utils import errors

DEFAULT_LIMIT, MAX_LIMIT = 20, 100


class PageArguments(NamedTuple):
    limit: int
    cursor: str | None
    filters: dict[str, str]


def page_arguments(*filters: str) -> PageArguments:
    """What a list's query string asks for. Raises ValidationFailed, also for an argument that is unknown."""
    sent = request.args.to_dict()
    unknown = sorted(set(sent) - {"limit", "cursor", *filters})
    if unknown:
        raise errors.ValidationFailed([{"field": n, "message": "Unknown argument."} for n in unknown])
    limit = sent.get("limit", str(DEFAULT_LIMIT))
    if not (limit.isascii() and limit.isdigit() and len(limit) < 4 and 1 <= int(limit) <= MAX_LIMIT):
        raise errors.ValidationFailed(
            [{"field": "limit", "message": f"Must be an integer from 1 to {MAX_LIMIT}."}]
        )
    return PageArguments(int(limit), sent.get("cursor"), {f: sent[f] for f in filters if f in sent})


def page(rows: Sequence[Mapping[str, Any]], has_more: bool, cursor_field: str) -> dict[str, Any]:
    """The body of a page."""
    return {
        "data": rows,
        "hasMore": has_more,
        "nextCursor": str(rows[-1][cursor_field]) if has_more else None,
    }
