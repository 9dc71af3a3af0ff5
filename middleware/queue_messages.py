"""Sends messages to SQS once the client has its answer, and before the request ends (PUBLISH=before_close).

For platforms that stop a process between two requests, as Vercel does: a thread would stand still there.
"""

from flask import Flask, Response

from config.resources import resources


def init_app(app: Flask) -> None:
    app.after_request(_send_at_close)


def _send_at_close(response: Response) -> Response:
    """The server closes the response after its last byte: so the client does not wait for SQS."""
    publisher = resources().queue_publisher
    if publisher.has_unsent():
        response.call_on_close(publisher.send_waiting)
    return response
