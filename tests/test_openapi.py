"""The OpenAPI document and the routes say the same."""

from http import HTTPStatus
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from commands.openapi_commands import FILE, as_text
from openapi import document, problems
from tests.support.client import Client

Spec = dict[str, Any]

# Of no operation: there is none at that address, or none with that method, or it is a fault of ours.
BESIDE_OPERATIONS = {"4XX": {"not_found", "method_not_allowed"}, "5XX": {"internal_error"}}


@pytest.fixture
def made(app: Flask) -> Spec:
    return document.build(app)


def operations(made: Spec) -> dict[tuple[str, str], Spec]:
    """By method and path."""
    return {
        (method.upper(), path): operation
        for path, item in made["paths"].items()
        for method, operation in item.items()
    }


def test_the_document_is_valid_openapi(made: Spec) -> None:
    validate(made)


def test_the_checked_in_document_is_fresh(made: Spec) -> None:
    assert FILE.read_text() == as_text(made), "Run `flask openapi write` beside `make run`."


def test_the_api_serves_the_document_to_anyone(made: Spec, anyone: Client) -> None:
    answer = anyone.get("/api/openapi.json")
    assert answer.json() == made
    again = anyone.get("/api/openapi.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_every_route_says_what_it_answers(app: Flask) -> None:
    silent = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if not hasattr(app.view_functions[rule.endpoint], "responses")
    ]
    assert silent == []


# What browsers ask for beside pages, and the board.
NO_PART_OF_THE_API = {
    "docs.show_asset",
    "home.show_icon",
    "board.show_board",
    "board.read_board",
    "local_board.read_audit",
    "board.read_timeline",
    "break_it.list_faults",
    "break_it.begin_fault",
    "break_it.end_fault",
    "board.show_board_asset",
}


def test_every_route_is_documented_and_nothing_else_is(app: Flask, made: Spec) -> None:
    routes = {
        (method, document.path_of(rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint not in NO_PART_OF_THE_API
    }
    assert operations(made).keys() == routes


def test_every_error_is_an_answer_of_some_operation(made: Spec) -> None:
    documented = {
        code
        for operation in operations(made).values()
        for response in operation["responses"].values()
        for code in response.get("content", {}).get("application/problem+json", {}).get("examples", {})
    }
    codes = {kind.code for kind in problems.all_kinds()}
    assert documented.union(*BESIDE_OPERATIONS.values()) == codes
    assert set(made["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]) == codes


def test_errors_of_no_route_are_an_answer_of_every_operation(made: Spec) -> None:
    for status, codes in BESIDE_OPERATIONS.items():
        content = made["components"]["responses"][status]["content"]["application/problem+json"]
        assert content["examples"].keys() == codes
        reference = {"$ref": f"#/components/responses/{status}"}
        assert all(told["responses"][status] == reference for told in operations(made).values())


def test_every_error_is_the_one_problem(made: Spec) -> None:
    """A schema made for one answer is one more model in every generated client."""
    schemas = [content["schema"] for place, content in bodies(made) if place.rpartition(" ")[2][0] in "45"]
    assert schemas
    assert all(schema == {"$ref": "#/components/schemas/Problem"} for schema in schemas)


def test_every_operation_says_who_may_call_it(made: Spec) -> None:
    """An empty list is "anyone"; without one the whole document's would count, and it has none."""
    assert all("security" in operation for operation in operations(made).values())


def test_every_operation_has_a_name_of_its_own_a_tag_and_a_summary(made: Spec) -> None:
    names = [operation["operationId"] for operation in operations(made).values()]
    assert len(set(names)) == len(names)
    assert all(told["tags"] and told["summary"] and told["description"] for told in operations(made).values())


def test_every_answer_carries_the_request_id(made: Spec) -> None:
    for operation in operations(made).values():
        for response in operation["responses"].values():
            name = response.get("$ref", "").rpartition("/")[2]
            told = made["components"]["responses"][name] if name else response
            assert "X-Request-Id" in told["headers"]


def test_every_link_leads_to_an_operation_that_takes_what_it_gives(made: Spec) -> None:
    by_name = {operation["operationId"]: operation for operation in operations(made).values()}
    for operation in by_name.values():
        for response in operation["responses"].values():
            for link in response.get("links", {}).values():
                taken = {taken.get("name") for taken in by_name[link["operationId"]]["parameters"]}
                assert link.get("parameters", {}).keys() <= taken
                assert ("requestBody" in link) <= ("requestBody" in by_name[link["operationId"]])


def test_every_json_body_has_an_example_and_the_example_is_right(made: Spec) -> None:
    for place, content in bodies(made):
        shown = [content["example"]] if "example" in content else []
        for reference in content.get("examples", {}).values():
            shown.append(made["components"]["examples"][reference["$ref"].rpartition("/")[2]]["value"])
        assert shown, f"{place} has no example"
        for example in shown:
            Draft202012Validator({**content["schema"], "components": made["components"]}).validate(example)


def bodies(made: Spec) -> list[tuple[str, Spec]]:
    """Every JSON body that is sent or answered: where, and its media type object."""
    found = []
    for (method, path), operation in operations(made).items():
        sides = {"request": operation.get("requestBody", {}), **operation["responses"]}
        for side, told in sides.items():
            found += [
                (f"{method} {path} {side}", content)
                for media, content in told.get("content", {}).items()
                if media.endswith("json")
            ]
    return found


def test_the_page_runs_no_script_but_the_servers_own(anyone: Client) -> None:
    answer = anyone.get("/api/docs")
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert answer.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("name", ["page.html", "..%2Fmail%2Forder_status.txt", "swagger-ui.js.map"])
def test_the_page_has_no_files_but_its_own(anyone: Client, name: str) -> None:
    assert anyone.get("/api/docs/swagger-ui-bundle.js").status_code == HTTPStatus.OK
    assert anyone.get(f"/api/docs/{name}").status_code == HTTPStatus.NOT_FOUND
