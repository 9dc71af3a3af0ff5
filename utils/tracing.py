"""Traces: all that happens to an order, from the request that places it to its mail, on one page of a tool.

Where OTEL_EXPORTER_OTLP_ENDPOINT is not set nothing here does anything, and spans.py is not imported. The
`traceparent` (https://www.w3.org/TR/trace-context/) is kept in the order, not in a message: so sweeps, mails,
and what a second worker does after the first has died are in the trace too.
"""

import atexit
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Final

from flask import Flask

if TYPE_CHECKING:
    from utils.spans import Spans

FIELD: Final = "traceparent"  # in the first entry of an order's history
_LAST_CHANCE_SECONDS: Final = 3.0

_spans: "Spans | None" = None


def start(service: str, endpoint: str | None) -> None:
    """Once in a process, after any fork: send spans to `endpoint`, if there is one, under this name."""
    global _spans  # noqa: PLW0603 - of the process, as OpenTelemetry's own are
    if endpoint is None:
        return
    from utils.spans import Spans  # noqa: PLC0415 - an extra that need not be installed

    _spans = Spans(service, endpoint)
    atexit.register(finish)


def watch(app: Flask) -> None:
    """A span for each request, which goes on with the trace that its `traceparent` header names."""
    if _spans:
        _spans.watch(app)


def finish() -> None:
    """Send what is not sent yet, as far as it goes in 3 s. By itself at the exit, but for os._exit."""
    if _spans:
        _spans.finish(_LAST_CHANCE_SECONDS)


def current() -> str | None:
    """The traceparent of what is being done now."""
    return _spans.current() if _spans else None


def span(name: str, order: Mapping[str, Any]) -> AbstractContextManager[None]:
    """A step of an order: in the span that is open here, else in the order's trace, else in its own."""
    return _spans.span(name, _parent_of(order), order) if _spans else nullcontext()


def sending(name: str, parents: Sequence[str | None]) -> AbstractContextManager[None]:
    """One call that sends something for each of several traces: a span in each."""
    return _spans.sending(name, parents) if _spans else nullcontext()


def _parent_of(order: Mapping[str, Any]) -> str | None:
    """Whatever another program has put there costs nobody anything."""
    history = order.get("history")
    first = history[0] if isinstance(history, list) and history else None
    parent = first.get(FIELD) if isinstance(first, dict) else None
    return parent if isinstance(parent, str) else None
