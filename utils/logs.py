"""Structured logs on standard output: JSON lines for machines, coloured lines for people.

Each line carries what is bound to the context, above all `request_id`. Bodies, tokens, passwords and
addresses are never logged (the Node app printed whole request bodies, passwords included).
"""

import logging
import sys
from functools import lru_cache

import structlog
from structlog.types import Processor


def configure(log_format: str, level: str) -> None:
    """Set up logging once per process. `log_format` is `json` or `console`."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: list[Processor] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    if log_format == "console":
        renderer = [structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty(), pad_event_to=24)]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    formatter_steps = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processors=formatter_steps, foreign_pre_chain=shared)
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # Their INFO lines are about their own workings and can hold addresses of requests.
    for noisy in ("botocore", "boto3", "urllib3", "pymongo", "flask-limiter"):
        logging.getLogger(noisy).setLevel(logging.ERROR)


@lru_cache(maxsize=1000)
def warn_once(event: str, **fields: str) -> None:
    """Log a warning, unless this process has logged the same one: it is among the last 1,000 such."""
    structlog.get_logger(__name__).warning(event, **fields)
