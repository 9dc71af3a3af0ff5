"""A TCP proxy that stands in front of a server and spoils its connections, with toxiproxy's toxics.

with Proxy(upstream_port) as proxy:
    proxy.set(Latency(0.3))  # or Silence(), Hold(b"..."), Down(), Reset(), SlowClose(2), Cut(100)
    proxy.clear()
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Self
from urllib.parse import urlsplit

from local_stack.probes import LOCALHOST, free_port
from tests.faults.toxics import Cut, Down, Hold, Latency, Reset, Silence, SlowClose, Toxic

_CHUNK = 65536


def mongo_through(uri: str, port: int) -> str:
    """The URI by way of a proxy. Direct: the server calls itself a replica set, and tells its own port."""
    return urlsplit(uri)._replace(netloc=f"{LOCALHOST}:{port}", query="directConnection=true").geturl()


class _Link:
    """One connection of a client, and its connection to the server."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.client, self.server = client, server
        self.toxic: Toxic | None = None
        self.answered = 0

    def reset(self) -> None:
        for writer in (self.client, self.server):
            peer: socket.socket | None = writer.get_extra_info("socket")
            if peer is not None and peer.fileno() >= 0:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()


class Proxy:
    """Listens on `port` of 127.0.0.1, on an event loop in a thread of its own. Methods are thread-safe."""

    def __init__(self, upstream_port: int) -> None:
        self.port = free_port()
        self.held = threading.Event()  # set once data is held back by Silence or Hold
        self._upstream_port = upstream_port
        self._toxic: Toxic | None = None
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._released = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._listen)
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._end)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def set(self, toxic: Toxic) -> None:
        """Spoil all connections, those that are open and those to come, in place of what did so before."""
        self._do(lambda: self._change(toxic))

    def clear(self) -> None:
        """Let everything through again, also what was held back."""
        self._do(lambda: self._change(None))

    def _do(self, make: Callable[[], Coroutine[Any, Any, None]]) -> None:
        asyncio.run_coroutine_threadsafe(make(), self._loop).result(30)

    async def _change(self, toxic: Toxic | None) -> None:
        self._toxic = toxic
        self._released.set()
        self._released = asyncio.Event()
        self.held.clear()
        for link in list(self._links):
            link.answered = 0
            if isinstance(toxic, Down):
                link.reset()
        if isinstance(toxic, Down):
            await self._close()
        elif self._server is None:
            await self._listen()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, LOCALHOST, self.port)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _end(self) -> None:
        await self._close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            self._tasks.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(LOCALHOST, self._upstream_port)
        link = _Link(writer, up_writer)
        self._links.add(link)
        try:
            there = self._pump(link, reader, up_writer, answers=False)
            back = self._pump(link, up_reader, writer, answers=True)
            await asyncio.gather(there, back)
        finally:
            self._links.discard(link)
            up_writer.transport.abort()

    async def _pump(
        self, link: _Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: bool
    ) -> None:
        """Carry data one way until its sender closes."""
        while chunk := await reader.read(_CHUNK):
            chunk = await self._spoil(link, chunk, answers)
            if writer.transport.is_closing():
                break
            writer.write(chunk)
            await writer.drain()
        if answers and isinstance(self._toxic, SlowClose):
            await asyncio.sleep(self._toxic.seconds)
        writer.close()

    async def _spoil(self, link: _Link, chunk: bytes, answers: bool) -> bytes:
        """Wait, or break the connection, as the toxic wants. Returns what may pass."""
        while isinstance(self._toxic, Silence) or self._holds(chunk, answers):
            self.held.set()
            await self._released.wait()
        toxic = self._toxic
        if isinstance(toxic, Latency):
            await asyncio.sleep(toxic.seconds)
        elif isinstance(toxic, Reset):
            link.reset()
            raise ConnectionResetError
        elif isinstance(toxic, Cut) and answers:
            return self._cut(link, chunk, toxic.after_bytes)
        return chunk

    def _holds(self, chunk: bytes, answers: bool) -> bool:
        return isinstance(self._toxic, Hold) and not answers and self._toxic.pattern in chunk

    def _cut(self, link: _Link, chunk: bytes, limit: int) -> bytes:
        chunk = chunk[: limit - link.answered]
        link.answered += len(chunk)
        if link.answered >= limit:
            link.client.write(chunk)
            link.client.close()
            raise ConnectionResetError
        return chunk
