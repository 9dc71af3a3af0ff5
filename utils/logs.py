"""Structured logs on standard output: JSON lines for machines, coloured lines for people.

Each line carries what is bound to the context, above all `request_id`. Bodies, tokens, passwords and
addresses are never logged (the Node app printed whole request bodies, passwords included).
"""

import logging
import sys
from functools import lru_cache
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.types import EventDict, Processor, WrappedLogger

_SHORT_ID = 8  # characters: enough to find it again in a terminal


def configure(log_format: str, level: str, copy: Path | None = None) -> None:
    """Set up logging once per process. `log_format` is `json` or `console`; `copy` is a file to which each
    line is added as JSON, too."""
    shared: list[Processor] = [structlog.contextvars.merge_contextvars, structlog.stdlib.add_log_level]
    structlog.configure(
        processors=[*shared, ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    outputs: list[tuple[logging.Handler, list[Processor]]] = [
        (logging.StreamHandler(sys.stdout), _console() if log_format == "console" else _json())
    ]
    if copy:
        outputs.append((WatchedFileHandler(copy), _json()))
    for handler, steps in outputs:
        processors = [ProcessorFormatter.remove_processors_meta, *steps]
        handler.setFormatter(ProcessorFormatter(processors=processors, foreign_pre_chain=shared))
    root = logging.getLogger()
    for old in root.handlers:
        old.close()
    root.handlers = [handler for handler, _ in outputs]
    root.setLevel(level)
    # Their INFO lines are about their own workings and can hold addresses of requests.
    for noisy in ("botocore", "boto3", "urllib3", "pymongo", "flask-limiter"):
        logging.getLogger(noisy).setLevel(logging.ERROR)


def _json() -> list[Processor]:
    return [
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(),
    ]


def _console() -> list[Processor]:
    """`23:21:16 POST /api/orders 201 20 ms request_id=1b9d6bcd`"""
    # rich, where it is installed, would print the values of variables with a traceback: passwords too.
    plain = structlog.dev.plain_traceback
    return [
        structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
        _for_people,
        structlog.dev.ConsoleRenderer(
            colors=sys.stdout.isatty(),
            pad_event_to=0,
            pad_level=False,
            sort_keys=False,
            exception_formatter=plain,
        ),
    ]


def _for_people(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """What is as always is left out, a request is put in a line, and its id comes last."""
    if event["level"] == "info":
        del event["level"]
    if event["event"] == "request":
        route, ms = event.pop("route"), event.pop("ms")
        path = event.pop("path", route)
        event["event"] = f"{event.pop('method')} {path} {event.pop('status')} {ms:.0f} ms"
    request_id = event.pop("request_id", None)
    if request_id:
        event["request_id"] = request_id[:_SHORT_ID]
    return event


def fields_of(error: BaseException) -> dict[str, Any]:
    """What a log may hold of a database's error: its kind and its code. Its text may quote the command that
    failed, and with it the document (`not authorized ... to execute command { insert: ...`)."""
    details = getattr(error, "details", None)
    fields = {
        "error": type(error).__name__,
        "code": getattr(error, "code", None),
        "code_name": details.get("codeName") if isinstance(details, dict) else None,
    }
    return {name: value for name, value in fields.items() if value is not None}


@lru_cache(maxsize=1000)
def warn_once(event: str, **fields: str) -> None:
    """Log a warning, unless this process has logged the same one: it is among the last 1,000 such."""
    structlog.get_logger(__name__).warning(event, **fields)
