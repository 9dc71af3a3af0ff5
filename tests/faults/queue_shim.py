"""A front for SQS that makes each message come one to five times, shuffled and late."""

import http.client
import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from local_stack.probes import LOCALHOST

_BATCH = 10
_TARGET = "X-Amz-Target"
_KEPT = ("Content-Type", "Authorization", "X-Amz-Date", _TARGET)


class _Handler(BaseHTTPRequestHandler):
    """AWS' JSON protocol: one POST a call, named by a header."""

    protocol_version = "HTTP/1.1"
    upstream_port: ClassVar[int]
    random: ClassVar[random.Random]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get(_TARGET, "").endswith(".SendMessageBatch"):
            status, answer = self._send_often(json.loads(body))
        else:
            status, answer = self._forward(body)
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _send_often(self, batch: dict[str, Any]) -> tuple[int, bytes]:
        """Forward each entry one to five times, and answer for each as if it had been sent once."""
        copies = [copy for entry in batch["Entries"] for copy in self._copies(entry)]
        self.random.shuffle(copies)
        taken: dict[str, Any] = {}
        for start in range(0, len(copies), _BATCH):
            part = copies[start : start + _BATCH]
            status, answer = self._forward(json.dumps({**batch, "Entries": part}).encode())
            if status != 200:
                return status, answer
            for row in json.loads(answer).get("Successful", ()):
                entry_id = row["Id"].partition("-")[0]
                taken[entry_id] = {**row, "Id": entry_id}
        return 200, json.dumps({"Successful": list(taken.values()), "Failed": []}).encode()

    def _copies(self, entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for n in range(self.random.randint(1, 5)):
            yield {**entry, "Id": f"{entry['Id']}-{n}", "DelaySeconds": self.random.randint(0, 2)}

    def _forward(self, body: bytes) -> tuple[int, bytes]:
        headers = {name: self.headers[name] for name in _KEPT if name in self.headers}
        connection = http.client.HTTPConnection(LOCALHOST, self.upstream_port, timeout=40)
        try:
            connection.request("POST", self.path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 503, b'{"__type": "ServiceUnavailable"}'
        finally:
            connection.close()

    def log_message(self, *_: Any) -> None:
        """Nothing: one line a request would bury the test's own words."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that went away is what these tests are about."""


@contextmanager
def queue_shim(upstream_port: int, seed: int) -> Iterator[int]:
    """The port of a front for the SQS on `upstream_port`."""
    values = {"upstream_port": upstream_port, "random": random.Random(seed)}
    server = _Server((LOCALHOST, 0), type("Handler", (_Handler,), values))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
