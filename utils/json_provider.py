"""JSON in and out through orjson: strict, fast, and dates as JavaScript writes them.

It replaces the provider that flask-pymongo installs, which would turn `{"$oid": ...}` in a request body
into an ObjectId and answer with `{"$date": ...}`.
"""

from datetime import datetime
from typing import Any

import orjson
from bson import ObjectId
from flask.json.provider import JSONProvider

from utils.clock import to_iso


def _encode(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_iso(value)
    if isinstance(value, ObjectId):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def dumps(value: Any) -> bytes:
    """Write JSON; dates as ISO 8601 with milliseconds and Z, ObjectIds as 24 hex digits."""
    return orjson.dumps(value, default=_encode, option=orjson.OPT_PASSTHROUGH_DATETIME)


def canonical(value: Any) -> bytes:
    """Write JSON with sorted keys: equal values give equal bytes."""
    option = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_SORT_KEYS
    return orjson.dumps(value, default=_encode, option=option)


class OrjsonProvider(JSONProvider):
    """Flask's JSON through orjson. Refuses NaN, lone surrogates and deep nesting with a ValueError."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return dumps(obj).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Any:
        body = dumps(self._prepare_response_obj(args, kwargs))
        return self._app.response_class(body, mimetype="application/json")  # type: ignore[arg-type]
