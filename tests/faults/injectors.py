"""Injectors: threads that break something each second, for a moment, as their seed tells them."""

import os
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from signal import SIGCONT, SIGSTOP
from typing import NamedTuple

from local_stack.processes import Process
from local_stack.servers import Server
from tests.faults.faulty_ses import MODES, FaultySes, in_mode
from tests.faults.proxy import Proxy
from tests.faults.shopper import Log
from tests.faults.toxics import Cut, Down, Latency, Reset, Silence, SlowClose, Toxic

_TOXICS: Sequence[Toxic] = (Latency(0.3), Silence(), Down(), Reset(), SlowClose(2), Cut(500))
_EVERY_SECONDS = 1.0


class Fault(NamedTuple):
    """Something to break, and how to mend it."""

    name: str
    begin: Callable[[], None]
    end: Callable[[], None]


class Injector:
    """Breaks one thing after the other, about one a second, until `stop`; then all is mended."""

    def __init__(self, faults: Sequence[Fault], seed: int, log: Log) -> None:
        self.done: Counter[str] = Counter()
        self._faults, self._log = faults, log
        self._random = random.Random(seed)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            fault = self._random.choice(self._faults)
            lasting = self._random.uniform(0.1, 1.5)
            began = time.time()
            fault.begin()
            self._stopping.wait(lasting)
            fault.end()
            self.done[fault.name] += 1
            self._log.add("fault", fault=fault.name, at=began, until=time.time())
            self._stopping.wait(max(0, _EVERY_SECONDS - lasting))


def process_faults(name: str, child: Process) -> list[Fault]:
    """kill -9 and start again, mostly; or stop and go on. With all that the process has started."""

    def send(number: int) -> Callable[[], None]:
        return lambda: os.killpg(child.pid, number)

    def start() -> None:
        child.start()

    killed = Fault(f"kill {name}", child.kill, start)
    stopped = Fault(f"stop {name}", send(SIGSTOP), send(SIGCONT))
    return [killed, killed, stopped]


def link_faults(name: str, proxy: Proxy) -> list[Fault]:
    """Every toxic on the way to one server."""
    return [_toxic_fault(name, proxy, toxic) for toxic in _TOXICS]


def server_faults(name: str, server: Server) -> list[Fault]:
    """kill -9 and start again; or stop and go on."""
    killed = Fault(f"kill {name}", server.kill, server.start)
    return [killed, Fault(f"stop {name}", server.pause, server.resume)]


def redis_forgets(server: Server) -> Fault:
    def flush() -> None:
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
            connection.sendall(b"FLUSHALL\r\n")
            connection.recv(16)

    return Fault("flush redis", flush, lambda: None)


def ses_faults(ses: FaultySes) -> list[Fault]:
    well = in_mode(ses, "well")
    return [Fault(f"ses {mode}", in_mode(ses, mode), well) for mode in MODES if mode != "well"]


def kills(done: Counter[str]) -> int:
    return sum(count for name, count in done.items() if name.startswith("kill "))


def _toxic_fault(name: str, proxy: Proxy, toxic: Toxic) -> Fault:
    return Fault(f"{type(toxic).__name__.lower()} {name}", lambda: proxy.set(toxic), proxy.clear)
