"""gunicorn's own lines, such as those about its start and its workers, in the form of all others."""

import logging
import re
import sys
from typing import Any

from gunicorn.glogging import Logger

_METHOD_AND_PATH = "%s %s"  # of each request, at DEBUG; the application has a line for each too
_ABOUT_A_REQUEST = re.compile(r"Invalid request from ip=\S*")


class GunicornLogger(Logger):  # type: ignore[misc]
    """For `logger_class` of gunicorn.conf.py, which calls utils.logs.configure: its handler writes them."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        if cfg.errorlog == "-":  # or the operator named a file
            self.error_log.handlers.clear()
            self.error_log.propagate = True
        self.error_log.addFilter(leave_out_what_was_sent)


def leave_out_what_was_sent(record: logging.LogRecord) -> bool:
    """gunicorn quotes what it cannot read of a request, and the address where the application failed: lines,
    headers and query strings, tokens in them too. Of an error its name is kept, of an address nothing."""
    if record.msg == _METHOD_AND_PATH:
        return False
    about = _ABOUT_A_REQUEST.match(str(record.msg))
    if about:
        kind = sys.exc_info()[0]
        record.msg = f"{about[0]}: {kind.__name__ if kind else 'not told'}"
    elif str(record.msg).startswith("Error handling request"):
        record.msg, record.args = "Error handling request", ()
    elif record.args and isinstance(record.args, tuple):
        record.args = tuple(
            type(value).__name__ if isinstance(value, Exception) else value for value in record.args
        )
    return True
