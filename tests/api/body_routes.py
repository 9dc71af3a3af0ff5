"""The routes that take a body: what is good for each, and what may stand in its fields."""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.support.client import Client

JSON = "application/json"
UNKNOWN_PRODUCT = "nobody-has-this"


@dataclass(frozen=True)
class BodyRoute:
    """`good` passes the schema and changes nothing: no account is made, no product known, no token valid.

    `fields` names a kind of value for each field, as a dotted path.
    `answer` is the code, or the status, that the good body gets.
    """

    method: str
    rule: str
    good: Mapping[str, Any]
    fields: Mapping[str, str]
    answer: str | int
    required: tuple[str, ...] = ()
    path: str = field(default="")

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"


CREDENTIALS = {"email": "nobody@example.com", "password": "wrong horse"}
ROUTES = (
    BodyRoute(
        "POST",
        "/api/auth/register",
        {"email": "taken@example.com", "password": "correct horse"},
        {"email": "text", "password": "text"},
        answer="email_taken",
        required=("email", "password"),
    ),
    BodyRoute(
        "POST",
        "/api/auth/login",
        CREDENTIALS,
        {"email": "text", "password": "text"},
        answer="invalid_credentials",
        required=("email", "password"),
    ),
    BodyRoute(
        "POST", "/api/auth/refresh", {"refreshToken": "a.b.c"}, {"refreshToken": "text"}, "token_invalid"
    ),
    BodyRoute(
        "POST", "/api/auth/logout", {"refreshToken": "a.b.c"}, {"refreshToken": "text"}, "token_invalid"
    ),
    BodyRoute(
        "POST",
        "/api/auth/password",
        {"currentPassword": "wrong horse", "newPassword": "battery staple"},
        {"currentPassword": "text", "newPassword": "text"},
        answer="invalid_credentials",
        required=("currentPassword", "newPassword"),
    ),
    BodyRoute(
        "DELETE",
        "/api/auth/me",
        {"password": "wrong horse"},
        {"password": "text"},
        answer="invalid_credentials",
        required=("password",),
    ),
    BodyRoute(
        "POST",
        "/api/orders",
        {"items": [{"productId": UNKNOWN_PRODUCT, "quantity": 1}], "totalAmount": 1},
        {
            "items": "list",
            "items.0": "object",
            "items.0.productId": "text",
            "items.0.quantity": "integer",
            "totalAmount": "amount",
            "userId": "text",
        },
        answer="unknown_product",
        required=("items", "items.0.productId", "items.0.quantity"),
    ),
    BodyRoute(
        "PUT",
        "/api/inventory/<product:product_id>",
        {"stock": 1, "price": 1},
        {"stock": "integer", "price": "amount or null"},
        answer=200,
        required=("stock",),
        path="/api/inventory/strict",
    ),
    BodyRoute(
        "PATCH",
        "/api/inventory/<product:product_id>",
        {"adjust": 0, "price": 1},
        {"adjust": "signed integer", "price": "amount or null"},
        answer="product_not_found",
        path=f"/api/inventory/{UNKNOWN_PRODUCT}",
    ),
)
OPTIONAL = ("/api/auth/refresh", "/api/auth/logout")  # where no body at all is fine


def send(client: Client, route: BodyRoute, body: bytes, kind: str | None = JSON) -> requests.Response:
    """A body as it stands, byte by byte."""
    headers = {"Content-Type": kind} if kind is not None else {}
    return client.send(route.method, route.path or route.rule, data=body, headers=headers)


def send_value(client: Client, route: BodyRoute, value: Any) -> requests.Response:
    """Any value as JSON, or as what JavaScript and Python call so: NaN, lone surrogates."""
    return send(client, route, json.dumps(value).encode())


def with_value(route: BodyRoute, path: str, value: Any) -> Any:
    """The good body with another value in one place."""
    body: Any = copy.deepcopy(route.good)
    *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place = body
    for step in parents:
        place = place[step]
    place[last] = value
    return body


def without(route: BodyRoute, path: str) -> Any:
    """The good body without one field."""
    body = with_value(route, path, None)
    place = body
    *parents, last = path.split(".")
    for step in parents:
        place = place[int(step) if step.isdigit() else step]
    del place[last]
    return body
