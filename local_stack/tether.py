"""On Linux: a child ends when its parent does, even by `kill -9`.

Runs in the child's place (`python tether.py PARENT COMMAND...`), asks the kernel for a SIGTERM at
the parent's death, and becomes the command. A script of its own, since Python code between fork
and exec is not safe in a program with threads.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # prctl(2)


def main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == parent:  # or it died before the line above
        os.execvp(command[0], command)  # noqa: S606 - the command is our caller's


if __name__ == "__main__":
    main()
