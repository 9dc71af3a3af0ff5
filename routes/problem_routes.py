"""/problems: what each error means and what to do about it. Its page is what `type` of the error leads to."""

from typing import Any

from flask import Blueprint

from middleware.auth_middleware import public
from openapi import problems
from openapi.responses import HTML, JSON, responds
from openapi.schemas import ErrorExplanationSchema, ErrorKindsSchema
from openapi.traits import WITHOUT_DATABASE
from routes.pages import page, preferred
from utils import errors

problem_pages = Blueprint("problems", __name__)


@problem_pages.get("")
@responds(200, ErrorKindsSchema, WITHOUT_DATABASE, media=[HTML, JSON])
@public
def list_problem_types() -> Any:
    """List all errors that there are: a page, or JSON for `Accept: application/json`."""
    rows = [_row(kind) for kind in sorted(problems.all_kinds(), key=lambda kind: (kind.status, kind.code))]
    if preferred(HTML, JSON) == HTML:
        return page("pages/problems.html", problems=rows)
    return {"data": rows}, {"Vary": "Accept"}


@problem_pages.get("/<code>")
@responds(200, ErrorExplanationSchema, WITHOUT_DATABASE, errors=[errors.NotFound], media=[HTML, JSON])
@public
def show_problem_type(code: str) -> Any:
    """Explain an error: a page, or JSON for `Accept: application/json`.

    The `type` of each error leads here.
    """
    kind = next((kind for kind in problems.all_kinds() if kind.code == code), None)
    if kind is None:
        raise errors.NotFound("There is no error with this code. GET /problems lists them.")
    explanation = {
        **_row(kind),
        "happened": kind.happened,
        "advice": kind.advice or kind.detail,
        "answer": problems.example(kind),
    }
    if preferred(HTML, JSON) == JSON:
        return explanation, {"Vary": "Accept"}
    return page("pages/problem.html", **{**explanation, "answer": problems.as_answer(kind)})


def _row(kind: problems.Kind) -> dict[str, Any]:
    reference = problems.sample(kind).type_reference
    return {"type": reference, "code": kind.code, "status": kind.status, "title": kind.title}
