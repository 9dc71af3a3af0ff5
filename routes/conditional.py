"""Conditional requests (RFC 9110, section 13): an ETag on the answer, 304 when the client has it already, and
412 when what is to be changed is not what the client has seen."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, jsonify, request

from utils import errors


def conditional(response: Response) -> Response:
    """Add an ETag made of the body, and answer 304 to a matching If-None-Match of a GET.

    `no-cache` lets clients keep the answer, but has them ask each time whether it still holds.
    """
    response.add_etag()
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)  # changes the response in place
    if response.status_code == errors.PreconditionFailed.status:  # a GET with If-Match
        raise errors.PreconditionFailed
    return response


def condition() -> Callable[[Mapping[str, Any] | None], bool] | None:
    """What the client's If-Match and If-None-Match ask of what it wants to change; None when it sent neither.

    The function is given what a GET would answer (None: nothing is there). If-Match compares strongly, `*`
    stands for whatever is there; a header that names no tag at all matches nothing.
    """
    match = request.if_match if "If-Match" in request.headers else None
    none_match = request.if_none_match if "If-None-Match" in request.headers else None
    if match is None and none_match is None:
        return None

    def holds(shown: Mapping[str, Any] | None) -> bool:
        if shown is None:
            return match is None
        tag = _etag_of(shown)
        return (match is None or match.contains(tag)) and not (none_match and none_match.contains_weak(tag))

    return holds


def _etag_of(shown: Mapping[str, Any]) -> str:
    response = jsonify(shown)
    response.add_etag()
    return response.get_etag()[0] or ""
