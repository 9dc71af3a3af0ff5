"""Lists come in pages: `{data, hasMore, nextCursor}`. A cursor is the id of the last row seen."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from flask import request

from utils import errors

DEFAULT_LIMIT, MAX_LIMIT = 20, 100
_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


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


def time_argument(name: str, sent: str | None) -> datetime | None:
    """A date-time of RFC 3339, rounded up to the millisecond: finer times are not stored.

    Raises ValidationFailed.
    """
    if sent is None:
        return None
    try:
        if not _DATE_TIME.fullmatch(sent):
            raise ValueError
        moment = datetime.fromisoformat(sent.upper()).astimezone(UTC)
        return moment + timedelta(microseconds=-moment.microsecond % 1000)
    except (ValueError, OverflowError) as error:
        message = (
            "Must be a date and a time with its offset from UTC (RFC 3339), such as 2026-11-23T02:44:05Z or "
            "2026-11-23T03:44:05%2B01:00: a + is written %2B in an address."
        )
        raise errors.ValidationFailed([{"field": name, "message": message}]) from error


def page(rows: Sequence[Mapping[str, Any]], has_more: bool, cursor_field: str) -> dict[str, Any]:
    """The body of a page."""
    return {
        "data": rows,
        "hasMore": has_more,
        "nextCursor": str(rows[-1][cursor_field]) if has_more else None,
    }
