"""The worker: `python -m workers.order_worker`. Port of workers/orderWorker.js.

Drains SQS, sweeps for orders that are due, audits for stray holds. Run as many as you like; each step is a
compare-and-set in MongoDB. SIGTERM or SIGINT: no new work, what runs is finished, the rest goes back.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask
from prometheus_client import start_http_server
from pymongo.errors import PyMongoError

from config import connect
from config.settings import ROOT, Settings, SettingsError, load_settings
from services import fulfilment
from utils import logs
from utils.rate_limiter import RateLimiter
from workers.advance import Advancer
from workers.auditor import free_stray_holds
from workers.consumer import Consumer
from workers.dead_letters import DeadLetterWatch
from workers.mail_step import MailStep

log = structlog.get_logger(__name__)


def create_worker_app(settings: Settings) -> Flask:
    """A Flask app without routes: it carries the clients, and renders the mails."""
    app = Flask("order-worker", root_path=str(ROOT))
    connect(app, settings, mongo_timeout_seconds=10)  # nobody waits for an answer here
    return app


def make_advancer(settings: Settings) -> Advancer:
    rate = RateLimiter(settings.ses_max_send_rate)
    mail_step = MailStep(rate, settings.mail_retry_seconds)
    return Advancer(fulfilment.load(settings.fulfilment), mail_step)


def run(settings: Settings) -> None:
    """Work until a signal says to stop."""
    app = create_worker_app(settings)
    consumer = Consumer(app, make_advancer(settings).advance, settings.worker_threads)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: consumer.stop())
    threads = [
        threading.Thread(target=consumer.poll, name="poll"),
        threading.Thread(target=consumer.delete_finished, name="delete"),
        _every(settings.sweep_seconds, "sweep", consumer.sweep, app, consumer),
        _every(settings.audit_seconds, "audit", free_stray_holds, app, consumer),
        _every(settings.audit_seconds, "dead_letter_watch", DeadLetterWatch().look, app, consumer),
    ]
    for thread in threads:
        thread.daemon = True
        thread.start()
    if settings.worker_metrics_port:
        start_http_server(settings.worker_metrics_port)
    log.info("worker_started", threads=settings.worker_threads, pid=os.getpid())
    while not consumer.wait(1):
        if not all(thread.is_alive() for thread in threads):
            log.critical("worker_thread_died")  # its traceback is above; half a worker is none
            os._exit(1)
    _stop(consumer, threads, settings)


def _every(
    seconds: float, name: str, task: Callable[[], Any], app: Flask, consumer: Consumer
) -> threading.Thread:
    """A thread that does a task now and then; that it fails is logged, and it is tried again."""

    def loop() -> None:
        failing = False
        while not consumer.stopping:
            try:
                with app.app_context():
                    task()
                failing = False
            except PyMongoError as error:
                if not failing:
                    log.error(f"{name}_failed", error=type(error).__name__)
                failing = True
            except Exception:
                log.exception(f"{name}_failed")
            consumer.wait(seconds)

    return threading.Thread(target=loop, name=name)


def _stop(consumer: Consumer, threads: list[threading.Thread], settings: Settings) -> None:
    """Wait for the open receive and for what runs, within the grace time."""
    log.info("worker_stopping", grace_seconds=settings.worker_grace_seconds)
    finisher = threading.Thread(target=_finish, args=(consumer, threads), daemon=True)
    finisher.start()
    finisher.join(settings.worker_grace_seconds)
    log.info("worker_stopped", clean=not finisher.is_alive())
    sys.stdout.flush()
    os._exit(0)  # threads that did not end in time must not hold the process up


def _finish(consumer: Consumer, threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join()
    consumer.finish()


def main() -> None:
    try:
        settings = load_settings()
        fulfilment.load(settings.fulfilment)
    except (SettingsError, ValueError) as error:
        sys.exit(str(error))
    logs.configure(settings.log_format, settings.log_level)
    run(settings)


if __name__ == "__main__":
    main()
