"""A client that sends its request too slowly, or does not read the answer, does not hold a thread for ever.

gunicorn's threads wait for a client without limit: so many slow clients as there are threads, and nobody
else is served. Its documentation leaves this to a proxy in front; here the API can also stand alone.
"""

import errno
import socket
import time
from typing import Any

from gunicorn.workers.gthread import _DEFER, TConn, ThreadWorker


class PunctualSocket(socket.socket):
    """Once its deadline has passed, reads end as if the client had hung up, and a write as if it had reset
    the connection: gunicorn and the application know how to go on from there."""

    _seconds = 0.0
    _deadline = 0.0
    given_up = False

    def begin_request(self, seconds: float) -> None:
        """A request must have arrived in full within so many seconds, and its answer be read."""
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds

    def recv(self, *args: Any) -> bytes:
        left = self._deadline - time.monotonic()
        if self.given_up or left <= 0:
            return self._give_up()
        before = self.gettimeout()
        self.settimeout(left if before is None else min(left, before))
        try:
            return super().recv(*args)
        except TimeoutError:
            return self._give_up()
        finally:
            self.settimeout(before)

    def sendall(self, *args: Any) -> None:
        self.settimeout(self._seconds)
        try:
            super().sendall(*args)
        except TimeoutError as error:
            raise ConnectionResetError(errno.ECONNRESET, "the client does not read") from error
        finally:
            self.settimeout(None)

    def _give_up(self) -> bytes:
        """For good: the rest of a request that comes late must not pass for the next one."""
        self.given_up = True
        return b""


class PunctualWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threaded worker on such sockets."""

    def enqueue_req(self, conn: TConn) -> None:
        if not isinstance(conn.sock, PunctualSocket):
            plain = conn.sock
            conn.sock = PunctualSocket(plain.family, plain.type, plain.proto, plain.detach())
        super().enqueue_req(conn)

    def handle(self, conn: TConn) -> Any:
        """Serve one request. A connection on which nothing has come yet waits without a thread."""
        if not conn.initialized and not conn.wait_for_data(0):
            return _DEFER
        conn.sock.begin_request(self.wsgi.extensions["settings"].client_timeout_seconds)
        keep = super().handle(conn)
        return keep and not conn.sock.given_up
