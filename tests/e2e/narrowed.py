"""The document for schemathesis: stricter on answers, and where JSON Schema falls short, on requests too."""

from collections.abc import Sequence
from typing import Any

Spec = dict[str, Any]


def narrowed(document: Spec, products: Sequence[str], user_id: str) -> Spec:
    """Answers have the documented statuses and members alone; orders are mostly for what there is."""
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        schema.setdefault("additionalProperties", False)
    for item in document["paths"].values():
        for operation in item.values():
            for answers_of_any_route in ("4XX", "5XX"):
                del operation["responses"][answers_of_any_route]
    # "72 bytes in UTF-8" cannot be said.
    schemas["NewUser"]["properties"]["password"]["pattern"] = "^[ -~]*$"
    schemas["PasswordChange"]["properties"]["newPassword"]["pattern"] = "^[ -~]*$"
    # Most random orders would only ever tell that there is no such product.
    schemas["Item"]["properties"]["productId"]["enum"] = [*products, "no-such-product"]
    schemas["NewOrder"]["properties"]["userId"]["enum"] = [user_id, "somebody-else"]
    return document
