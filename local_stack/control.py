"""How the board has something broken: a small HTTP server in the supervisor, behind a secret path.

GET lists the faults, PUT /NAME begins one, DELETE /NAME ends it. What a request wants is done by the thread
that tends the processes, between two looks at them.
"""

import json
import queue
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from local_stack.break_it import BreakIt, NotNow
from local_stack.probes import LOCALHOST

_PATIENCE_SECONDS: Final = 60.0

Answer = tuple[int, Any]
Wish = tuple[str, str, "Future[Answer]"]  # method, name of a fault or "", where the answer is put


class Control:
    """`url` is where it listens; only who knows it is heard."""

    def __init__(self) -> None:
        self._break_it = BreakIt([])
        self._wishes = queue.SimpleQueue[Wish]()
        self._path = f"/{secrets.token_urlsafe()}"
        self._server = ThreadingHTTPServer((LOCALHOST, 0), _handler(self._path, self._ask))
        self._server.daemon_threads = True
        self._listens = False
        self.url = f"http://{LOCALHOST}:{self._server.server_port}{self._path}"

    def start(self, break_it: BreakIt) -> None:
        self._break_it = break_it
        self._listens = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Listen no longer, and leave nothing behind that was broken."""
        if self._listens:
            self._server.shutdown()
        self._server.server_close()
        self._break_it.end_all()

    def tend(self) -> None:
        """Do what was asked for since, and end what is over."""
        self._break_it.end_what_is_over()
        while not self._wishes.empty():
            method, name, answer = self._wishes.get()
            answer.set_result(self._do(method, name))

    def _ask(self, method: str, name: str) -> Answer:
        answer = Future[Answer]()
        self._wishes.put((method, name, answer))
        try:
            return answer.result(_PATIENCE_SECONDS)
        except TimeoutError:
            return 409, {"detail": "The supervisor is busy with something else; try again in a moment."}

    def _do(self, method: str, name: str) -> Answer:
        if name and not self._break_it.has(name):
            return 404, {"detail": f"There is no fault {name}."}
        try:
            if method == "PUT":
                self._break_it.begin(name)
            elif method == "DELETE":
                self._break_it.end(name)
        except NotNow as error:
            return 409, {"detail": str(error)}
        return 200, {"data": self._break_it.view()}


def _handler(path: str, ask: Callable[[str, str], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            known, _, name = self.path[1:].partition("/")
            status, body = ask(self.command, name) if f"/{known}" == path else (404, {})
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_DELETE = _serve  # noqa: N815 - the names are http.server's

        def log_message(self, *_: Any) -> None:
            """Its path is a secret."""

    return Handler
