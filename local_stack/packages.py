"""Packages that are missing, in a sentence. Imports nothing but the standard library."""

from __future__ import annotations  # for the older Python that a newcomer may try

import sys
from types import TracebackType

_ADVICE = "Start it with `make run`, which installs all that is needed into .venv and uses that."


def explain_missing() -> None:
    """From here on, an import that fails for want of a package ends the process with what to do about it."""
    if sys.version_info < (3, 11):  # noqa: UP036
        sys.exit(f"Python {sys.version.split()[0]} is too old. {_ADVICE}")
    sys.excepthook = _on_exception


def _on_exception(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if isinstance(error, ModuleNotFoundError):
        print(f"{error.name} is not installed for {sys.executable}. {_ADVICE}", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, traceback)
