"""The half of tracing that needs OpenTelemetry: requirements-tracing.txt.

Its instrumentation of boto3 is not used: what is done with a message would be in a trace of its own. Nor is
that of pymongo: each sweep that finds nothing would be a trace. Texts of exceptions are not recorded, since
they may quote what a customer sent.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from flask import Flask
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_NOT_WATCHED: Final = r"://[^/]+/(livez|readyz|metrics|dev|favicon\.ico)\b"
_W3C: Final = TraceContextTextMapPropagator()
_HEADER: Final = "traceparent"


class Spans:
    """Makes spans, and sends them in batches from a thread of its own; those that nobody takes are lost."""

    def __init__(self, service: str, endpoint: str) -> None:
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": service}), shutdown_on_exit=False
        )
        exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("orders")

    def watch(self, app: Flask) -> None:
        FlaskInstrumentor().instrument_app(  # type: ignore[no-untyped-call]
            app, tracer_provider=self._provider, excluded_urls=_NOT_WATCHED, enable_commenter=False
        )

    def finish(self, seconds: float) -> None:
        """A receiver that hangs must not hold the process up."""
        sender = threading.Thread(target=self._provider.force_flush, daemon=True)
        sender.start()
        sender.join(seconds)

    def current(self) -> str | None:
        carrier: dict[str, str] = {}
        _W3C.inject(carrier)
        return carrier.get(_HEADER)

    @contextmanager
    def span(self, name: str, parent: str | None, order: Mapping[str, Any]) -> Iterator[None]:
        is_open = trace.get_current_span().get_span_context().is_valid
        with self._tracer.start_as_current_span(
            name,
            context=None if is_open else _context(parent),
            attributes={"order.id": str(order.get("orderId"))},
            record_exception=False,
            set_status_on_exception=False,
        ) as made:
            try:
                yield
            except BaseException as error:
                made.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise

    @contextmanager
    def sending(self, name: str, parents: Sequence[str | None]) -> Iterator[None]:
        made = [
            self._tracer.start_span(name, context=_context(parent), kind=SpanKind.PRODUCER)
            for parent in parents
        ]
        try:
            yield
        except BaseException as error:
            for span in made:
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise
        finally:
            for span in made:
                span.end()


def _context(parent: str | None) -> Context:
    """Without a parent, or with one that is none: a trace of its own."""
    return _W3C.extract({_HEADER: parent} if parent else {}, context=Context())
