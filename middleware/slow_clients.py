"""A client that is slow to send its request, to read the answer or to hang up keeps nobody else waiting.

gunicorn's threads wait for a client without limit: so many slow clients as there are threads, and nobody
else is served. Its main loop waits up to 2 s for each client to close its end. Its documentation leaves this
to a proxy in front; here the API can also stand alone.
"""

import errno
import socket
import time
from typing import Any

from gunicorn.workers.gthread import _DEFER, TConn, ThreadWorker

_LINGER_SECONDS = 1.0


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

    def hang_up(self) -> None:
        """Say that nothing more comes, and read for a moment what the client has left: to close while data is
        unread resets the connection, and the answer may be lost with it (RFC 9112, section 9.6)."""
        self._deadline = min(self._deadline, time.monotonic() + _LINGER_SECONDS)
        try:
            self.shutdown(socket.SHUT_WR)
            unread = super().recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
            while unread:
                unread = self.recv(65536)
        except OSError:  # nothing is unread, or the client has hung up
            pass
        self._give_up()

    def _give_up(self) -> bytes:
        """For good: the rest of a request that comes late must not pass for the next one."""
        self.given_up = True
        return b""


class PunctualWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threaded worker on such sockets; with TLS of its own, it is gunicorn's as it is."""

    def enqueue_req(self, conn: TConn) -> None:
        if not self.cfg.is_ssl and not isinstance(conn.sock, PunctualSocket):
            plain = conn.sock
            conn.sock = PunctualSocket(plain.family, plain.type, plain.proto, plain.detach())
        super().enqueue_req(conn)

    def handle(self, conn: TConn) -> Any:
        """Serve one request. A connection on which nothing has come yet waits without a thread."""
        if self.cfg.is_ssl:
            return super().handle(conn)
        if not conn.initialized and not conn.wait_for_data(0):
            return _DEFER
        conn.sock.begin_request(self.wsgi.extensions["settings"].client_timeout_seconds)
        keep = super().handle(conn) and not conn.sock.given_up
        if not keep:
            conn.sock.hang_up()
        return keep
