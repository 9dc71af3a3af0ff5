"""The document for schemathesis: stricter on answers, and where JSON Schema falls short, on requests too."""

from collections.abc import Sequence
from typing import Any

Spec = dict[str, Any]


def narrowed(document: Spec, products: Sequence[str], user_id: str) -> Spec:
    """Answers may have no members but the documented ones; orders are mostly for what there is."""
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        schema.setdefault("additionalProperties", False)
    # "72 bytes in UTF-8" cannot be said.
    schemas["NewUser"]["properties"]["password"]["pattern"] = "^[ -~]*$"
    # Most random orders would only ever tell that there is no such product.
    schemas["Item"]["properties"]["productId"]["enum"] = [*products, "no-such-product"]
    schemas["NewOrder"]["properties"]["userId"]["enum"] = [user_id, "somebody-else"]
    return document
