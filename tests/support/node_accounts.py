"""Accounts as the Node app wrote them: users by mongoose and bcryptjs, tokens by jsonwebtoken."""

import time
from typing import Any

import bcrypt
import jwt
from bson import ObjectId

from utils import clock

NODE_COST = 10  # bcrypt.hash(password, 10) in controllers/authController.js


def node_user(email: str, password: str, cost: int = NODE_COST, **fields: Any) -> dict[str, Any]:
    """A document of `users`: the address as it was typed, no role. bcryptjs cut passwords at 72 bytes."""
    now = clock.now()
    return {
        "_id": ObjectId(),
        "email": email,
        "password": bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(cost)).decode(),
        "createdAt": now,
        "updatedAt": now,
        "__v": 0,
        **fields,
    }


def node_token(secret: str, user_id: str, algorithm: str = "HS256", **claims: Any) -> str:
    """jwt.sign({ userId }, JWT_SECRET, { expiresIn: '1h' }); a claim that is given as None is left out."""
    now = int(time.time())
    payload = {"userId": user_id, "iat": now, "exp": now + 3600, **claims}
    payload = {name: value for name, value in payload.items() if value is not None}
    return jwt.encode(payload, secret, algorithm=algorithm)
