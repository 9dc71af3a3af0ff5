"""One example of everything. The products are those that `make run` starts with."""

from typing import Any

from marshmallow import Schema

from models.credentials import (
    CredentialsSchema,
    NewUserSchema,
    PasswordChangeSchema,
    PasswordSchema,
    RefreshTokenSchema,
)
from models.inventory import MAX_STOCK, StockChangeSchema, StockSchema
from models.order import NewOrderSchema
from openapi import schemas
from utils import errors

Json = dict[str, Any]

REQUEST_ID = "5f0c2f6f0c0e4a53a7d1d6f2b1a9c3e4"
_AT, _LATER = "2026-11-23T02:44:05.065Z", "2026-11-23T02:44:05.612Z"
_ORDER_ID, _USER_ID = "69226d25c3a1f0b2d4e5f607", "69226cf0c3a1f0b2d4e5f601"
_CREDENTIALS = {"email": "user@example.com", "password": "password123"}
_JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VySWQiOiI2OTIyNmNmMCJ9"
_LINES = [{"productId": "keyboard", "quantity": 2}, {"productId": "mouse", "quantity": 1}]
_PRODUCT = {
    "productId": "keyboard",
    "stock": 98,
    "inStock": True,
    "updatedAt": "2026-11-23T02:44:05.065Z",
    "price": 79.9,
}
_ORDER = {
    "_id": _ORDER_ID,
    "orderId": _ORDER_ID,
    "userId": _USER_ID,
    "items": [
        {"productId": "keyboard", "quantity": 2, "unitPrice": 79.9},
        {"productId": "mouse", "quantity": 1, "unitPrice": 24.5},
    ],
    "totalAmount": 184.3,
    "status": "Pending",
    "createdAt": _AT,
    "updatedAt": _AT,
}

_ERROR_KIND = {
    "type": "/problems/total_mismatch",
    "code": errors.TotalMismatch.code,
    "status": errors.TotalMismatch.status,
    "title": errors.TotalMismatch.title,
}

BODIES: dict[type[Schema], Json] = {
    NewUserSchema: _CREDENTIALS,
    CredentialsSchema: _CREDENTIALS,
    PasswordChangeSchema: {"currentPassword": "password123", "newPassword": "correct horse battery"},
    PasswordSchema: {"password": "password123"},
    NewOrderSchema: {"items": _LINES},
    StockSchema: {"stock": 100, "price": 79.9},
    StockChangeSchema: {"adjust": 20},
    RefreshTokenSchema: {"refreshToken": f"{_JWT}.refresh"},
    schemas.MessageSchema: {"message": "Auth routes working!"},
    schemas.RegisteredSchema: {"message": "User registered successfully", "userId": _USER_ID},
    schemas.AccountSchema: {"userId": _USER_ID, "email": "user@example.com", "createdAt": _AT},
    schemas.TokenPairSchema: {
        "token": f"{_JWT}.access",
        "refreshToken": f"{_JWT}.refresh",
        "tokenType": "Bearer",
        "expiresIn": 3600,
    },
    schemas.OrderSchema: _ORDER,
    schemas.OrderPageSchema: {
        "data": [{**_ORDER, "status": "Processed", "updatedAt": _LATER}],
        "hasMore": True,
        "nextCursor": _ORDER_ID,
    },
    schemas.EventsSchema: {
        "data": [
            {"at": _AT, "event": "received", "requestId": REQUEST_ID},
            {"at": _AT, "event": "accepted"},
            {"at": _LATER, "event": "processed"},
        ]
    },
    schemas.ProductSchema: _PRODUCT,
    schemas.ProductPageSchema: {"data": [_PRODUCT], "hasMore": False, "nextCursor": None},
    schemas.HomeSchema: {
        "name": "Order processing",
        "documentation": "/api/docs",
        "mailbox": "/dev/mailbox",
        "health": "/readyz",
        "openapi": "/api/openapi.json",
    },
    schemas.ErrorKindsSchema: {"data": [_ERROR_KIND]},
    schemas.ErrorExplanationSchema: {
        **_ERROR_KIND,
        "happened": errors.TotalMismatch.happened,
        "advice": errors.TotalMismatch.detail,
        "answer": {"code": "total_mismatch", "expectedTotal": 184.3},
    },
    schemas.AliveSchema: {"status": "alive"},
    schemas.ReadinessSchema: {
        "status": "ready",
        "dependencies": {"mongodb": "up", "redis": "up", "sqs": "up"},
    },
    schemas.MailboxSchema: {
        "data": [
            {
                "id": "0101019ae8a1f2c3@email.amazonses.com",
                "to": "user@example.com",
                "subject": f"Order {_ORDER_ID} Status Update",
                "text": "Your order is on its way to you.\n\nStatus: Processed",
                "html": "<p>Your order is on its way to you.</p><p>Status: Processed</p>",
                "status": "Processed",
                "sentAt": _LATER,
            }
        ]
    },
    schemas.DocumentSchema: {"openapi": "3.1.1"},
}

# What a route answers now and then, when the schema's own example would be misleading.
_ENDED = {**_ORDER, "updatedAt": _LATER}
OF_OPERATIONS: dict[str, Json] = {
    "showOrder": {**_ENDED, "status": "Processed"},
    "cancelOrder": {**_ENDED, "status": "Failed", "failureReason": "cancelled"},
}

# The documentation page fills them in: no Idempotency-Key, since the second order would need another.
PARAMETERS: dict[str, Any] = {
    "orderId": _ORDER_ID,
    "productId": "keyboard",
    "code": "total_mismatch",
    "Prefer": "wait=5",
}

# An error of each kind whose class alone does not make a good example.
ERRORS: dict[type[errors.ApiError], errors.ApiError] = {
    errors.ValidationFailed: errors.ValidationFailed(
        [
            {
                "field": "items.0.quantity",
                "message": "Must be an integer, written without quotes or decimals.",
            }
        ]
    ),
    errors.RequestInProgress: errors.RequestInProgress(retry_after=2),
    errors.OutOfStock: errors.OutOfStock(
        shortages=[{"productId": "last-one", "requested": 2, "available": 1}],
        remedies=[{"items": [{"productId": "last-one", "quantity": 1}]}],
    ),
    errors.StockTooLow: errors.StockTooLow(available=3),
    errors.StockTooHigh: errors.StockTooHigh(available=MAX_STOCK - 5, most=MAX_STOCK),
    errors.NotCancellable: errors.NotCancellable(
        "The order is Processed. Only a Pending order can be cancelled."
    ),
    errors.UnknownProduct: errors.UnknownProduct(
        errors=[{"field": "items", "message": "There is no product kyboard."}]
    ),
    errors.TotalMismatch: errors.TotalMismatch(expectedTotal=184.3),
}
