"""Ctrl-C, SIGTERM and SIGHUP ask us to stop; Ctrl-C while we do asks to stop at once."""

import signal
from types import FrameType


class Stopped(Exception):
    """A signal asked for the stop."""


class StopRequest:
    """Only flags: an exception raised by a signal could lose a process that is just being started."""

    def __init__(self) -> None:
        self.stopping = False
        self._hurried = False

    def listen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue  # nohup
            signal.signal(number, self._on_signal)

    def check(self) -> None:
        """Raise Stopped if a signal came."""
        if self.stopping:
            raise Stopped

    def hurried(self) -> bool:
        return self._hurried

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        # Not at a second SIGTERM: `make` passes on what the whole process group got already.
        if self.stopping and number == signal.SIGINT:
            self._hurried = True
        self.stopping = True
