"""Conditional GET (RFC 9110, section 13): an ETag on the answer, 304 when the client has it already."""

from flask import Response, request


def conditional(response: Response) -> Response:
    """Add an ETag made of the body, and answer 304 to a matching If-None-Match.

    `no-cache` lets clients keep the answer, but has them ask each time whether it still holds.
    """
    response.add_etag()
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)  # changes the response in place
    return response
