"""What the log says of one order: lines of the file that LOG_COPY names. Elsewhere a log store tells that."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson

from config.resources import resources

_TAIL_BYTES: Final = 8_000_000  # of an order that is older than that, nothing is found
_MOST: Final = 200
_ELSEWHERE: Final = ("timestamp", "event", "request_id", "order_id")  # what stands elsewhere in the timeline


def lines_of(order_id: str, request_id: str | None) -> list[dict[str, Any]]:
    """`[{at, text}]` of an order and its first request, the oldest first; none without LOG_COPY."""
    path = resources().settings.log_copy
    if path is None:
        return []
    about = [line for line in _lines(path) if _is_about(line, order_id, request_id)]
    return [{"at": _at(line), "text": _text(line)} for line in about[-_MOST:]]


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Those that can be read: the first may be cut, and the last not whole yet."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            tail = file.read()
    except OSError:
        return
    for line in tail.splitlines():
        try:
            read = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(read, dict):
            yield read


def _is_about(line: dict[str, Any], order_id: str, request_id: str | None) -> bool:
    of_request = request_id is not None and line.get("request_id") == request_id
    return of_request or line.get("order_id") == order_id


def _at(line: dict[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(str(line.get("timestamp"))).astimezone(UTC)
    except ValueError:
        return None


def _text(line: dict[str, Any]) -> str:
    details = [f"{name}={value}" for name, value in line.items() if name not in _ELSEWHERE]
    return " ".join([str(line.get("event")), *details])
