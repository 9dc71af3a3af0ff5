"""gunicorn's settings: `gunicorn wsgi:app` reads this file by itself."""

import os
import shutil
import sys
import tempfile
from typing import Any

# Where the processes share their metrics: fresh at each start, and set before prometheus_client is imported.
_METRICS = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="metrics-")

from config.settings import SettingsError, load_settings
from utils import logs

# Tell all that is wrong with the settings once, before any worker tries them.
try:
    _settings = load_settings()
except SettingsError as error:
    print(error, file=sys.stderr)
    sys.exit(2)
logs.configure(_settings.log_format, _settings.log_level)
logger_class = "utils.gunicorn_logs.GunicornLogger"

bind = f"{os.environ.get('HOST', '0.0.0.0')}:{os.environ.get('PORT', '3000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "middleware.slow_clients.PunctualWorker"  # gthread, and a deadline for slow clients
threads = int(os.environ.get("WEB_THREADS", "16"))
keepalive = 75  # longer than the idle time-out of a load balancer, so that it is the one who closes
graceful_timeout = 25
timeout = 60
# It is on by default, in HOME, where two instances would share it.
control_socket_disable = True


def child_exit(server: Any, worker: Any) -> None:
    """What a worker that ended had counted still counts."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    shutil.rmtree(_METRICS, ignore_errors=True)
