"""Documents as the Node app's mongoose wrote them."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from bson import ObjectId


def node_order(user_id: ObjectId | str, product_id: str = "book", **fields: Any) -> dict[str, Any]:
    """An order of the Node app: a free orderId, items with an `_id`, `__v`, and none of the newer fields."""
    now = datetime.now(UTC).replace(microsecond=0)
    return {
        "_id": ObjectId(),
        "orderId": f"ORD {uuid4().hex[:8]}",
        "userId": ObjectId(user_id),
        "items": [{"productId": product_id, "quantity": 2, "_id": ObjectId()}],
        "totalAmount": 19.5,
        "status": "Pending",
        "createdAt": now,
        "updatedAt": now,
        "__v": 0,
        **fields,
    }
