"""Which call follows another (OpenAPI links): by operationId, on the answer with that status."""

from typing import Any

Links = dict[str, dict[str, Any]]

_ORDER_ID = {"orderId": "$response.body#/orderId"}
_PRODUCT_ID = {"productId": "$response.body#/productId"}
_REFRESH_TOKEN = {"refreshToken": "$response.body#/refreshToken"}
_CREDENTIALS = {"email": "$request.body#/email", "password": "$request.body#/password"}


def _with(operation: str, given: dict[str, str]) -> dict[str, Any]:
    return {"operationId": operation, "parameters": given}


def _sending(operation: str, body: dict[str, str]) -> dict[str, Any]:
    return {"operationId": operation, "requestBody": body}


LINKS: dict[tuple[str, str], Links] = {
    ("register", "201"): {"logIn": _sending("login", _CREDENTIALS)},
    ("login", "200"): {
        "refresh": _sending("refresh", _REFRESH_TOKEN),
        "logOut": _sending("logout", _REFRESH_TOKEN),
    },
    ("refresh", "200"): {"refreshAgain": _sending("refresh", _REFRESH_TOKEN)},
    ("createOrder", "201"): {
        "order": _with("showOrder", _ORDER_ID),
        "events": _with("listEvents", _ORDER_ID),
        "cancel": _with("cancelOrder", _ORDER_ID),
    },
    ("cancelOrder", "200"): {"order": _with("showOrder", _ORDER_ID)},
    ("setStock", "201"): {
        "product": _with("showProduct", _PRODUCT_ID),
        "adjust": _with("adjustStock", _PRODUCT_ID),
    },
    ("adjustStock", "200"): {"product": _with("showProduct", _PRODUCT_ID)},
}
