"""The worker: `python -m workers.order_worker`. Port of workers/orderWorker.js.

Drains SQS, sweeps for orders and mails that are due, frees stray holds, takes up orders that the Node
app left Pending. Run as many as you like; each step is a compare-and-set in MongoDB. SIGTERM or SIGINT: no
new work, what runs is finished, the rest goes back. When all threads for the business step hang it does the
same by itself and ends with 1, so that it is started again.
"""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from flask import Flask
from prometheus_client import start_http_server

from config.settings import ROOT, Settings
from config.settings_reader import SettingsError, load_settings
from models.documents import Order
from models.order import find_due, find_due_steps, find_due_without_steps
from services import fulfilment, redis_service
from services.connect import connect
from utils import logs, tracing
from workers.advance import Advancer
from workers.consumer import Consumer
from workers.mail_events import MailEventConsumer
from workers.mail_gate import MailGate
from workers.mail_hold import MailHold
from workers.mail_sender import MailSender
from workers.mail_step import MailStep
from workers.node_orders import take_up_recent
from workers.observer import Observer
from workers.reaper import free_stray_holds
from workers.repeating import repeating
from workers.step_threads import StepThreads
from workers.sweeper import sweep
from workers.thread_pool import ThreadPool

log = structlog.get_logger(__name__)

_SIGN_OF_LIFE_SECONDS = 5.0

Wait = Callable[[float], Any]


def _name() -> str:
    """What a person calls this process by."""
    return f"{socket.gethostname()}:{os.getpid()}"


def create_worker_app(settings: Settings) -> Flask:
    """A Flask app without routes: it carries the clients, and renders the mails."""
    app = Flask("order-worker", root_path=str(ROOT))
    connect(app, settings, mongo_timeout_seconds=10)  # no client waits for an answer here
    return app


class Worker:
    """All that runs in one worker process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = threading.Event()
        self._app = create_worker_app(settings)
        self._mail_threads = ThreadPool(self._app, settings.mail_threads, "mail")
        self._mail_hold = MailHold()
        self._mail_step = MailStep(
            MailGate(settings.ses_max_send_rate, settings.mail_threads),
            MailSender(self._mail_hold, settings.mail_retry_seconds).send,
            self._mail_threads.submit,
        )
        self._step_threads = StepThreads(
            ThreadPool(self._app, settings.fulfilment_threads, "step").submit,
            settings.fulfilment_threads,
            settings.fulfilment_lease_seconds,
            settings.fulfilment_seconds,
        )
        step = fulfilment.load(settings.fulfilment)
        self._advance = Advancer(step, self._step_threads, self._mail_step).advance
        self._has_step = step.step is not None
        find = find_due_without_steps if self._has_step else find_due
        self._consumer = Consumer(self._app, self._advance, settings.worker_threads, self._stop, find)

    def run(self) -> None:
        """Work until a signal says to stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._begin_to_stop())
        self._serve_metrics()
        threads = self._threads()
        keeper = self._keeper()
        for thread in (*threads, keeper):
            thread.start()
        exit_code = 0
        log.info("worker_started", threads=self._settings.worker_threads, pid=os.getpid())
        while not self._stop.wait(1):
            if not all(thread.is_alive() for thread in (*threads, keeper)):
                log.critical("worker_thread_died")  # its traceback is above; half a worker is none
                os._exit(1)
            if self._step_threads.all_hang():
                log.critical("business_steps_hang", threads=self._settings.fulfilment_threads)
                exit_code = 1
                self._begin_to_stop()
        self._end(threads, exit_code)

    def _serve_metrics(self) -> None:
        """Before any work is taken: a port that is taken ends the worker, with a word about it."""
        host, port = self._settings.worker_metrics_host, self._settings.worker_metrics_port
        if not port:
            return
        try:
            start_http_server(port, addr=host)
        except OSError as error:
            sys.exit(
                f"WORKER_METRICS_PORT={port} on {host}: {error.strerror}. "
                "Each worker of a machine needs a port of its own."
            )

    def _threads(self) -> list[threading.Thread]:
        consumer, mail_step, settings = self._consumer, self._mail_step, self._settings
        pause, audit = settings.sweep_seconds, settings.audit_seconds
        mail_events = MailEventConsumer(self._stop.wait).take
        steps = self._every(pause, "step_sweep", self._sweep_steps, self._step_threads.wait)
        return [
            *([steps] if self._has_step else []),
            threading.Thread(target=consumer.poll, name="poll", daemon=True),
            threading.Thread(target=consumer.delete_finished, name="delete", daemon=True),
            self._every(pause, "sweep", consumer.sweep),
            self._every(pause, "mail_sweep", self._sweep_mails, mail_step.wait),
            *([self._every(0, "mail_events", mail_events)] if settings.ses_events_queue_url else []),
            self._every(audit, "reaper", free_stray_holds),
            self._every(audit, "node_orders", take_up_recent),
            self._every(audit, "observer", Observer().look),
            self._every(_SIGN_OF_LIFE_SECONDS, "sign_of_life", partial(redis_service.note_worker, _name())),
        ]

    def _keeper(self) -> threading.Thread:
        """Keeps the leases of business steps, to the end: what runs is finished after the stop."""
        often = min(1.0, self._settings.fulfilment_lease_seconds / 10)
        pause = partial(time.sleep, often)
        return repeating(self._app, "keep_leases", self._step_threads.keep, pause, lambda: False)

    def _sweep_steps(self) -> None:
        """Do the business steps that are due, as threads for them get free."""

        def advance(order: Order) -> None:
            self._advance(order, due=True, patient=True)

        sweep(advance, self._stop.is_set, find_due_steps)

    def _sweep_mails(self) -> None:
        self._mail_hold.expire()
        self._mail_step.sweep(self._stop.is_set)

    def _every(
        self, seconds: float, name: str, task: Callable[[], Any], wait: Wait | None = None
    ) -> threading.Thread:
        """A thread that does a task until the stop; `wait` ends early when there is something to do."""
        return repeating(self._app, name, task, partial(wait or self._stop.wait, seconds), self._stop.is_set)

    def _begin_to_stop(self) -> None:
        self._stop.set()
        self._step_threads.stop()
        self._mail_step.wake()

    def _end(self, threads: list[threading.Thread], exit_code: int) -> None:
        """Wait for the open receive and for what runs, within the grace time."""
        log.info("worker_stopping", grace_seconds=self._settings.worker_grace_seconds)
        finisher = threading.Thread(target=self._finish, args=(threads,), daemon=True)
        finisher.start()
        finisher.join(self._settings.worker_grace_seconds)
        log.info("worker_stopped", clean=not finisher.is_alive())
        tracing.finish()
        sys.stdout.flush()
        os._exit(exit_code)  # threads that did not end in time must not hold the process up

    def _finish(self, threads: list[threading.Thread]) -> None:
        for thread in threads:
            thread.join()
        self._consumer.finish()
        self._step_threads.finish()
        self._mail_threads.finish()  # after the consumer's last orders have handed theirs over


def main() -> None:
    try:
        settings = load_settings()
        fulfilment.load(settings.fulfilment)
    except (SettingsError, ValueError) as error:
        sys.exit(str(error))
    logs.configure(settings.log_format, settings.log_level, settings.log_copy)
    tracing.start("orders-worker", settings.otel_exporter_otlp_endpoint)
    Worker(settings).run()


if __name__ == "__main__":
    main()
