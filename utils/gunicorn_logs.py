"""gunicorn's own lines, such as those about its start and its workers, in the form of all others."""

from typing import Any

from gunicorn.glogging import Logger


class GunicornLogger(Logger):  # type: ignore[misc]
    """For `logger_class` of gunicorn.conf.py, which calls utils.logs.configure: its handler writes them."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        if cfg.errorlog == "-":  # or the operator named a file
            self.error_log.handlers.clear()
            self.error_log.propagate = True
