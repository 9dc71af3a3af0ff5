"""What schemathesis cannot know from a JSON Schema. Named in schemathesis.toml."""

from typing import Any

import schemathesis


@schemathesis.hook
def map_body(context: schemathesis.HookContext, body: Any) -> Any:
    """1.0 is an integer to JSON Schema, and not to this API."""
    if isinstance(body, dict):
        return {name: map_body(context, value) for name, value in body.items()}
    if isinstance(body, list):
        return [map_body(context, value) for value in body]
    return int(body) if isinstance(body, float) and body.is_integer() else body


@schemathesis.hook
def filter_body(context: schemathesis.HookContext, body: Any) -> bool:
    """An order without a total is right while all its products have prices: they keep theirs."""
    return not (isinstance(body, dict) and body.get("price", 0) is None)
