"""gunicorn's settings: `gunicorn wsgi:app` reads this file by itself."""

from gevent import monkey

# Before every other import: a library that has seen the plain ssl module would call itself for ever.
monkey.patch_all()

import atexit
import os
import resource
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

# Where the processes share their metrics, set before prometheus_client is imported. Fresh at each start; the
# same after a SIGHUP, which reads this file again in the same process; a new master (USR2) has another pid.
_PREFIX = f"metrics-{os.getpid()}-"
_METRICS = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")


def _remove_metrics(directory: str, pid: int) -> None:
    if os.getpid() == pid:  # not at the end of a process that was forked from it
        shutil.rmtree(directory, ignore_errors=True)


if not Path(_METRICS).name.startswith(_PREFIX):
    _METRICS = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix=_PREFIX)
    atexit.register(_remove_metrics, _METRICS, os.getpid())

from config.kept_settings import kept_settings, renew_settings
from config.settings_reader import SettingsError
from utils import logs

try:  # all that is wrong is printed once, before any worker tries it
    _settings = renew_settings()
except SettingsError as error:
    print(error, file=sys.stderr)
    _before = kept_settings()
    if _before is None:
        sys.exit(2)
    # gunicorn would end here at a SIGHUP, with all that it serves.
    print("Nothing is changed: the settings of before hold.", file=sys.stderr, flush=True)
    _settings = _before
logs.configure(_settings.log_format, _settings.log_level, _settings.log_copy)
logger_class = "utils.gunicorn_logs.GunicornLogger"

bind = f"{_settings.host}:{_settings.port}"
workers = _settings.web_concurrency
worker_class = "config.gunicorn_worker.DeadlineWorker"  # gevent, and a deadline for slow clients
worker_connections = _settings.web_connections
_files, _most = resource.getrlimit(resource.RLIMIT_NOFILE)
if _files != resource.RLIM_INFINITY:  # often 1,024, where each connection is one
    _wanted = max(_files, 2 * worker_connections)
    _allowed = _wanted if _most == resource.RLIM_INFINITY else min(_wanted, _most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (_allowed, _most))
keepalive = 75  # longer than the idle time-out of a load balancer, so that it is the one who closes
graceful_timeout = 25
timeout = 60
# It is on by default, in HOME, where two instances would share it.
control_socket_disable = True


def child_exit(server: Any, worker: Any) -> None:
    """What a worker that ended had counted still counts."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)
