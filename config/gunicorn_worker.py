"""A client that is slow to send its request, to read the answer or to hang up keeps no other client waiting.

gunicorn's gevent worker has a greenlet for each connection, so a slow one costs memory and nothing else. What
it lacks are deadlines, without which such connections would only ever grow in number: here they are, on the
socket itself. Its documentation leaves this to a proxy in front; here the API can also stand alone.
"""

import errno
import socket as plain
import time
from contextlib import suppress
from typing import Any

from gevent import socket, spawn
from gunicorn.workers.ggevent import GeventWorker

from config.resources import resources_of

_LINGER_SECONDS = 1.0
_UNREAD_BYTES = 128 * 1024


class DeadlineSocket(socket.socket):  # type: ignore[misc]
    """Once its deadline has passed, reads end as if the client had hung up, and a write as if it had reset
    the connection: gunicorn and the application know how to go on from there."""

    def __init__(
        self, accepted: Any, idle_seconds: float, seconds: float, idle: set["DeadlineSocket"]
    ) -> None:
        """Between requests the client may be silent for `idle_seconds`, and the socket is in `idle`. From its
        first byte on a request must arrive within `seconds`, and each 8 kB of the answer be taken."""
        super().__init__(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        # The system would take megabytes of an answer that is not read, while others wait.
        self.setsockopt(plain.SOL_SOCKET, plain.SO_SNDBUF, _UNREAD_BYTES)
        self._idle_seconds, self._seconds = idle_seconds, seconds
        self._deadline: float | None = None
        self._idle = idle
        self.given_up = False

    def await_request(self) -> None:
        """The next byte begins a request."""
        self._deadline = None

    def recv(self, *args: Any) -> bytes:
        if self._deadline is not None:
            return self._recv_within(self._deadline - time.monotonic(), *args)
        self._idle.add(self)
        try:
            data = self._recv_within(self._idle_seconds, *args)
        finally:
            self._idle.discard(self)
        self._deadline = time.monotonic() + self._seconds
        return data

    def send(self, *args: Any, **options: Any) -> Any:
        return self._write(super().send, *args, **options)

    def sendall(self, *args: Any) -> None:
        self._write(super().sendall, *args)

    def close(self) -> None:
        """Say that nothing more comes, and read for a moment what the client has left: to close while data is
        unread resets the connection, and the answer may be lost with it (RFC 9112, section 9.6)."""
        if self.fileno() >= 0:
            self._hang_up()
        super().close()

    def _recv_within(self, seconds: float, *args: Any) -> bytes:
        if self.given_up or seconds <= 0:
            return self._give_up()
        self.settimeout(seconds)
        try:
            data: bytes = super().recv(*args)
        except TimeoutError:
            return self._give_up()
        return data

    def _write(self, write: Any, *args: Any, **options: Any) -> Any:
        self.settimeout(self._seconds)
        try:
            return write(*args, **options)
        except TimeoutError as error:
            raise ConnectionResetError(errno.ECONNRESET, "the client does not read") from error

    def _hang_up(self) -> None:
        self._deadline = time.monotonic() + _LINGER_SECONDS
        try:
            self.shutdown(plain.SHUT_WR)
            while self.recv(65536):
                pass
        except OSError:  # the client has hung up
            pass

    def _give_up(self) -> bytes:
        """For good: the rest of a request that comes late must not pass for the next one."""
        self.given_up = True
        return b""


class DeadlineWorker(GeventWorker):  # type: ignore[misc]
    """gunicorn's gevent worker on such sockets; with TLS of its own, it is gunicorn's as it is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._idle: set[DeadlineSocket] = set()

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        if not self.cfg.is_ssl:
            seconds = resources_of(self.wsgi).settings.client_timeout_seconds
            client = DeadlineSocket(client, self.cfg.keepalive, seconds, self._idle)
        super().handle(listener, client, addr)

    def handle_exit(self, sig: Any, frame: Any) -> None:
        """No new connections, and none that only waits for its next request: gunicorn would wait for it."""
        super().handle_exit(sig, frame)
        spawn(self._end_idle)

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> None:
        super().handle_request(listener_name, req, sock, addr)
        if isinstance(sock, DeadlineSocket):
            sock.await_request()

    def _end_idle(self) -> None:
        for sock in [*self._idle]:
            with suppress(OSError):
                sock.shutdown(plain.SHUT_RD)
