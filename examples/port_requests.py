"""The requests of port_diff.py: what a client of the Node project sends, and what one may send by mistake."""

from typing import Any, Final, NamedTuple

JSON: Final = "application/json"


class Sent(NamedTuple):
    """One request. `{email}` and `{token}` are filled in: those of the system that it goes to."""

    name: str
    method: str
    path: str
    body: Any = None  # text is sent as it stands, all else as JSON
    token: str | None = None  # the Authorization header
    content_type: str = JSON


_ACCOUNT: Final = {"email": "{email}", "password": "correct horse"}
_BEARER: Final = "Bearer {token}"
_ITEMS: Final = [{"productId": "no-such-product", "quantity": 1}]
_NOBODYS: Final = "/api/orders/65f0c0ffee65f0c0ffee65f0"

# In this order: a later one needs the account and the token of those before it.
ALL: Final = (
    Sent("test route", "GET", "/api/auth/test"),
    Sent("test route, other case", "GET", "/API/Auth/Test"),
    Sent("test route, slash behind", "GET", "/api/auth/test/"),
    Sent("test route, HEAD", "HEAD", "/api/auth/test"),
    Sent("test route, OPTIONS", "OPTIONS", "/api/auth/test"),
    Sent("test route, POST", "POST", "/api/auth/test", {}),
    Sent("no such route", "GET", "/api/nothing"),
    Sent("register", "POST", "/api/auth/register", _ACCOUNT),
    Sent("register again", "POST", "/api/auth/register", _ACCOUNT),
    Sent("register nothing", "POST", "/api/auth/register", {}),
    Sent("register, short password", "POST", "/api/auth/register", {"email": "b{email}", "password": "pw"}),
    Sent(
        "register, no address",
        "POST",
        "/api/auth/register",
        {"email": "no address", "password": "correct horse"},
    ),
    Sent("register, an operator", "POST", "/api/auth/register", '{"email": {"$gt": ""}, "password": "x"}'),
    Sent("register, half a JSON", "POST", "/api/auth/register", '{"email": '),
    Sent(
        "register, as a form",
        "POST",
        "/api/auth/register",
        "email=a&password=b",
        None,
        "application/x-www-form-urlencoded",
    ),
    Sent("register, too large", "POST", "/api/auth/register", {**_ACCOUNT, "x": "x" * 110_000}),
    Sent("login", "POST", "/api/auth/login", _ACCOUNT),
    Sent("login, wrong password", "POST", "/api/auth/login", {**_ACCOUNT, "password": "wrong horse"}),
    Sent("login, unknown", "POST", "/api/auth/login", {**_ACCOUNT, "email": "nobody.{email}"}),
    Sent("login, no password", "POST", "/api/auth/login", {"email": "{email}"}),
    Sent("refresh, no token", "POST", "/api/auth/refresh", {}),
    Sent("order, no token", "POST", "/api/orders", {"items": _ITEMS, "totalAmount": 5}),
    Sent(
        "order, bad token", "POST", "/api/orders", {"items": _ITEMS, "totalAmount": 5}, "Bearer no.token.this"
    ),
    Sent("order, unknown product", "POST", "/api/orders", {"items": _ITEMS, "totalAmount": 5}, _BEARER),
    Sent("order, nothing", "POST", "/api/orders", {}, _BEARER),
    Sent("read, no token", "GET", _NOBODYS),
    Sent("read, bad token", "GET", _NOBODYS, None, "Bearer no.token.this"),
    Sent("read, no Bearer", "GET", _NOBODYS, None, "{token}"),
    Sent("read, scheme Token", "GET", _NOBODYS, None, "Token {token}"),
    Sent("read, of nobody", "GET", _NOBODYS, None, _BEARER),
    Sent("read, no id", "GET", "/api/orders/x", None, _BEARER),
    Sent("list", "GET", "/api/orders", None, _BEARER),
    Sent("inventory", "GET", "/api/inventory/no-such-product"),
)
