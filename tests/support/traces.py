"""A receiver of traces on this machine: what programs send it by OTLP over HTTP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Span(NamedTuple):
    service: str
    name: str
    trace_id: str
    attributes: dict[str, str]


class Receiver:
    """`url` is for OTEL_EXPORTER_OTLP_ENDPOINT. While `hangs` is set, what is sent waits for an answer."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.hangs = threading.Event()
        self.over = threading.Event()
        self.url = ""

    def of_order(self, order_id: str) -> list[Span]:
        """All spans of the traces in which an order is named."""
        spans = list(self.spans)
        traces = {span.trace_id for span in spans if span.attributes.get("order.id") == order_id}
        return [span for span in spans if span.trace_id in traces]

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        for of_process in request.resource_spans:
            resource = _attributes(of_process.resource.attributes)
            for scope in of_process.scope_spans:
                self.spans += [
                    Span(
                        resource["service.name"], span.name, span.trace_id.hex(), _attributes(span.attributes)
                    )
                    for span in scope.spans
                ]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(receiver))
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        receiver.over.set()
        server.shutdown()
        server.server_close()


def _attributes(pairs: Any) -> dict[str, str]:
    return {
        pair.key: str(getattr(pair.value, pair.value.WhichOneof("value") or "string_value")) for pair in pairs
    }


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if receiver.hangs.is_set():
                receiver.over.wait()
            receiver.take(body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """pytest's output is for its own words."""

    return Handler
