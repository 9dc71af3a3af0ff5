"""The collection and requests.http tell of every route and every error that there is."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.exceptions import MethodNotAllowed, NotFound

from local_stack.programs import ROOT
from tests.postman.newman import COLLECTION, ENVIRONMENT
from utils import errors

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
TEMPLATE = ENVIRONMENT.with_name("template.postman_environment.json")

# No client can bring them about: a bug, and a database that does not answer. Nor can Postman bring about the
# last, as it sends the Host of the address.
NOT_SHOWN = {"internal_error", "service_unavailable", "misdirected_request"}
# Asked for on purpose, to show what the answer is.
NO_SUCH_ADDRESS = {("GET", "/api/nothing-here"), ("DELETE", "/api/orders/x")}

Item = dict[str, Any]


@pytest.fixture(scope="module")
def collection() -> Item:
    loaded: Item = json.loads(COLLECTION.read_text())
    return loaded


def requests_in(item: Item) -> Iterator[Item]:
    """The requests of a folder, and of the folders in it."""
    for inner in item["item"]:
        yield from requests_in(inner) if "item" in inner else (inner,)


def script_of(item: Item, listen: str) -> str:
    return "\n".join(line for e in item["event"] if e["listen"] == listen for line in e["script"]["exec"])


def address(method: str, raw: str) -> tuple[str, str]:
    """Method and path, with x for every variable."""
    path = raw.removeprefix("{{baseUrl}}").partition("?")[0]
    return method, re.sub(r"\{\{\w+\}\}", "x", path)


def routes_of(app: Flask, addresses: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """(method, rule) that each address leads to. Raises NotFound or MethodNotAllowed."""
    adapter = app.url_map.bind("localhost")
    found = ((m, adapter.match(path, method=m, return_rule=True)[0]) for m, path in addresses)
    return {(method, rule.rule) for method, rule in found}


# The local stack's board is a page and what it asks for, no part of the API.
BOARD = {"/dev", "/dev/audit.json", "/dev/board.json", "/dev/timeline.json", "/dev/assets/<name>"}


def all_routes(app: Flask) -> set[tuple[str, str]]:
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule not in BOARD]
    return {(m, rule.rule) for rule in rules for m in (rule.methods or set()) - {"HEAD", "OPTIONS"}}


def test_the_collection_has_the_shape_of_schema_v2_1(collection: Item) -> None:
    assert collection["info"]["schema"] == SCHEMA
    for item in requests_in(collection):
        request = item["request"]
        assert request["url"]["raw"].startswith("{{baseUrl}}/"), item["name"]
        assert request["method"] and request["description"], item["name"]
        for event in item["event"]:
            assert event["listen"] in ("prerequest", "test"), item["name"]
            assert all(isinstance(line, str) for line in event["script"]["exec"]), item["name"]
        for example in item["response"]:
            assert example["code"] and example["originalRequest"], item["name"]


def test_each_request_has_a_name_of_its_own_and_tests(collection: Item) -> None:
    names = [item["name"] for item in requests_in(collection)]

    assert len(names) == len(set(names))
    assert all("pm.test(" in script_of(item, "test") for item in requests_in(collection))


def test_every_route_is_in_the_collection(collection: Item, own_app: Flask) -> None:
    sent = [item["request"] for item in requests_in(collection)]
    addresses = {address(request["method"], request["url"]["raw"]) for request in sent}

    assert addresses >= NO_SUCH_ADDRESS
    assert routes_of(own_app, addresses - NO_SUCH_ADDRESS) == all_routes(own_app)


def test_the_wrong_addresses_are_wrong(own_app: Flask) -> None:
    for one in NO_SUCH_ADDRESS:
        with pytest.raises((NotFound, MethodNotAllowed)):
            routes_of(own_app, {one})


def test_every_error_code_is_asserted(collection: Item) -> None:
    classes = [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, errors.ApiError)]
    codes = {error.code for error in classes} - NOT_SHOWN
    scripts = "\n".join(script_of(item, "test") for item in requests_in(collection))
    asserted = re.findall(r"code\)\.to\.eql\('(\w+)'\)", scripts)

    assert set(asserted) == codes


def test_the_environments_set_what_the_collection_knows(collection: Item) -> None:
    known = {variable["key"] for variable in collection["variable"]}

    local, template = (json.loads(path.read_text()) for path in (ENVIRONMENT, TEMPLATE))

    keys = [value["key"] for value in local["values"]]
    assert keys == [value["key"] for value in template["values"]]
    assert known >= set(keys)
    assert local["id"] != template["id"]


def test_requests_http_leads_to_routes_that_there_are(own_app: Flask) -> None:
    text = (ROOT / "examples" / "requests.http").read_text()
    addresses = {address(*found) for found in re.findall(r"^([A-Z]+) (\{\{baseUrl\}\}/\S+)$", text, re.M)}

    assert len(addresses) > 10
    assert routes_of(own_app, addresses) <= all_routes(own_app)
