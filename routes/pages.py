"""Pages for people: HTML with a policy that allows no script, or those of this server alone."""

from typing import Any

from flask import Response, make_response, render_template, request

_POLICY = (
    "default-src 'none'; style-src 'self'{styles}; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'{scripts}"
)


def page(template: str, *, inline_styles: bool = False, scripts: bool = False, **context: Any) -> Response:
    """A page made of a template. A mail that is shown in one brings styles of its own; with `scripts` it may
    run files of this server, and ask it for data."""
    response = make_response(render_template(template, **context))
    response.headers["Content-Security-Policy"] = _POLICY.format(
        styles=" 'unsafe-inline'" if inline_styles else "",
        scripts="; script-src 'self'; connect-src 'self'" if scripts else "",
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    response.vary.add("Accept")
    return response


def preferred(first: str, second: str) -> str:
    """Which of the two types the client would rather have; the first, if it takes anything or neither."""
    return request.accept_mimetypes.best_match([first, second]) or first
