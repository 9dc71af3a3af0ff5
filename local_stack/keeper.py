"""Start a process again when it dies, more patiently each time."""

import signal
import time
from collections.abc import Callable
from typing import Final

from local_stack.greeting import say
from local_stack.processes import Process, StackError

_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 10.0
_MAX_FIRST_FAILURES: Final = 3
# Exit codes: wrong settings; gunicorn: the application does not boot, does not load.
_HOPELESS: Final = (2, 3, 4)
_HEALTHY_SECONDS: Final = 30.0  # after this long, the next death is a new story


class Keeper:
    """Watches one process. `tend` never waits for a pause to be over: call it again and again."""

    def __init__(self, process: Process, start: Callable[[], object]) -> None:
        """`start` starts the process and may wait until it is ready; it may raise StackError."""
        self.process = process
        self.failures = 0
        self.paused = False  # while it is to stay ended
        self._start = start
        self._started = time.monotonic()
        self._again: float | None = None

    def start(self) -> None:
        self._again = None
        self._started = time.monotonic()
        try:
            self._start()
        except StackError as error:
            say(str(error))

    def tend(self) -> None:
        if self.paused:
            return
        now = time.monotonic()
        if self.process.running:
            if now - self._started > _HEALTHY_SECONDS:
                self.failures = 0
        elif self._again is None:
            self.failures += 1
            pause = min(_FIRST_PAUSE * 2 ** (self.failures - 1), _LONGEST_PAUSE)
            self._again = now + pause
            say(f"{self.process.name} ended ({self._how()}). Starting it again in {pause:g} s.")
        elif now >= self._again:
            self.start()

    def is_hopeless(self) -> bool:
        """For one that has never been up: starting it again will not help."""
        often = self.failures >= _MAX_FIRST_FAILURES
        return often or (self.failures > 0 and self.process.exit_code in _HOPELESS)

    def _how(self) -> str:
        code = self.process.exit_code
        if code is None or code >= 0:
            return f"exit code {code}"
        return f"signal {-code}, {signal.strsignal(-code)}"
