"""One supervisor for one directory."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from local_stack.processes import StackError


@contextlib.contextmanager
def only_one(directory: Path, serves: str) -> Iterator[None]:
    """Hold the directory's lock; StackError says who else does. The system frees it when we die."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (directory / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise StackError(_explain(file.read())) from None
        file.truncate(0)
        file.write(f"pid {os.getpid()}, {serves}")
        file.flush()
        yield
        file.truncate(0)


def _explain(holder: str) -> str:
    return (
        f"It runs already ({holder or 'it just started'}). Stop that one with Ctrl-C in its "
        "terminal, or run a second one beside it: LOCAL_DIR=.local2 PORT=3001 make run"
    )
