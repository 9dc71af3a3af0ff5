"""Holds every answer that a test sees to docs/openapi.json: its status, headers, content type and body."""

import json
import re
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator
from requests import Response

from local_stack.programs import ROOT

Spec = dict[str, Any]

PROBLEM = "application/problem+json"


def check_described(answer: Response, **_: Any) -> None:
    """Raise AssertionError when the document does not know such an answer. A response hook of requests."""
    operation = _operation_of(answer)
    if operation is None or answer.status_code == 500:  # a fault is never described
        return
    responses = operation["responses"]
    assert str(answer.status_code) in responses, f"{_place(answer)} is not documented: {answer.text}"
    described = responses[str(answer.status_code)]
    missing = _required(described) - {name.lower() for name in answer.headers}
    assert not missing, f"{_place(answer)} lacks {missing}"
    if answer.content:
        media = answer.headers["Content-Type"].partition(";")[0]
        assert media in described.get("content", {}), f"{_place(answer)} has the undocumented type {media}"
        if media.endswith("json"):
            schema = described["content"][media]["schema"]
            _validator(json.dumps(schema)).validate(answer.json())
        if media == PROBLEM:
            told = described["content"][media]["examples"]
            assert answer.json()["code"] in told, f"{_place(answer)} has the undocumented code {answer.text}"


def _operation_of(answer: Response) -> Spec | None:
    """None for what is no operation, such as HEAD, and for what the stack before the routes answered."""
    method, path = answer.request.method or "", urlsplit(answer.url).path.rstrip("/")
    for template, item in _document()["paths"].items():
        pattern = re.sub(r"\{[^}]+\}", "[^/]+", template)
        if re.fullmatch(pattern, path):
            operation: Spec | None = item.get(method.lower())
            return operation
    return None


def _required(described: Spec) -> set[str]:
    """The names of the headers that must be there, in lower case."""
    known = _document()["components"]["headers"]
    return {name.lower() for name in described["headers"] if known[name].get("required")}


def _place(answer: Response) -> str:
    return f"{answer.request.method} {answer.url}: {answer.status_code}"


@cache
def _document() -> Spec:
    """The document, with nothing allowed that it does not name."""
    document: Spec = json.loads((ROOT / "docs" / "openapi.json").read_text())
    for schema in document["components"]["schemas"].values():
        schema.setdefault("additionalProperties", False)
    return document


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({**json.loads(schema), "components": _document()["components"]})
