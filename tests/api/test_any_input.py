"""Whatever is sent, the app answers in its own words: never a 5xx, never a page of HTML."""

import json
import string
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.body_routes import ROUTES, BodyRoute, send, send_value
from tests.support.client import Client, expect_problem

# The same examples each time: a failure is to be about the change at hand.
thorough = settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

WORDS = ["email", "password", "refreshToken", "items", "productId", "quantity", "totalAmount", "userId"]
WORDS += ["currentPassword", "newPassword", "stock", "adjust", "price", "$gt", "$ne", "$where"]
WORDS += ["$oid", "$date", "$ref", "__proto__", "toJSON", "_id", ""]
anything_written = st.text(st.characters(codec=None), max_size=20)  # lone surrogates and NUL among it
numbers = st.integers() | st.floats() | st.sampled_from([2**31, 2**53, 2**63, 2**64, 10**30, 10**400, -0.0])
values = st.recursive(
    st.none() | st.booleans() | numbers | anything_written | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(WORDS) | anything_written, inner, max_size=4)
    ),
    max_leaves=12,
)


def nearly_good(route: BodyRoute) -> st.SearchStrategy[Any]:
    """The good body with any of its fields left out or of any value, and at times one more."""
    fields = {name: st.just(value) | values for name, value in route.good.items()}
    items = st.fixed_dictionaries({}, optional={"productId": values, "quantity": values | st.integers(1, 5)})
    if "items" in fields:
        fields["items"] |= st.lists(items, max_size=3)
    return st.fixed_dictionaries({}, optional={**fields, "userId": values})


def expect_own_words(answer: requests.Response) -> None:
    assert answer.status_code < 500, answer.text
    assert answer.headers["X-Request-Id"]
    if answer.status_code >= 400:
        expect_problem(answer, answer.status_code, answer.json()["code"])


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_any_json_is_answered(steady_admin: Client, route: BodyRoute) -> None:
    @thorough
    @given(body=values | nearly_good(route))
    def check(body: Any) -> None:
        expect_own_words(send_value(steady_admin, route, body))

    check()


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_any_bytes_are_answered(steady_admin: Client, route: BodyRoute) -> None:
    @settings(thorough, max_examples=20)
    @given(body=st.binary(max_size=60) | values.map(lambda value: json.dumps(value).encode()[:-1]))
    def check(body: bytes) -> None:
        expect_own_words(send(steady_admin, route, body))

    check()


PLACES = ["/api/inventory/{}", "/api/inventory?cursor={}", "/api/inventory?limit={}", "/api/inventory?{}=1"]
PLACES += ["/api/orders/{}", "/api/orders/{}/events", "/api/orders?status={}", "/api/orders?cursor={}", "/{}"]
PLACES += ["/api/docs/{}", "/api/{}/test", "/api/auth/test?{}"]


@pytest.mark.parametrize("place", PLACES)
def test_any_address_is_answered(user: Client, place: str) -> None:
    user.session.hooks["response"].clear()  # the API's document has no slashes within ids

    @settings(thorough, max_examples=15)
    @given(
        raw=st.binary(max_size=20) | anything_written.map(lambda text: text.encode("utf-8", "surrogatepass"))
    )
    def check(raw: bytes) -> None:
        expect_own_words(user.get(place.format(quote_from_bytes(raw, safe="")), allow_redirects=False))

    check()


# What HTTP allows in a header, and requests lets through: visible ASCII, spaces within, and Latin-1.
header_text = st.text(string.ascii_letters + string.digits + string.punctuation + " éÿ", max_size=60)
CRUEL = ["9" * 6000, "wait=" + "9" * 6000, "a," * 2000, "bytes=0-1,5-", 'W/"', '"', "*", ";", "="]
HEADERS = ["Authorization", "X-Request-Id", "If-None-Match", "If-Modified-Since", "Prefer", "Idempotency-Key"]
HEADERS += ["Accept", "Cookie", "Range", "X-Forwarded-For", "Content-Type", "X-HTTP-Method-Override"]
HEADERS += ["If-Match"]


@pytest.mark.parametrize("header", HEADERS)
def test_any_header_is_answered(steady_admin: Client, header: str) -> None:
    order = {"items": [{"productId": "nobody-has-this", "quantity": 1}], "totalAmount": 1}

    def ask(value: str) -> None:
        headers = {header: value.strip().encode("latin-1")}
        expect_own_words(steady_admin.get("/api/orders/nobody-has-this", headers=headers))
        expect_own_words(steady_admin.get("/api/inventory", headers=headers))
        expect_own_words(steady_admin.post("/api/orders", order, headers=headers))
        expect_own_words(steady_admin.put("/api/inventory/strict", {"stock": 1}, headers=headers))

    for value in CRUEL:
        ask(value)
    settings(thorough, max_examples=10)(given(value=header_text)(ask))()
